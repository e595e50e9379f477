// A cluster as a table: on each machine of a network a real daemon, and which of them are to be linked; started, ended
// with -9, started again.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { GraphDocument } from '@snapcommunicator/network/atlas';
import { type Communicator, connect } from 'snapcommunicator';
import { programPath, type RunningDaemon, startDaemon } from '../daemon.ts';
import { Network, type NetworkPlan } from './network.ts';

export interface LinkPlan {
  readonly between: readonly [string, string];
  /** Default: the first network that both are on. */
  readonly over?: string;
  /** By TLS, with certificates on both sides. */
  readonly isSecure?: boolean;
  /** The second does not know the first, and waits to be connected to. */
  readonly isOneWay?: boolean;
}

export interface ClusterPlan extends NetworkPlan {
  /** Which daemons are told of each other. */
  readonly links: readonly (LinkPlan | readonly [string, string])[];
  /** Without a daemon, such as one that only translates addresses. */
  readonly bare?: readonly string[];
  /** Daemons that listen to no other ones. */
  readonly dialOnly?: readonly string[];
  /** By machine. */
  readonly dataCenters?: Readonly<Record<string, string>>;
  /** Of every daemon. */
  readonly flags?: readonly string[];
}

const PLAIN_PORT = 4042;
const SECURE_PORT = 4043;
const linkedMsMax = 30_000;
const lookMs = 20;

const linkOf = (link: LinkPlan | readonly [string, string]): LinkPlan =>
  'between' in link ? link : { between: [link[0], link[1]] };

const running = new Set<Cluster>();

/** Ends what a test that broke off has left running. */
export async function stopClusters(): Promise<void> {
  for (const cluster of running) await cluster.stop();
}

/** Daemons by the names of their machines. */
export class Cluster {
  readonly network: Network;
  readonly #plan: ClusterPlan;
  readonly #links: readonly LinkPlan[];
  readonly #directory = mkdtempSync(join(tmpdir(), 'snapcom-cluster-'));
  readonly #daemons = new Map<string, RunningDaemon>();
  readonly #observers = new Map<string, Communicator>();
  /** What daemons wrote that are no more. */
  readonly #pastLogs: string[] = [];

  private constructor(plan: ClusterPlan, network: Network) {
    this.#plan = plan;
    this.#links = plan.links.map(linkOf);
    this.network = network;
  }

