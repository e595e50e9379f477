// Replays a recorded conversation against a daemon: the client side byte for byte as it was, the answers compared.

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import type { RunningDaemon } from '../support/daemon.ts';
import { LineClient } from '../support/line-client.ts';

/** What the recorded client did, and what each connection received before it did the next thing. */
interface Moment {
  /** Where it stands in the record, counted from 1. */
  readonly line: number;
  readonly act: 'connect' | 'close' | 'send';
  readonly connection: string;
  /** The bytes it wrote. */
  readonly bytes: string;
  readonly received: Map<string, string[]>;
}

/** One place where the daemon did something else than the record says. */
export interface Difference {
  readonly transcript: string;
  /** The line of the record with what the client did. */
  readonly line: number;
  /** Who received something else. */
  readonly connection: string;
  readonly recorded: readonly string[];
  readonly instead: readonly string[];
}

/** How long something expected may take; only a failing test waits so long. */
const WAIT_MS = 3000;

/** Stands among what a connection received for its end by the daemon. */
const END = '(closed)';
const ENTRY = /^\[(\w+)\]([<>]) ?(.*)$/s;
const NOTE = /^# (\w+): (connected|closed by client|EOF from daemon)$/;

/** Reads a record. Sent lines that are broken over several lines are one message with LFs in it. */
function readMoments(path: string): Moment[] {
  const moments: Moment[] = [];
  const lines = readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
  let isPart = false;
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let text = lines[at] ?? '';
    while (text.startsWith('[') && at + 1 < lines.length && !/^[[#]/.test(lines[at + 1] ?? ''))
      text += `\n${lines[++at]}`;
    const [, who = '', direction, content = ''] = ENTRY.exec(text) ?? [];
    const [, noted = '', event] = NOTE.exec(text) ?? [];
    const received = (connection: string, what: string): void => {
      const moment = moments.at(-1);
      moment?.received.set(connection, [...(moment.received.get(connection) ?? []), what]);
    };
    const act = (kind: Moment['act'], connection: string, bytes = ''): void =>
      void moments.push({ line, act: kind, connection, bytes, received: new Map() });
    if (text.startsWith('# partial line')) isPart = true;
    else if (event === 'connected') act('connect', noted);
    else if (event === 'closed by client') act('close', noted);
    else if (event !== undefined) received(noted, END);
    else if (direction === '<') received(who, normalize(content));
    else if (direction === '>') {
      act('send', who, who === 'udp' || isPart ? content : `${content}\n`);
      isPart = false;
    }
  }
  return joinWrites(moments, lines);
}

/** The record says in a note which two lines were written at once. */
function joinWrites(moments: readonly Moment[], lines: readonly string[]): Moment[] {
  const joined: Moment[] = [];
  for (const moment of moments) {
    const previous = joined.at(-1);
    const isSecond =
      previous !== undefined &&
      lines[previous.line - 2] === '# two lines in one write' &&
      previous.line === moment.line - 1;
    if (isSecond) joined[joined.length - 1] = { ...moment, line: previous.line, bytes: previous.bytes + moment.bytes };
    else joined.push(moment);
  }
  return joined;
}

/** Takes out what differs from one time or machine to the next: the time, the load, and the state of the clock. */
function normalize(line: string): string {
  return line
    .replace(/\b(up_since|down_since|(?:reply_)?timestamp)=1\d{9}(\.\d+)?/g, '$1=TIME')
    .replace(/"reply_timestamp":"1\d{9}(\.\d+)?"/, '"reply_timestamp":"TIME"')
    .replace(/\bavg=[\d.]+/, 'avg=LOAD')
    .replace(/\bCLOCK_(STABLE|UNSTABLE) cache=no;clock_\w+=\w+/, 'CLOCK_STATE');
}

/** Who plays the recorded client. */
class Player {
  readonly #daemon: RunningDaemon;
  readonly #clients = new Map<string, LineClient>();
  readonly #observer: LineClient;
  readonly #udp = createSocket('udp4');

  constructor(daemon: RunningDaemon, observer: LineClient) {
    this.#daemon = daemon;
    this.#observer = observer;
  }

  async play({ act, connection, bytes }: Moment): Promise<void> {
    if (act === 'connect') await this.#connect(connection);
    else if (act === 'close') await this.#close(connection);
    else if (connection === 'udp') {
      await new Promise((resolve) => this.#udp.send(bytes, this.#daemon.signalPort, '127.0.0.1', resolve));
    } else this.#clients.get(connection)?.write(bytes);
  }

  /** What each connection has received since the last call; `expected` is what is waited for. */
  async received(expected: ReadonlyMap<string, readonly string[]>): Promise<Map<string, string[]>> {
    for (const [name, lines] of expected) await this.#wait(name, lines);
    // For what nobody expects, a connection that is not in the record is asked twice: once for the daemon to read what
    // lies before its sockets, once for this side to read what the daemon wrote then. What comes still later stands at
    // the next moment, as a difference as well.
    await this.#observer.fence();
    await this.#observer.fence();
    const all = new Map<string, string[]>();
    for (const [name, client] of this.#clients) {
      const lines = client.lines.splice(0).map(normalize);
      if (client.isClosed) {
        lines.push(END);
        this.#clients.delete(name);
        await client.close();
      }
      if (lines.length > 0) all.set(name, lines);
    }
    return all;
  }

  /** Waits until so much has arrived. What does not come is found by the comparison. */
  async #wait(name: string, lines: readonly string[]): Promise<void> {
    const client = this.#clients.get(name);
    const count = lines.filter((line) => line !== END).length;
    const isThere = (): boolean =>
      client !== undefined && client.lines.length >= count && (client.isClosed || count === lines.length);
    await client?.until(isThere, 'what is expected', WAIT_MS).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#udp.close();
    for (const name of this.#clients.keys()) await this.#close(name);
    await this.#observer.close();
  }

  async #connect(name: string): Promise<void> {
    // Where the recorded daemon died, its clients connected again; ours is alive and has the connection still.
    await this.#close(name);
    const target = name === 'unix' ? { path: this.#daemon.unixPath } : { port: this.#daemon.port };
    this.#clients.set(name, await LineClient.connect(target, name));
  }

  async #close(name: string): Promise<void> {
    await this.#clients.get(name)?.close();
    this.#clients.delete(name);
  }
}

/**
 * Plays the record against the daemon.
 * @param documented what is known to differ, and so is waited for
 * @returns every place where somebody received something else
 */
export async function replay(
  path: string,
  transcript: string,
  daemon: RunningDaemon,
  documented: readonly Difference[],
): Promise<Difference[]> {
  const differences: Difference[] = [];
  const player = new Player(daemon, await LineClient.connect({ path: daemon.unixPath }, 'observer'));
  for (const moment of readMoments(path)) {
    await player.play(moment);
    const expected = new Map<string, readonly string[]>(moment.received);
    for (const { line, connection, instead } of documented) if (line === moment.line) expected.set(connection, instead);
    const received = await player.received(expected);
    for (const connection of new Set([...moment.received.keys(), ...received.keys()])) {
      const recorded = moment.received.get(connection) ?? [];
      const instead = received.get(connection) ?? [];
      if (JSON.stringify(recorded) !== JSON.stringify(instead))
        differences.push({ transcript, line: moment.line, connection, recorded, instead });
    }
  }
  await player.close();
  return differences;
}
