// The same ring with FRR's ospfd instead of our daemons, as a mark: how long its traffic stops, what one ospfd weighs.

import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../support/namespaces/namespaces.ts';
import { Network, type NetworkPlan } from '../support/namespaces/network.ts';
import { RING } from './topologies.ts';

const programs = '/usr/lib/frr';
const probe = fileURLToPath(new URL('../support/namespaces/probe.mjs', import.meta.url));
const routesMsMax = 60_000;
const lookMs = 200;
/** Until BFD stands again, and the pauses between computations are short again. */
const calmMs = 6000;
/** Longer than a neighbour that is silent goes unnoticed. */
const faultMs = 3000;
/** With BFD at 3 × 100 ms, as it is compared with. */
const BFD = 'bfd\n profile brisk\n  detect-multiplier 3\n  receive-interval 100\n  transmit-interval 100\n';

export const hasFrr = (): boolean => existsSync(join(programs, 'ospfd'));

export interface FrrGap {
  readonly fault: 'lost carrier' | 'silent cut' | 'mended link';
  readonly gapMs: number;
}

/** zebra, bfdd and ospfd on every machine of a network. */
class FrrCluster {
  readonly network: Network;
  readonly #directory = mkdtempSync(join(tmpdir(), 'snapcom-frr-'));
  readonly #children: ChildProcess[] = [];
  readonly #ospfds: ChildProcess[] = [];

  constructor(network: Network) {
    this.network = network;
    chmodSync(this.#directory, 0o755);
  }

  async start(): Promise<void> {
    for (const machine of this.network.machines) await this.#startOne(machine);
    const deadline = performance.now() + routesMsMax;
    const { machines } = this.network;
    for (const machine of machines) {
      const wanted = machines.filter((other) => other !== machine).map((other) => this.loopbackOf(other));
      for (;;) {
        const routes = await this.network.run(machine, ['ip', 'route']);
        if (wanted.every((address) => routes.includes(`${address} `))) break;
        if (performance.now() > deadline) throw new Error(`${machine} has no route to all others:\n${routes}`);
        await pause(lookMs);
      }
    }
  }

  /** Waits until a machine reaches another one over this network. */
  async untilOver(network: string, machine: string, other: string): Promise<void> {
    const deadline = performance.now() + routesMsMax;
    const way = ['ip', 'route', 'get', this.loopbackOf(other)];
    while (!(await this.network.run(machine, way)).includes(`dev ${network} `)) {
      if (performance.now() > deadline) throw new Error(`${machine} does not reach ${other} over ${network} again`);
      await pause(lookMs);
    }
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** An address that stays whichever way leads to it. */
  loopbackOf(machine: string): string {
    const number = this.network.machines.indexOf(machine) + 1;
    return `10.78.${number >> 8}.${number & 255}`;
  }

  /** The resident memory of each ospfd. */
  ospfdKilobytes(): number[] {
    return this.#ospfds.map(({ pid }) =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    );
  }

  async #untilThere(file: string): Promise<void> {
    const deadline = performance.now() + routesMsMax;
    while (!existsSync(file)) {
      if (performance.now() > deadline) throw new Error(`zebra does not start: there is no ${file}`);
      await pause(lookMs / 10);
    }
  }

  async #startOne(machine: string): Promise<void> {
    const { network } = this;
    const directory = join(this.#directory, machine);
    mkdirSync(directory);
    await network.run(machine, ['ip', 'address', 'add', `${this.loopbackOf(machine)}/32`, 'dev', 'lo']);
    await network.run(machine, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    const interfaces = network
      .networksOf(machine)
      .map(
        (name) =>
          `interface ${name}\n ip ospf network point-to-point\n ip ospf hello-interval 1\n ip ospf dead-interval 4\n ip ospf bfd\n ip ospf bfd profile brisk\n`,
      );
    const router = `router ospf\n ospf router-id ${this.loopbackOf(machine)}\n network 10.77.0.0/16 area 0\n network 10.78.0.0/16 area 0\n`;
    await run('chown', ['frr:frr', directory]);
    const configurations = { zebra: '', bfdd: BFD, ospfd: interfaces.join('') + router };
    for (const [program, configuration] of Object.entries(configurations)) {
      const file = join(directory, `${program}.conf`);
      writeFileSync(file, `log file ${join(directory, `${program}.log`)} warnings\n${configuration}`);
      const [command = '', ...args] = [...network.inside(machine), join(programs, program)];
      const flags = ['-f', file, '-i', join(directory, `${program}.pid`)];
      flags.push('-z', join(directory, 'zserv'), '--vty_socket', directory, '-P', '0');
      if (program === 'bfdd') flags.push('--bfdctl', join(directory, 'bfdd.sock'));
      const child = spawn(command, [...args, ...flags], { stdio: 'ignore' });
      this.#children.push(child);
      if (program === 'ospfd') this.#ospfds.push(child);
      if (program === 'zebra') await this.#untilThere(join(directory, 'zserv'));
    }
  }
}

/** Traffic from n1 to n3, while the network between n1 and n2 breaks in two ways and is mended. */
export async function measureFrrGaps(runs: number): Promise<FrrGap[]> {
  const network = await Network.create(RING);
  const cluster = new FrrCluster(network);
  const start = (machine: string, ...words: string[]): ChildProcessByStdio<Writable, Readable, null> => {
    const [program = '', ...args] = [...network.inside(machine), process.execPath, probe, ...words];
    return spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  };
  const gaps: FrrGap[] = [];
  try {
    await cluster.start();
    const receiver = start('n3', 'gaps');
    await once(receiver.stdout, 'data');
    const sender = start('n1', 'stream', cluster.loopbackOf('n3'));
    const longest = async (): Promise<number> => {
      const answer = once(receiver.stdout, 'data');
      receiver.stdin.write('\n');
      return Number.parseFloat(String((await answer)[0]));
    };
    const measure = async (fault: FrrGap['fault'], act: () => Promise<unknown>): Promise<void> => {
      await longest();
      await act();
      await pause(faultMs);
      if (fault === 'mended link') await cluster.untilOver('net12', 'n1', 'n3');
      gaps.push({ fault, gapMs: await longest() });
      await pause(calmMs);
    };
    const ends = ['n1', 'n2'] as const;
    await pause(calmMs);
    for (let round = 0; round < runs; round++) {
      await measure('lost carrier', () => Promise.all(ends.map((machine) => network.unplug(machine, 'net12'))));
      await measure('mended link', () => Promise.all(ends.map((machine) => network.plug(machine, 'net12'))));
      await measure('silent cut', () => network.cut(['n1'], ['n2']));
      await measure('mended link', () => network.mend());
    }
    sender.kill();
    receiver.kill();
  } finally {
    cluster.stop();
    network.remove();
  }
  return gaps;
}

/** Machines in a circle, each joined to the next two: four links each. @returns kilobytes of each ospfd */
export async function measureFrrMemory(machines: number): Promise<number[]> {
  const names = Array.from({ length: machines }, (_, number) => `m${number}`);
  const networks: Record<string, string[]> = {};
  for (const [number, name] of names.entries()) {
    for (const step of [1, 2]) networks[`x${number}s${step}`] = [name, names[(number + step) % machines] ?? name];
  }
  const network = await Network.create({ networks } satisfies NetworkPlan);
  const cluster = new FrrCluster(network);
  try {
    await cluster.start();
    return cluster.ospfdKilobytes();
  } finally {
    cluster.stop();
    network.remove();
  }
}
