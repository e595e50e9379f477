// Starts the real daemon for a test: on free ports, with files of its own, ready when the call returns, ended by its pid.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DaemonOptions {
  /** Further flags. */
  readonly args?: readonly string[];
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** For its files, instead of a fresh one that goes with the daemon: a second daemon finds what the first one stored. */
  readonly directory?: string;
  /** Logs into this file instead of standard error. */
  readonly logFile?: string;
  /** What the command begins with: a program that becomes the one behind it, as `ip netns exec NAME` does. */
  readonly prefix?: readonly string[];
}

export interface RunningDaemon {
  /** TCP for services. */
  readonly port: number;
  readonly unixPath: string;
  /** UDP for signals; 0 when a flag turned it off. */
  readonly signalPort: number;
  /** The addresses of the console, `http://127.0.0.1:PORT`; none unless `--console` is among the flags. */
  readonly consoleUrls: readonly string[];
  /** Holds the Unix socket and, in `data`, what the daemon stores. Removed by `stop` and `kill`, unless it was given. */
  readonly directory: string;
  readonly pid: number;
  /** What it has logged so far, as lines of JSON. */
  log(): string;
  /** Sends SIGTERM and waits. @returns the exit code, -1 when a signal ended it */
  stop(): Promise<number>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Waits for its end, however that comes. @returns the exit code, -1 when a signal ended it */
  ended(): Promise<number>;
}

/** Where the programs of this checkout lie. */
export const programPath = (name: 'snapcom' | 'snapcommunicatord'): string =>
  fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));

const readyMsMax = 20_000;
const readyPollMs = 10;
const stopMsMax = 10_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a daemon named `alpha`. @throws Error with its log when it does not get ready */
export async function startDaemon({
  args = [],
  env = {},
  directory: given,
  logFile,
  prefix = [],
}: DaemonOptions = {}): Promise<RunningDaemon> {
  const directory = given ?? mkdtempSync(join(tmpdir(), 'snapcom-test-'));
  const unixPath = join(directory, 'c.sock');
  const flags = ['--config', 'none', '--server-name', 'alpha', '--local-listen', '127.0.0.1:0'];
  flags.push('--unix-listen', unixPath, '--signal', '127.0.0.1:0', '--data-path', join(directory, 'data'));
  // The one default address is not for the many daemons of a run of tests.
  flags.push(
    '--console',
    'none',
    '--log-format',
    'json',
    ...(logFile === undefined ? [] : ['--log-file', logFile]),
    ...args,
  );
  const [program = '', ...words] = [...prefix, process.execPath, programPath('snapcommunicatord'), ...flags];
  const child = spawn(program, words, {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...withoutOwnVariables(process.env), ...env },
  });
  running.add(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const log = (): string => said + (logFile !== undefined && existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  const ended = new Promise<number>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code ?? -1);
    });
  });
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number> => {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    const code = await ended;
    clearTimeout(late);
    if (given === undefined) rmSync(directory, { recursive: true, force: true });
    return code;
  };
  const addresses = await whenReady(log, ended).catch(async (error: unknown) => {
    await end('SIGKILL');
    throw error;
  });
  return {
    port: portOf(addresses.local[0]),
    unixPath,
    signalPort: portOf(addresses.signal[0]),
    consoleUrls: addresses.console,
    directory,
    pid: child.pid as number,
    log,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    ended: () => ended,
  };
}

interface Addresses {
  readonly local: readonly string[];
  readonly signal: readonly string[];
  readonly console: readonly string[];
}

/** The addresses that the daemon logs once it listens on all of them. */
function whenReady(log: () => string, ended: Promise<number>): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      clearInterval(timer);
      reject(new Error(`the daemon ${what}:\n${log()}`));
    };
    const deadline = Date.now() + readyMsMax;
    const look = (): void => {
      const line = /^\{.*"msg":"ready"\}$/m.exec(log())?.[0];
      if (line !== undefined) {
        clearInterval(timer);
        resolve(JSON.parse(line) as Addresses);
      } else if (Date.now() > deadline) fail(`was not ready within ${readyMsMax} ms`);
    };
    const timer = setInterval(look, readyPollMs);
    void ended.then((code) => fail(`ended with ${code} before it was ready`));
  });
}

const portOf = (address: string | undefined): number => Number(address?.slice(address.lastIndexOf(':') + 1) ?? 0);

/** The environment without what would configure the daemon, or lead a tool to another one. */
export function withoutOwnVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(SNAPCOMMUNICATOR|XDG_RUNTIME_DIR$|RUNTIME_DIRECTORY$|NO_COLOR$|FORCE_COLOR$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.test(name)));
}
