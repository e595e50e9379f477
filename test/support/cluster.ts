// Starts several daemons on this machine, linked as told, and runs conversations between services on them.
//
//     w1> w3/PING n=1          w1 writes this line
//     w3< <n1:w1 w3/PING n=1   the next line that w3 receives; `…` stands for any text
//     w3 leaves                closes; `w3 comes` opens and registers it again

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DaemonOptions, type RunningDaemon, startDaemon } from './daemon.ts';
import { LineClient } from './line-client.ts';

export interface ClusterMember {
  readonly name: string;
  /** Names of members, started before, that it dials. */
  readonly dials?: readonly string[];
  readonly args?: readonly string[];
}

const DEADLINE_MS = 20_000;
const LOOK_MS = 10;
const REMOTE_PORT = 4042;

export class Cluster {
  readonly #members: readonly ClusterMember[];
  readonly #daemons = new Map<string, RunningDaemon>();
  readonly #hosts = new Map<string, string>();
  readonly #directories = new Map<string, string>();
  readonly #clients = new Map<string, { client: LineClient; server: string; commands: string }>();
  /** Connections that play C++ daemons. */
  readonly #peers = new Map<string, LineClient>();

  /** @param members each linked only as told: none is learnt of by gossip */
  constructor(members: readonly ClusterMember[]) {
    this.#members = members;
    // The whole of 127.0.0.0/8 is this machine: by its process id each run of tests has addresses of its own.
    const network = `127.${100 + (process.pid % 100)}.${(process.pid >> 7) % 250}`;
    for (const [place, { name }] of members.entries()) this.#hosts.set(name, `${network}.${place + 2}`);
  }

  async start(): Promise<void> {
    for (const { name } of this.#members) await this.startDaemon(name);
    await this.untilLinked();
  }

  /** Starts a daemon, or starts it again with what it has stored. */
  async startDaemon(name: string, options: DaemonOptions = {}): Promise<RunningDaemon> {
    const member = this.#member(name);
    const flags = ['--server-name', name, '--gossip=false', '--remote-listen', `${this.hostOf(name)}:${REMOTE_PORT}`];
    const neighbors = (member.dials ?? []).map((other) => `${this.hostOf(other)}:${REMOTE_PORT}`);
    if (neighbors.length > 0) flags.push('--neighbors', neighbors.join(','));
    const directory = this.#directoryOf(name);
    const args = [...flags, ...(member.args ?? []), ...(options.args ?? [])];
    const daemon = await startDaemon({ directory, ...options, args });
    this.#daemons.set(name, daemon);
    return daemon;
  }

  /** Ends a daemon at once, and starts it with what it has stored. */
  async restart(name: string): Promise<void> {
    await this.daemon(name).kill();
    await this.startDaemon(name);
    await this.untilLinked();
  }

  daemon(name: string): RunningDaemon {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) throw new Error(`no daemon is called ${name}`);
    return daemon;
  }

