// Lines that arrived from another node: they go through the switch like those of a connection, but bear their senders.

import type { Instance } from '@snapcommunicator/network/frame';
import { parseCachePolicy } from '@snapcommunicator/network/keeper';
import type { Router } from '@snapcommunicator/network/router';
import type { Arrival } from '@snapcommunicator/network/stream';
import { decodeLine, encodeMessage, type Message, type WireErrorCode } from 'snapcommunicator/wire';
import { type Counters, count } from '../bus/counters.ts';
import type { Delivery, Parcel } from '../bus/delivery.ts';
import type { Keeping } from '../bus/keeping.ts';
import type { Taps } from '../bus/taps.ts';
import type { LineDetails } from '../commands/runner.ts';
import { nextSerial } from '../connections/connection.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import { formatId, idInFrame, type MessageId } from '../recorder/message-id.ts';
import type { Payloads } from '../recorder/payloads.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Scribe } from '../recorder/scribe.ts';
import type { Arena } from '../switch/arena.ts';
import { INPUT, INPUT_BYTES } from '../switch/arena-layout.ts';
import type { Destination } from '../switch/destination.ts';
import type { ForwardingTable } from '../switch/forwarding-table.ts';
import type { Group } from '../switch/group.ts';
import { type LineNames, namesOf } from '../switch/line-names.ts';
import type { Refusal } from '../switch/output.ts';
import type { Source } from '../switch/source.ts';
import { hasSpecial, type LineHandler, type LineView, type Switch, type Verdict } from '../switch/switch.ts';
import type { Confirmation } from './confirmations.ts';
import type { StreamAccounts } from './stream-accounts.ts';

export interface ArrivalsParts {
  readonly arena: Arena;
  readonly router: Router;
  readonly table: ForwardingTable;
  readonly keeping: Keeping;
  readonly delivery: Delivery;
  readonly server: string;
  readonly recorder: Recorder;
  readonly scribe: Scribe;
  readonly payloads: Payloads;
  readonly accounts: StreamAccounts;
  /** The link over which what arrives now came; 0: it had waited. */
  readonly receivingPort: () => number;
  readonly taps: Taps;
  readonly counters: Counters;
  readonly lines: () => Switch;
  readonly legacy: () => LegacyLinks;
  readonly now: () => number;
  /** Tells the first daemon of a durable message what became of it. */
  readonly confirm: (origin: Instance, id: string, status: Confirmation) => void;
  /** A message for the daemon itself. */
  readonly command: (message: Message, received: LineDetails) => void;
  /** What comes from a node can be taken again. */
  readonly resumed: (origin: Instance) => void;
}

const LINE_FEED = 10;

/** All that arrives from one node. While it is paused its stream waits, and so does who sends, once the window is full. */
class ArrivalSource implements Source {
  serial: number;
  lines = 0;
  prefix = new Uint8Array(0);
  readonly isStamped = true;
  carry = undefined;
  longLine = undefined;
  backlog = undefined;
  blockedBy: Set<Destination> | undefined = undefined;
  readonly destination = undefined;
  isPaused = false;
  readonly #onResume: () => void;

  constructor(serial: number, onResume: () => void) {
    this.serial = serial;
    this.#onResume = onResume;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#onResume();
  }
}

/** So many nodes have a source of their own before those that are not paused are made anew. */
const SOURCES_MAX = 4096;

