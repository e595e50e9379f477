// Plays the recorded clients, and the other daemons of a cluster, against a daemon.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { RunningDaemon } from '../support/daemon.ts';
import { LineClient, type LineTarget } from '../support/line-client.ts';
import type { Addresses } from './addresses.ts';
import { BEGINNING, END, type Moment, normalize } from './record.ts';

/** How long something expected may take; only a failing test waits so long, or one that writes down what differs. */
const WAIT_MS = process.env['DIFFERENCES_TO'] === undefined ? 3000 : 500;
const REMOTE_PORT = 4042;

/** The daemon of a cluster that is not played. */
export interface Role {
  readonly addresses: Addresses;
  /** Its own address in the record, `IP:port`. */
  readonly address: string;
  /** In the record, of every daemon that is played. */
  readonly hosts: Readonly<Record<string, string>>;
}

export class Player {
  #daemon: RunningDaemon | undefined;
  readonly #role: Role | undefined;
  readonly #clients = new Map<string, LineClient>();
  /** Connections in whose place the daemon has opened another one. */
  readonly #former = new Map<string, LineClient>();
  readonly #servers: Server[] = [];
  #observer: LineClient | undefined;
  readonly #udp = createSocket('udp4');

  constructor(role?: Role) {
    this.#role = role;
  }

  /** From now on this is the daemon. */
  async attach(daemon: RunningDaemon): Promise<void> {
    this.#daemon = daemon;
    this.#observer = await LineClient.connect({ path: daemon.unixPath }, 'observer');
  }

  async play({ act, connection, bytes }: Moment): Promise<void> {
    if (act === 'connect') await this.#connect(connection);
    else if (act === 'close') await this.#hangUp(connection);
    else if (act === 'listen') await this.#listen(connection);
    else if (connection === 'udp') {
      const port = this.#daemon?.signalPort;
      await new Promise((resolve) => this.#udp.send(bytes, port, '127.0.0.1', resolve));
    } else this.#clients.get(connection)?.write(this.#role?.addresses.actual(bytes) ?? bytes);
  }

  /** What each connection has received since the last call; `expected` is what is waited for. */
  async received(expected: ReadonlyMap<string, readonly string[]>): Promise<Map<string, string[]>> {
    for (const [name, lines] of expected) await this.#wait(name, lines);
    // For what nobody expects, a connection that is not in the record is asked twice: once for the daemon to read what
    // lies before its sockets, once for this side to read what the daemon wrote then. What comes still later stands at
    // the next moment, as a difference as well.
    await this.#observer?.fence();
    await this.#observer?.fence();
    const all = new Map<string, string[]>();
    for (const [name, client] of this.#clients) {
      const lines = client.lines.splice(0).map((line) => normalize(this.#role?.addresses.recorded(line) ?? line));
      const told = lines.filter((line) => this.#role === undefined || !/communicatord LOADAVG /.test(line));
      if (client.isClosed) {
        told.push(END);
        this.#clients.delete(name);
        await client.close();
      }
      if (told.length > 0) all.set(name, told);
    }
    return all;
  }

  /** Waits until so much has arrived. What does not come is found by the comparison. */
  async #wait(name: string, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const count = lines.filter((line) => line !== END).length;
    const isThere = (): boolean => {
      const client = this.#clients.get(name);
      return client !== undefined && client.lines.length >= count && (client.isClosed || count === lines.length);
    };
    const deadline = Date.now() + WAIT_MS;
    // The connection may have to be opened by the daemon first.
    while (!isThere() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async close(): Promise<void> {
    this.#udp.close();
    for (const name of this.#clients.keys()) await this.#close(name);
    for (const server of this.#servers) server.close();
    await this.#observer?.close();
  }

  async #connect(name: string): Promise<void> {
    // Where the recorded daemon died, its clients connected again; ours is alive and has the connection still.
    await this.#close(name);
    this.#clients.set(name, await LineClient.connect(this.#targetOf(name), name));
  }

  #targetOf(name: string): LineTarget {
    const daemon = this.#daemon as RunningDaemon;
    const host = this.#role?.hosts[name];
    if (this.#role === undefined || host === undefined)
      return name === 'unix' ? { path: daemon.unixPath } : { port: daemon.port };
    const { addresses, address } = this.#role;
    const [remoteHost = '', port = ''] = addresses.actual(address).split(':');
    return { host: remoteHost, port: Number(port), localAddress: addresses.actual(host) };
  }

  /** Another daemon begins: it can be connected to. */
  async #listen(name: string): Promise<void> {
    const host = this.#role?.hosts[name];
    if (this.#role === undefined || host === undefined) return;
    const server = createServer((socket) => {
      const client = LineClient.adopt(socket, name);
      // The connection before this one may have said something that nobody has looked at, and is still to be closed.
      const former = this.#clients.get(name);
      if (former !== undefined) this.#former.set(name, former);
      client.lines.push(...(former?.lines ?? []), BEGINNING);
      this.#clients.set(name, client);
    });
    this.#servers.push(server);
    server.listen({ host: this.#role.addresses.actual(host), port: REMOTE_PORT });
    await once(server, 'listening');
  }

  /** Closes the older one of two connections. */
  async #hangUp(name: string): Promise<void> {
    const former = this.#former.get(name);
    this.#former.delete(name);
    if (former === undefined) await this.#close(name);
    else await former.close();
  }

  async #close(name: string): Promise<void> {
    await this.#clients.get(name)?.close();
    this.#clients.delete(name);
  }
}