  hostOf(name: string): string {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no daemon is called ${name}`);
    return host;
  }

  /** Waits until every daemon sees every other one. */
  async untilLinked(names: readonly string[] = this.#members.map(({ name }) => name)): Promise<void> {
    for (const name of names) {
      await until(`${name} sees ${names.length} machines`, async () => {
        const client = await LineClient.connect({ port: this.daemon(name).port });
        client.send('CLUSTER_STATUS');
        const seen = new Set([await client.next(), await client.next()]);
        await client.close();
        return [...seen].some((line) => line?.includes(`CLUSTER_COMPLETE neighbors_count=${names.length}`));
      });
    }
  }

  /** Connects a service, and waits until every daemon knows it. */
  async join(service: string, server: string, commands = ''): Promise<LineClient> {
    const client = await LineClient.register({ port: this.daemon(server).port }, service, commands);
    this.#clients.set(service, { client, server, commands });
    await this.untilKnown(`${server}:${service}`);
    return client;
  }

  /** Waits until every daemon that runs, or each of some, lists, or no longer lists, a service. */
  async untilKnown(service: string, isKnown = true, names: Iterable<string> = this.#daemons.keys()): Promise<void> {
    for (const name of names) {
      const { port } = this.daemon(name);
      await until(`${name} ${isKnown ? 'knows' : 'has forgotten'} ${service}`, async () => {
        const client = await LineClient.connect({ port });
        client.send('LIST_SERVICES');
        const answer = (await client.next()) ?? '';
        await client.close();
        const list = /list=([^;]*)/.exec(answer)?.[1]?.split(',') ?? [];
        return list.includes(service) === isKnown;
      });
    }
  }

  client(name: string): LineClient {
    const client = this.#clients.get(name)?.client ?? this.#peers.get(name);
    if (client === undefined) throw new Error(`no service is called ${name}`);
    return client;
  }

  /**
   * Connects to a daemon as a C++ daemon does, and waits until that is linked.
   * @param name of the connection in scripts
   * @param server that it says it is; of each there is one address
   * @param says what else is in CONNECT, such as `;services=a,b`
   */
  async connectPeer(name: string, at: string, server: string, says = ''): Promise<LineClient> {
    const host = this.peerHostOf(server);
    const client = await LineClient.connect({ host: this.hostOf(at), port: REMOTE_PORT, localAddress: host }, name);
    client.send(`CONNECT version=1;my_address=${host}:${REMOTE_PORT};server_name=${server}${says}`);
    await client.expect(`<${at}:communicatord REGISTER_FOR_LOADAVG`);
    await client.expect(/^<\w+:communicatord ACCEPT /);
    await client.expect(`<${at}:communicatord HELP`);
    this.#peers.set(name, client);
    return client;
  }

  /** The address of a C++ daemon that is played. */
  peerHostOf(server: string): string {
    const known = this.#hosts.get(server);
    if (known !== undefined) return known;
    const [first = ''] = this.#hosts.values();
    const host = `${first.slice(0, first.lastIndexOf('.'))}.${100 + this.#hosts.size}`;
    this.#hosts.set(server, host);
    return host;
  }

  /** Runs a script. @throws Error at the first line that does not hold, or when something else was received */
  async converse(script: string): Promise<void> {
    const steps = script.split('\n').map((line) => line.trim());
    for (const step of steps.filter((line) => line !== '' && !line.startsWith('#'))) {
      await this.#step(step).catch((error: unknown) => {
        throw new Error(`at: ${step}\n${error instanceof Error ? error.message : String(error)}`);
      });
    }
    await this.expectSilence();
  }

  /** What was sent has arrived everywhere, and nobody has received anything that was not taken. */
  async expectSilence(): Promise<void> {
    const all = [...this.#clients.entries()];
    // A word from each to each: streams keep order, so what was sent before it has arrived.
    for (const [, { client }] of all) {
      for (const [to, { server }] of all) client.send(`${server}:${to}/FENCE`);
    }
    const left: string[] = [];
    for (const [name, { client }] of all) {
      let fences = 0;
      while (fences < all.length) {
        const line = await client.next('a fence');
        if (line === undefined) throw new Error(`${name} was closed`);
        if (line.endsWith('/FENCE')) fences++;
        else left.push(`${name}< ${line}`);
      }
    }
    for (const [name, peer] of this.#peers) {
      if (peer.isClosed) continue;
      await peer.fence();
      for (const line of peer.lines) left.push(`${name}< ${line}`);
    }
    if (left.length > 0) throw new Error(`received, and not in the script:\n  ${left.join('\n  ')}`);
  }

  /** Ends all that still run, and removes their files. */
  async stop(): Promise<void> {
    for (const { client } of this.#clients.values()) client.socket.destroy();
    this.#clients.clear();
    for (const peer of this.#peers.values()) peer.socket.destroy();
    this.#peers.clear();
    await Promise.all(Array.from(this.#daemons.values(), (daemon) => daemon.stop()));
    this.#daemons.clear();
    for (const directory of this.#directories.values()) rmSync(directory, { recursive: true, force: true });
    this.#directories.clear();
  }

  #directoryOf(name: string): string {
    const known = this.#directories.get(name) ?? mkdtempSync(join(tmpdir(), `snapcom-${name}-`));
    this.#directories.set(name, known);
    return known;
  }

  async #step(step: string): Promise<void> {
    const [, name = '', operator = '', text = ''] = /^(\w+)(> |< | )(.*)$/.exec(step) ?? [];
    if (operator === '> ') this.client(name).send(text);
    else if (operator === '< ') await this.client(name).expect(asExpected(text));
    else if (text === 'leaves') await this.#leave(name);
    else if (text === 'comes') await this.#comeAgain(name);
    else throw new Error('a step is NAME> line, NAME< line, NAME leaves or NAME comes');
  }

  async #leave(service: string): Promise<void> {
    const { client, server } = this.#known(service);
    await client.close();
    await this.untilKnown(`${server}:${service}`, false);
  }

  async #comeAgain(service: string): Promise<void> {
    const { server, commands } = this.#known(service);
    await this.join(service, server, commands);
  }

  #known(service: string) {
    const known = this.#clients.get(service);
    if (known === undefined) throw new Error(`no service is called ${service}`);
    return known;
  }

  #member(name: string): ClusterMember {
    const member = this.#members.find((each) => each.name === name);
    if (member === undefined) throw new Error(`no daemon is called ${name}`);
    return member;
  }
}

/** Waits for a condition. @throws Error naming it when it does not come true */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`waited ${DEADLINE_MS} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function asExpected(text: string): string | RegExp {
  if (!text.includes('…')) return text;
  const parts = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