  /** Starts everything, and waits until every daemon knows the whole plan. */
  static async start(plan: ClusterPlan): Promise<Cluster> {
    const cluster = new Cluster(plan, await Network.create(plan));
    running.add(cluster);
    try {
      if (cluster.#links.some(({ isSecure }) => isSecure)) cluster.#makeKeys();
      await Promise.all(cluster.servers.map((machine) => cluster.revive(machine)));
      await cluster.untilLinked();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Ends everything and removes it. @returns the exit codes other than 0 */
  async stop(): Promise<Readonly<Record<string, number>>> {
    running.delete(this);
    await Promise.all([...this.#observers.values()].map((observer) => observer.close()));
    const codes = await Promise.all(
      [...this.#daemons].map(async ([name, daemon]) => [name, await daemon.stop()] as const),
    );
    this.network.remove();
    rmSync(this.#directory, { recursive: true, force: true });
    return Object.fromEntries(codes.filter(([, code]) => code !== 0));
  }

  /** The machines with a daemon. */
  get servers(): readonly string[] {
    return this.network.machines.filter((machine) => !this.#plan.bare?.includes(machine));
  }

  daemon(machine: string): RunningDaemon {
    const daemon = this.#daemons.get(machine);
    if (daemon === undefined) throw new Error(`no daemon runs on ${machine}`);
    return daemon;
  }

  /** What services on this machine connect to; works from everywhere, since sockets of files know no namespaces. */
  addressOf(machine: string): string {
    return this.daemon(machine).unixPath;
  }

  /** With -9. Its files stay. */
  async kill(machine: string): Promise<void> {
    const daemon = this.daemon(machine);
    this.#daemons.delete(machine);
    const observer = this.#observers.get(machine);
    this.#observers.delete(machine);
    await daemon.kill();
    this.#pastLogs.push(daemon.log());
    await observer?.close();
  }

  /** Starts the daemon of a machine, the first time or after `kill`; returns when it listens, linked or not. */
  async revive(machine: string): Promise<void> {
    const options = { prefix: this.network.inside(machine), directory: join(this.#directory, machine) };
    this.#daemons.set(machine, await startDaemon({ ...options, args: this.#flagsOf(machine) }));
  }

  /** Stops a daemon as it stands, and lets it go on after a time. */
  async freeze(machine: string, ms: number): Promise<void> {
    const { pid } = this.daemon(machine);
    process.kill(pid, 'SIGSTOP');
    await pause(ms);
    process.kill(pid, 'SIGCONT');
  }

  /** What this daemon knows of the graph. */
  async graph(machine: string): Promise<GraphDocument> {
    let observer = this.#observers.get(machine);
    if (observer === undefined) {
      observer = await connect({ address: `sc://${this.addressOf(machine)}` });
      this.#observers.set(machine, observer);
    }
    const answer = await observer.request('communicatord', 'GRAPH');
    return JSON.parse(answer.parameters['graph'] ?? '') as GraphDocument;
  }

  /** Waits until every daemon that runs knows that all links of the plan between running daemons are up. */
  async untilLinked(): Promise<void> {
    const deadline = performance.now() + linkedMsMax;
    for (const machine of this.#daemons.keys()) {
      for (;;) {
        const missing = this.#missingIn(await this.graph(machine));
        if (missing.length === 0) break;
        if (performance.now() > deadline) {
          const logs = this.servers
            .map((name) => `${name}:\n${this.#daemons.get(name)?.log() ?? '(ended)'}`)
            .join('\n');
          throw new Error(`${machine} lacks ${missing.join(', ')} after ${linkedMsMax} ms\n${logs}`);
        }
        await pause(lookMs);
      }
    }
  }

  /** All that was logged, by all daemons, as lines of JSON. */
  logs(): string {
    return [...this.#pastLogs, ...[...this.#daemons.values()].map((daemon) => daemon.log())].join('');
  }

  #missingIn({ seenFrom, servers, links }: GraphDocument): string[] {
    const centers = this.#plan.dataCenters ?? {};
    const isRunning = (name: string): boolean => this.#daemons.has(name);
    const reached = new Set(servers.filter(({ isReachable }) => isReachable).map(({ name }) => name));
    const up = new Set(
      links.filter(({ state }) => state === 'up').flatMap(({ from, to }) => [`${from} ${to}`, `${to} ${from}`]),
    );
    const wanted = this.#links.filter(({ between }) => between.every(isRunning));
    // Of links in another data centre nobody here knows.
    const known = wanted.filter(({ between }) => between.some((name) => centers[name] === centers[seenFrom]));
    const near = known.filter(
      ({ between: [one, other] }) => centers[one] === centers[other] || [one, other].includes(seenFrom),
    );
    return [
      ...[...this.#daemons.keys()].filter((name) => !reached.has(name)),
      ...near
        .filter(({ between }) => !up.has(between.join(' ')))
        .map(({ between }) => `the link ${between.join(' – ')}`),
    ];
  }

  #flagsOf(machine: string): string[] {
    const { dialOnly = [], dataCenters = {}, flags = [] } = this.#plan;
    const mine = this.#links.filter(({ between }) => between.includes(machine));
    const isSecure = mine.some((link) => link.isSecure);
    const neighbors = mine
      .filter(({ between, isOneWay }) => !isOneWay || between[0] === machine)
      .map((link) => this.#neighborOf(machine, link));
    const center = dataCenters[machine];
    const keys = join(this.#directory, 'keys');
    return [
      ...['--server-name', machine],
      ...(dialOnly.includes(machine) ? [] : ['--remote-listen', `0.0.0.0:${PLAIN_PORT}`]),
      ...(neighbors.length === 0 ? [] : ['--neighbors', neighbors.join(',')]),
      ...(center === undefined ? [] : ['--data-center', center]),
      ...(isSecure && !dialOnly.includes(machine) ? ['--secure-listen', `scs://0.0.0.0:${SECURE_PORT}`] : []),
      ...(isSecure
        ? ['--certificate', join(keys, `${machine}.crt`), '--private-key', join(keys, `${machine}.key`)]
        : []),
      ...(isSecure ? ['--certificate-authority', join(keys, 'ca.crt')] : []),
      ...flags,
    ];
  }

  #neighborOf(machine: string, { between, over, isSecure = false }: LinkPlan): string {
    const other = between[0] === machine ? between[1] : between[0];
    // Who is behind a gateway shares no network with those outside.
    const network = over ?? this.network.shared(machine, other)[0];
    const address = this.network.addressOf(other, network);
    return isSecure ? `scs://${address}:${SECURE_PORT}` : `${address}:${PLAIN_PORT}`;
  }

  /** An authority, and a certificate for each machine of a secure link. */
  #makeKeys(): void {
    const keys = (...words: string[]): void => {
      const args = [programPath('snapcom'), 'keys', ...words, '--directory', join(this.#directory, 'keys')];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`snapcom keys ${words.join(' ')}: ${stderr}`);
    };
    keys('init');
    for (const machine of new Set(this.#links.filter(({ isSecure }) => isSecure).flatMap(({ between }) => between))) {
      const addresses = this.network.networksOf(machine).map((network) => this.network.addressOf(machine, network));
      keys('add', machine, '--address', addresses.join(','));
    }
  }
}
