// Network namespaces of one test: made with names of their own, removed with all that runs in them, also after a crash.

import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { missingPackages } from '../debian.ts';

const execute = promisify(execFile);
const commandMsMax = 20_000;
const PREFIX = 'snapcom';
const directory = '/run/netns';
/** `snapcom-PID.START-RANDOM-NAME`: a process that has the number of its maker, but another start, is not its maker. */
const OWN_NAME = new RegExp(`^${PREFIX}-(\\d+)\\.(\\d+)-[0-9a-f]+-`);

/** In clock ticks since boot; empty when there is no such process. */
function startOf(pid: number | string): string {
  if (!existsSync(`/proc/${pid}/stat`)) return '';
  // The second field is a name in parentheses, in which anything may stand; the 22nd is the start.
  const behindName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? '';
  return behindName.split(' ')[19] ?? '';
}

/** Runs a command to its end. @returns what it printed @throws Error with what it complained about */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, { timeout: commandMsMax, maxBuffer: 1 << 26 });
  return stdout;
}

/** Runs a program that reads its commands from standard input. */
export function feed(program: string, args: readonly string[], input: string): void {
  const { status, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8', timeout: commandMsMax });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}\nfor:\n${input}`);
}

let whyNot: string | undefined;

/** @returns why this machine cannot have namespaces, or an empty text. Installs what root may install. */
export function missingForNamespaces(): string {
  whyNot ??= findOut();
  return whyNot;
}

function findOut(): string {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  const missing = missingPackages(['iproute2', 'nftables', 'python3']);
  if (missing !== '') return missing;
  const namespaces = new Namespaces();
  try {
    namespaces.add(['trial']);
    feed('ip', ['netns', 'exec', namespaces.nameOf('trial'), 'nft', '-f', '-'], 'add table bridge trial\n');
    return '';
  } catch (error) {
    return `no network namespaces here: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    namespaces.remove();
  }
}

/** Some namespaces that live and die together. */
export class Namespaces {
  readonly #prefix = `${PREFIX}-${process.pid}.${startOf('self')}-${randomBytes(3).toString('hex')}-`;
  readonly #names = new Set<string>();
  readonly #removeAtExit = (): void => this.remove();

  /** What `ip netns` calls it. */
  nameOf(machine: string): string {
    return `${this.#prefix}${machine}`;
  }

  /** What a command begins with to run inside. */
  inside(machine: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.nameOf(machine)];
  }

  /** Makes them, each with its loopback interface up. Also removes what killed runs have left. */
  add(machines: readonly string[]): void {
    removeLeftovers();
    if (this.#names.size === 0) process.on('exit', this.#removeAtExit);
    for (const machine of machines) this.#names.add(this.nameOf(machine));
    feed('ip', ['-batch', '-'], machines.map((machine) => `netns add ${this.nameOf(machine)}\n`).join(''));
    for (const machine of machines) this.configure(machine, ['link set lo up']);
  }

  /** Gives `ip` these commands inside. */
  configure(machine: string, commands: readonly string[]): void {
    feed('ip', ['-n', this.nameOf(machine), '-batch', '-'], `${commands.join('\n')}\n`);
  }

  /** Runs a command inside. @returns what it printed */
  run(machine: string, command: readonly string[]): Promise<string> {
    const [program = '', ...args] = [...this.inside(machine), ...command];
    return run(program, args);
  }

  /** Ends whatever still runs inside, and removes them. Can be called again. */
  remove(): void {
    for (const name of this.#names) removeOne(name);
    this.#names.clear();
    process.off('exit', this.#removeAtExit);
  }
}

function removeOne(name: string): void {
  if (!existsSync(`${directory}/${name}`)) return;
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8', timeout: commandMsMax });
  for (const pid of (stdout ?? '').split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  spawnSync('ip', ['netns', 'delete', name], { timeout: commandMsMax });
}

/** Those of this project whose maker is no more. */
function removeLeftovers(): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const [, pid, start] = OWN_NAME.exec(name) ?? [];
    if (pid !== undefined && startOf(pid) !== start) removeOne(name);
  }
}