export class Arrivals implements LineHandler {
  /** What the flow cache knows all of them by: where a line goes does not depend on the node it comes from. */
  readonly #serial = nextSerial();
  readonly #sources = new Map<Instance, ArrivalSource>();
  readonly #parts: ArrivalsParts;
  #arrival: Arrival | undefined;
  /** Where the piece that is being handled begins in the arrival, and in the arena. */
  #pieceOffset = 0;
  #pieceAddress = 0;
  #returned: number[] = [];
  /** A line of the arrival that has been counted: where it ends, and how many there are up to there. */
  #countedEnd = 0;
  #countedLines = 0;
  /** The record of the next line that the inner loop handles, and its place in the arrival. */
  #runRecord = 0;
  #runPlace = 0;

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  /** Queues, keeps or refuses each line. @returns the places of those that found nobody there */
  take(arrival: Arrival): readonly number[] {
    const { recorder, accounts, arena } = this.#parts;
    const lines = this.#parts.lines();
    const { bytes, origin, count } = arrival;
    const source = this.#sourceOf(origin);
    this.#arrival = arrival;
    this.#countedEnd = 0;
    this.#countedLines = 0;
    this.#runRecord = recorder.nextNumber;
    this.#runPlace = 0;
    for (let at = 0; at < bytes.length; ) {
      const next = pieceEnd(bytes, at);
      this.#pieceOffset = at;
      this.#pieceAddress = arena.has(bytes) ? bytes.byteOffset + at : INPUT;
      lines.take(source, bytes.subarray(at, next));
      at = next;
    }
    this.#endRun();
    this.#arrival = undefined;
    accounts.arrived(origin, count, this.#returned.length);
    const returned = this.#returned;
    if (returned.length > 0) this.#returned = [];
    return returned;
  }

  /** Whether no service is so slow that what comes from there has to wait. */
  mayTake(origin: Instance): boolean {
    return this.#sources.get(origin)?.isPaused !== true;
  }

  /** Whether lines of this source have arrived from other nodes. */
  isSource(source: Source): boolean {
    return source instanceof ArrivalSource;
  }

  resolve(_source: Source, line: LineView): Verdict | undefined {
    const { router, table, keeping, taps, recorder, payloads } = this.#parts;
    if (payloads.isOn) return undefined;
    const { from, server, service, command } = namesOf(line);
    const to = this.#toOf(server, service);
    if (taps.count > 0 && taps.wants(from, to, command)) return undefined;
    const decision = router.here(service, server, this.#parts.now());
    if (decision.kind !== 'port' || keeping.hasKept(router.queuesOf(service))) return undefined;
    const target = table.destinationOf(service);
    return target === undefined ? undefined : { target, flowId: recorder.flowId(from, to, command) };
  }

  handle(_source: Source, line: LineView): void {
    const { router, delivery, now } = this.#parts;
    const place = this.#placeOf(line);
    this.#endRun();
    const names = namesOf(line);
    const decision = router.here(names.service, names.server, now());
    if (decision.kind === 'daemon') this.#toDaemon(line);
    else if (decision.kind === 'port' || decision.kind === 'broadcast') {
      const parcel = this.#withoutEnvelope(this.#parcelOf(line, names));
      if (parcel !== undefined) delivery.send(parcel, decision);
    } else if (decision.kind === 'opaque') delivery.send(this.#parcelOf(line, names), decision);
    else this.#return(line, names);
    this.#beginRun(place + 1);
  }

  refuse(_source: Source, line: LineView, _target: Destination | Group, reason: Refusal): void {
    const place = this.#placeOf(line);
    this.#endRun();
    this.#parts.delivery.refuse(this.#parcelOf(line, namesOf(line)), reason);
    this.#beginRun(place + 1);
  }

  /** The first daemon checked heads only; what is no message here can reach nobody, wherever it goes. */
  reject(_source: Source, error: WireErrorCode, line: LineView | undefined): void {
    const handled = this.#parts.recorder.nextNumber - this.#runRecord;
    const place = line === undefined ? this.#runPlace + handled : this.#placeOf(line);
    this.#endRun();
    this.#countInvalid(error);
    this.#beginRun(place + 1);
  }

  overflow(): void {
    // Frames are bounded, and so are their lines.
  }

  #sourceOf(origin: Instance): ArrivalSource {
    const known = this.#sources.get(origin);
    if (known !== undefined) return known;
    if (this.#sources.size >= SOURCES_MAX)
      for (const [other, { isPaused }] of this.#sources) if (!isPaused) this.#sources.delete(other);
    const source = new ArrivalSource(this.#serial, () => this.#parts.resumed(origin));
    this.#sources.set(origin, source);
    return source;
  }

  /** Nobody is there: the node that it comes from decides again. */
  #return(line: LineView, { from, server, service, command }: LineNames): void {
    this.#returned.push(this.#placeOf(line));
    const to = this.#toOf(server, service);
    const seen = { from, to, command, line: copyWithLineFeed(line.bytes, line.start, line.end) };
    this.#parts.scribe.note({ ...seen, id: this.#idOf(line), port: this.#parts.receivingPort() }, 'returned');
  }

  #toDaemon(line: LineView): void {
    const { bytes, start, end } = line;
    const read = decodeLine(bytes, start, end);
    if (read.kind === 'invalid') this.#countInvalid(read.error);
    if (read.kind !== 'message') return;
    const message = this.#parts.legacy().takeMessage(read.message);
    if (message === undefined) return count(this.#parts.counters.dropped, 'repeat');
    const port = this.#parts.receivingPort();
    this.#parts.command(message, { lineBytes: end - start + 1, id: formatId(this.#idOf(line)), port });
  }

  /** What entered the graph from a C++ daemon may have come by two ways, and is seen as it was sent. */
  #withoutEnvelope(parcel: Parcel): Parcel | undefined {
    if (parcel.message === undefined) return parcel;
    const message = this.#parts.legacy().takeMessage(parcel.message);
    if (message === undefined) count(this.#parts.counters.dropped, 'repeat');
    if (message === undefined || message === parcel.message) return message && parcel;
    return { ...parcel, message, line: Buffer.from(`${encodeMessage(message)}\n`) };
  }

  #countInvalid(error: WireErrorCode): void {
    count(this.#parts.counters.invalid, error);
    this.#parts.counters.arrivedInvalid++;
  }

  #parcelOf(line: LineView, { from, server, service, command }: LineNames): Parcel {
    const { bytes, start, end } = line;
    const read = hasSpecial(line) ? decodeLine(bytes, start, end) : undefined;
    const message = read?.kind === 'message' ? read.message : undefined;
    const isDurable = message !== undefined && parseCachePolicy(message.parameters['cache']).isDurable;
    const id = formatId(this.#idOf(line));
    return {
      connection: undefined,
      from,
      server,
      service,
      command,
      line: copyWithLineFeed(bytes, start, end),
      message,
      id,
      port: this.#parts.receivingPort(),
      confirm: isDurable ? this.#confirmer(id) : undefined,
    };
  }

  /** Tells the node that holds a durable message what became of it. */
  #confirmer(id: string): Parcel['confirm'] {
    const { origin } = this.#arrival as Arrival;
    return (status) => this.#parts.confirm(origin, id, status);
  }

  #idOf(line: LineView): MessageId {
    const { origin, id } = this.#arrival as Arrival;
    return idInFrame(origin, id, this.#placeOf(line));
  }

  #toOf(server: string, service: string): string {
    return `${server === '' || server === '.' ? this.#parts.server : server}:${service}`;
  }

  /** Which line of the arrival it is. Never asked for one before the last that was asked for. */
  #placeOf({ bytes, start }: LineView): number {
    const arrived = (this.#arrival as Arrival).bytes;
    const inPiece = bytes === this.#parts.arena.bytes ? start - this.#pieceAddress : start;
    const end = this.#pieceOffset + inPiece;
    for (;;) {
      const next = arrived.indexOf(LINE_FEED, this.#countedEnd);
      if (next === -1 || next >= end) return this.#countedLines;
      this.#countedEnd = next + 1;
      this.#countedLines++;
    }
  }

  /** The inner loop has handled some lines: their records are consecutive, and so are their ids. */
  #endRun(): void {
    const { recorder, receivingPort } = this.#parts;
    const { origin, id } = this.#arrival as Arrival;
    const lines = recorder.nextNumber - this.#runRecord;
    if (lines > 0)
      recorder.identities.add(this.#runRecord, lines, idInFrame(origin, id, this.#runPlace), receivingPort());
  }

  /** @param place of the line behind the one that was handled outside of it */
  #beginRun(place: number): void {
    this.#runPlace = place;
    this.#runRecord = this.#parts.recorder.nextNumber;
  }
}

/** Where a piece of whole lines ends that fits into the switch's input; one line that does not is a piece by itself. */
function pieceEnd(bytes: Uint8Array, start: number): number {
  if (bytes.length - start <= INPUT_BYTES) return bytes.length;
  const last = bytes.lastIndexOf(LINE_FEED, start + INPUT_BYTES - 1) + 1;
  return last > start ? last : bytes.indexOf(LINE_FEED, start) + 1 || bytes.length;
}

function copyWithLineFeed(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const line = new Uint8Array(end - start + 1);
  line.set(bytes.subarray(start, end));
  line[end - start] = LINE_FEED;
  return line;
}
