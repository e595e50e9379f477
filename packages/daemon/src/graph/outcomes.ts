// What became of messages that went to other nodes: those that are known not to have arrived are decided about again.

import type { FrameId, Instance } from '@snapcommunicator/network/frame';
import type { KeptEntry } from '@snapcommunicator/network/keeper';
import type { Outcome } from '@snapcommunicator/network/stream';
import { decodeLine } from 'snapcommunicator/wire';
import { type Counters, count } from '../bus/counters.ts';
import type { Delivery, Parcel } from '../bus/delivery.ts';
import type { Keeping } from '../bus/keeping.ts';
import { idInFrame } from '../recorder/message-id.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Scribe } from '../recorder/scribe.ts';
import { namesIn, readNames } from '../switch/line-names.ts';
import type { Output } from '../switch/output.ts';
import type { Sent } from './remote-nodes.ts';
import type { StreamAccounts } from './stream-accounts.ts';

export interface OutcomesParts {
  readonly keeping: Keeping;
  readonly delivery: Delivery;
  readonly counters: Counters;
  readonly output: Output;
  readonly recorder: Recorder;
  readonly scribe: Scribe;
  readonly accounts: StreamAccounts;
  /** This life of the node. */
  readonly self: Instance;
  readonly nameOf: (instance: Instance) => string;
  /** The id of a message by its place in a stream. */
  readonly idOf: (id: FrameId) => string;
  /** The queue in which a message waits for its destination. */
  readonly queueOf: (server: string, service: string) => string;
  /** A node has taken a durable message. */
  readonly awaitConfirmation: (entry: KeptEntry, instance: Instance) => void;
  /** A node does not have a service. */
  readonly returned: (instance: Instance, service: string) => void;
  /** Something waits in this queue again, and may go somewhere else now. */
  readonly changed: (queue: string) => void;
}

const LINE_FEED = 10;

export class Outcomes {
  readonly #parts: OutcomesParts;

  constructor(parts: OutcomesParts) {
    this.#parts = parts;
  }

  settle(outcomes: readonly Outcome<Sent>[]): void {
    for (const outcome of outcomes) {
      const { token, bytes, count: lines } = outcome.parcel;
      const { recorder, accounts } = this.#parts;
      recorder.runs.settled(token.run, lines, outcome.fate === 'taken', recorder.timeMs);
      accounts.settled(token.instance, outcome.fate, lines);
      if (token.entry === undefined) this.#settleLines(outcome);
      else this.#settleEntry(outcome, token.entry);
      token.bytesLeft -= bytes.length;
      if (token.bytesLeft <= 0) token.done(true);
    }
  }

  /** A message that was kept. */
  #settleEntry({ fate, parcel, id }: Outcome<Sent>, entry: KeptEntry): void {
    if (fate === 'returned')
      this.#parts.returned(parcel.token.instance, entry.destination.slice(entry.destination.indexOf(':') + 1));
    const { keeping, changed } = this.#parts;
    if (fate === 'taken') {
      if (entry.isDurable) this.#parts.awaitConfirmation(entry, parcel.token.instance);
      else keeping.confirm(entry);
    } else if (fate === 'unknown' && !entry.isDurable) this.#lose(entry.bytes, 1, 'unknown', id, parcel.token.instance);
    else {
      keeping.takeBack([entry], fate === 'unknown', fate);
      changed(entry.destination);
    }
  }

  /** Lines that went straight on. */
  #settleLines({ fate, parcel, id }: Outcome<Sent>): void {
    const { bytes, count: lines, token } = parcel;
    if (fate === 'taken') return;
    if (fate === 'expired' || fate === 'unknown') return this.#lose(bytes, lines, fate, id, token.instance);
    this.#parts.output.forgetVerdicts(token.destination);
    const cameFrom = fate === 'returned' ? token.instance : undefined;
    const order = token.order + bytes.byteOffset - token.offset;
    for (const { line, start, place } of linesOf(bytes))
      this.#decideAgain(line, order + start, parcel.deadlineMs, { ...id, number: id.number + place }, cameFrom);
  }

  /** It waits in the keeper, in its old place, for another instance, if it may. */
  #decideAgain(line: Uint8Array, order: number, deadlineMs: number, id: FrameId, cameFrom: Instance | undefined): void {
    const { keeping, delivery, counters, idOf, queueOf, changed } = this.#parts;
    const parcel = parcelOf(line);
    if (parcel === undefined) return count(counters.dropped, 'nobody');
    if (cameFrom !== undefined) this.#parts.returned(cameFrom, parcel.service);
    const { policy, report, messageId } = delivery.wishesOf(parcel);
    if (!policy.isKept) return delivery.giveUp({ ...parcel, id: idOf(id) }, 'absent');
    const destination = queueOf(parcel.server, parcel.service);
    const { from: sender, command } = parcel;
    const token = { command, messageId };
    // Line by line in memory of its own: what a parcel held may be much larger than what waits.
    const bytes = new Uint8Array(line);
    const entry = { id: idOf(id), destination, sender, bytes, ttlMs: policy.ttlMs, isDurable: false, report, token };
    const reason = cameFrom === undefined ? 'unsent' : 'returned';
    keeping.takeBack([keeping.keeper.admitAt(entry, order, deadlineMs)], false, reason);
    changed(destination);
  }

  /** Messages ended, and nobody will know more. */
  #lose(bytes: Uint8Array, lines: number, fate: 'expired' | 'unknown', id: FrameId, instance: Instance): void {
    const { delivery, counters, scribe, self } = this.#parts;
    counters[fate] += lines;
    const server = this.#parts.nameOf(instance);
    for (const { line, place } of linesOf(bytes)) {
      const names = readNames(line);
      if (names === undefined) continue;
      const seen = { ...names, to: `${server}:${names.service}`, line, id: idInFrame(self, id, place) };
      scribe.note(seen, fate, { isLater: true });
      if (!mayWantReport(line)) continue;
      const parcel = parcelOf(line);
      if (parcel === undefined) continue;
      const { report, messageId } = delivery.wishesOf(parcel);
      if (report === 'always') delivery.report(parcel.from, parcel.command, fate, undefined, messageId);
    }
  }
}

/** The lines of a block, each with its LF. */
function* linesOf(bytes: Uint8Array): Generator<{ line: Uint8Array; start: number; place: number }> {
  let place = 0;
  for (let start = 0; start < bytes.length; place++) {
    const next = bytes.indexOf(LINE_FEED, start) + 1 || bytes.length;
    yield { line: bytes.subarray(start, next), start, place };
    start = next;
  }
}

const mayWantReport = (line: Uint8Array): boolean =>
  Buffer.from(line.buffer, line.byteOffset, line.length).includes('transmission_report=');

function parcelOf(line: Uint8Array): Parcel | undefined {
  const read = decodeLine(line, 0, line.length - 1);
  if (read.kind !== 'message') return undefined;
  return { connection: undefined, ...namesIn(read.message), line, message: read.message };
}
