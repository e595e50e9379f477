// Takes each line that the inner loop could not pass on, and each head that it does not know, to who deals with it.

import type { Decision, Router } from '@snapcommunicator/network/router';
import {
  DAEMON_NAMES,
  decodeJson,
  decodeLine,
  encodeMessage,
  HEAD,
  type Message,
  readHead,
  type WireErrorCode,
} from 'snapcommunicator/wire';
import { SILENT } from '../commands/runner.ts';
import type { Connection } from '../connections/connection.ts';
import { explainWireError } from '../errors.ts';
import type { RemoteNodes } from '../graph/remote-nodes.ts';
import type { Log, RateLimit } from '../log.ts';
import type { Payloads } from '../recorder/payloads.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Destination } from '../switch/destination.ts';
import type { ForwardingTable } from '../switch/forwarding-table.ts';
import type { Group } from '../switch/group.ts';
import { namesOf } from '../switch/line-names.ts';
import type { Refusal } from '../switch/output.ts';
import type { Source } from '../switch/source.ts';
import { hasSpecial, type LineHandler, type LineView, type Verdict } from '../switch/switch.ts';
import { type Counters, count } from './counters.ts';
import type { Delivery, Parcel } from './delivery.ts';
import type { Keeping } from './keeping.ts';
import type { Speaker } from './speaker.ts';
import type { Taps } from './taps.ts';

export interface DispatcherParts {
  readonly server: string;
  readonly router: Router;
  readonly table: ForwardingTable;
  readonly keeping: Keeping;
  readonly delivery: Delivery;
  readonly speaker: Speaker;
  readonly taps: Taps;
  readonly recorder: Recorder;
  readonly payloads: Payloads;
  readonly counters: Counters;
  readonly log: Log;
  readonly brake: RateLimit;
  readonly requiresRegistration: boolean;
  /** A message for the daemon itself. */
  readonly command: (connection: Connection, message: Message, lineBytes: number) => void;
  /** Lines of a connection without a name are to be held. */
  readonly hold: (connection: Connection, line: Uint8Array) => void;
  /** The connection is to be closed: what came is no message and never will be. */
  readonly abandon: (connection: Connection, reason: string) => void;
  readonly isStopping: () => boolean;
  readonly remoteNodes: RemoteNodes;
  /** Whether other machines can be reached. */
  readonly hasLinks: () => boolean;
  /** Why a connection may not ask the daemons of other machines this; undefined if it may. */
  readonly askingRefusal: (connection: Connection, command: string) => string | undefined;
  /** Why a connection may not send messages to services; undefined if it may. */
  readonly sendingRefusal: (connection: Connection) => string | undefined;
  readonly now: () => number;
}

const LINE_FEED = Buffer.from('\n');
const HTTP = ' HTTP/';

export class Dispatcher implements LineHandler {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  resolve(source: Source, line: LineView): Verdict | undefined {
    const connection = source as Connection;
    if (connection.state !== 'registered' && connection.state !== 'anonymous') return undefined;
    // What it may not send must be seen each time, and it is not much.
    if (connection.listener === 'console') return undefined;
    const { server, service, command } = namesOf(line);
    const { router, taps, recorder } = this.#parts;
    const from = this.#fromOf(connection);
    // Where parameters are kept, each line is looked at.
    if (this.#parts.isStopping() || this.#parts.payloads.isOn) return undefined;
    const decision = router.forward(server, service, from, this.#parts.now(), true);
    const to = `${router.placeOf(server, decision)}:${service}`;
    if (taps.count > 0 && taps.wants(from, to, command)) return undefined;
    const target = this.#plainTarget(decision, service, command, connection);
    return target === undefined ? undefined : { target, flowId: recorder.flowId(from, to, command) };
  }

  handle(source: Source, line: LineView): void {
    const connection = source as Connection;
    if (connection.isFirstLine && this.#isBrowser(connection, line)) return;
    connection.isFirstLine = false;
    const text = line.bytes[line.start] === 123 ? this.#fromJson(connection, line) : line;
    if (text === undefined) return;
    connection.writesJson = text !== line;
    if (connection.state === 'waiting') return this.#hold(connection, line);
    const { server, service, command } = namesOf(text);
    const decision = this.#parts.router.forward(server, service, this.#fromOf(connection), this.#parts.now(), true);
    if (decision.kind === 'daemon') return this.#toDaemon(connection, text, command);
    if (this.#parts.isStopping()) return this.#parts.speaker.tell(connection, 'QUITTING');
    if (connection.state === 'new') return this.#beforeRegistration(connection, line, text);
    const parcel = this.#parcelOf(connection, text, server, service, command);
    if (parcel === undefined) return;
    if (decision.kind === 'contradiction') return this.#contradict(parcel, decision.reason);
    const refusal = DAEMON_NAMES.has(service)
      ? this.#parts.askingRefusal(connection, command)
      : this.#parts.sendingRefusal(connection);
    if (refusal !== undefined) return this.#contradict(parcel, refusal);
    this.#parts.delivery.send(parcel, decision);
  }

  refuse(source: Source, line: LineView, _target: Destination | Group, reason: Refusal): void {
    const { server, service, command } = namesOf(line);
    const parcel = this.#parcelOf(source as Connection, line, server, service, command);
    if (parcel !== undefined) this.#parts.delivery.refuse(parcel, reason);
  }

  reject(source: Source, error: WireErrorCode, line: LineView | undefined): void {
    const connection = source as Connection;
    if (connection.isFirstLine && line !== undefined && this.#isBrowser(connection, line)) return;
    connection.isFirstLine = false;
    this.#reject(connection, error, undefined);
  }

  overflow(source: Source): void {
    this.#parts.abandon(source as Connection, 'a line without an end');
  }

  #plainTarget(
    decision: Decision,
    service: string,
    command: string,
    connection: Connection,
  ): Destination | Group | undefined {
    const { table, keeping, router } = this.#parts;
    // A broadcast to other machines is looked at one by one, for each is sent to each of them.
    if (decision.kind === 'broadcast')
      return decision.scope === 'machine' || !this.#parts.hasLinks()
        ? table.groupOf(command, connection.destination)
        : undefined;
    // Commands to other daemons are looked at one by one, for they may need a privilege.
    if (decision.kind === 'node')
      return DAEMON_NAMES.has(service) ? undefined : this.#parts.remoteNodes.targetOf(decision, service);
    if (decision.kind !== 'port' || keeping.hasKept(router.queuesOf(service))) return undefined;
    return table.destinationOf(service);
  }

  #toDaemon(connection: Connection, line: LineView, command: string): void {
    const read = decodeLine(line.bytes, line.start, line.end);
    if (read.kind === 'message') {
      connection.lines++;
      this.#parts.command(connection, read.message, line.end - line.start + 1);
    } else if (read.kind === 'invalid') this.#reject(connection, read.error, { service: '', command });
  }

  /** @param line as it came; `text` is the same in text form */
  #beforeRegistration(connection: Connection, line: LineView, text: LineView): void {
    if (!this.#parts.requiresRegistration) return this.#hold(connection, line);
    const { server, service, command } = namesOf(text);
    const parcel = this.#parcelOf(connection, text, server, service, command);
    if (parcel === undefined) return;
    this.#parts.delivery.refuse(parcel, 'unregistered');
    if (isAnswered(parcel))
      this.#parts.speaker.tell(connection, 'INVALID', {
        command,
        message: 'register first: REGISTER service=NAME;version=1',
      });
  }

  /** Lines are held as they came: one in JSON must be answered in JSON later. */
  #hold(connection: Connection, { bytes, start, end }: LineView): void {
    this.#parts.hold(connection, Buffer.concat([bytes.subarray(start, end), LINE_FEED]));
  }

  /** The message with its new stamp; its parameters are read only where they matter. */
  #parcelOf(
    connection: Connection,
    line: LineView,
    server: string,
    service: string,
    command: string,
  ): Parcel | undefined {
    let message: Message | undefined;
    if (hasSpecial(line)) {
      const read = decodeLine(line.bytes, line.start, line.end);
      if (read.kind === 'invalid') {
        this.#reject(connection, read.error, { service, command });
        return undefined;
      }
      if (read.kind === 'message') message = read.message;
    }
    const body = line.bytes.subarray(line.offsets[HEAD.body], line.end);
    connection.lines++;
    return {
      connection,
      from: this.#fromOf(connection),
      server,
      service,
      command,
      line: Buffer.concat([connection.prefix, body, LINE_FEED]),
      message,
    };
  }

  #contradict(parcel: Parcel, reason: string): void {
    this.#parts.delivery.refuse(parcel, 'contradiction');
    if (parcel.connection !== undefined && !SILENT.has(parcel.command))
      this.#parts.speaker.tell(parcel.connection, 'INVALID', { command: parcel.command, message: reason });
  }

  /** Counts, logs at a limited rate, and answers INVALID where that may be. @param head what could be read of it */
  #reject(connection: Connection, error: WireErrorCode, head: Head | undefined): void {
    const { counters, brake, log, speaker } = this.#parts;
    const command = head?.command;
    count(counters.invalid, error);
    brake.run(`invalid ${connection.service}`, (skipped) =>
      log.lines.warn(
        { service: connection.service || undefined, code: error, command, skipped },
        `line refused: ${explainWireError(error)}`,
      ),
    );
    if (head === undefined || isAnswered(head))
      speaker.tell(connection, 'INVALID', { command: command ?? 'UNDEFINED', message: explainWireError(error) });
  }

  /** The text form of a JSON line, as a line of its own. */
  #fromJson(connection: Connection, line: LineView): LineView | undefined {
    const read = decodeJson(Buffer.from(line.bytes.subarray(line.start, line.end)).toString('utf8'));
    connection.writesJson = true;
    if ('error' in read) {
      this.#reject(connection, read.error, undefined);
      return undefined;
    }
    const { server, service, command, parameters } = read.message;
    const bytes = Buffer.from(encodeMessage({ server, service, command, parameters }));
    const offsets = new Int32Array(HEAD.length);
    readHead(bytes, 0, bytes.length, offsets);
    return { bytes, start: 0, end: bytes.length, offsets };
  }

  #isBrowser(connection: Connection, line: LineView): boolean {
    const text = Buffer.from(line.bytes.subarray(line.start, Math.min(line.end, line.start + 4096))).toString('latin1');
    if (!text.includes(HTTP)) return false;
    this.#parts.abandon(connection, 'this is not an HTTP server; the console has its own address (--console)');
    return true;
  }

  #fromOf(connection: Connection): string {
    return connection.service === '' ? '' : `${this.#parts.server}:${connection.service}`;
  }
}

interface Head {
  readonly service: string;
  readonly command: string;
}

const MARKS = new Set(['.', '?', '*']);

/** Whether INVALID may be the answer: never to INVALID, UNKNOWN or a broadcast. */
const isAnswered = ({ service, command }: Head): boolean => !SILENT.has(command) && !MARKS.has(service);
