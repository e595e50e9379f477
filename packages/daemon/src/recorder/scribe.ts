// Writes down what became of lines that did not pass the inner loop: for the recorder, and for those who look.

import type { RecordedOutcome } from '@snapcommunicator/network/story';
import type { Taps } from '../bus/taps.ts';
import { formatId, type MessageId, parseId } from './message-id.ts';
import { type Reason, wordOf } from './outcomes.ts';
import type { Payloads } from './payloads.ts';
import type { Recorder } from './recorder.ts';

/** A line as it is seen here. */
export interface Seen {
  /** `server:service`; either part may be empty. */
  readonly from: string;
  readonly to: string;
  readonly command: string;
  /** With its LF. */
  readonly line: Uint8Array;
  /** Its id, if it got one before. */
  readonly id?: string | MessageId | undefined;
  /** The link that it came over. */
  readonly port?: number | undefined;
}

/** What is said of it beyond the outcome. */
export interface Circumstances {
  readonly reason?: Reason;
  /** It has a record here already: this is what became of it. */
  readonly isLater?: boolean;
  /** As `Output.lastOutcome` has it, in place of the outcome's own: which run it went out with. */
  readonly word?: number;
}

export interface ScribeParts {
  readonly recorder: Recorder;
  readonly taps: Taps;
  readonly payloads: Payloads;
  /** The id of a message by its number. */
  readonly idOf: (number: number) => string;
}

/** Later events that sniffers are shown: before them the message was only kept, or on its way. */
const SHOWN_LATER: ReadonlySet<RecordedOutcome> = new Set(['expired', 'dropped', 'unknown']);

/** Told of each line that is written down, besides those who sniff. */
export type Witness = (
  seen: Pick<Seen, 'from' | 'to' | 'command' | 'line'>,
  id: string,
  outcome: RecordedOutcome,
  reason: Reason,
) => void;

export class Scribe {
  readonly #parts: ScribeParts;
  /** Whoever traces messages. */
  witness: Witness | undefined = undefined;

  constructor(parts: ScribeParts) {
    this.#parts = parts;
  }

  /** Whether somebody is told of lines, and of their ids, as they pass. */
  get isWatched(): boolean {
    return this.#parts.taps.count > 0 || this.witness !== undefined;
  }

  /** A line has come to this. */
  note(seen: Seen, outcome: RecordedOutcome, circumstances: Circumstances = {}): void {
    const { reason = '', isLater = false, word } = circumstances;
    const number = this.#record(seen, outcome, reason, isLater);
    if (word !== undefined) this.#parts.recorder.amend(number, word);
    if (!isLater || SHOWN_LATER.has(outcome)) this.#show(seen, number, outcome, reason);
  }

  /** Gives a line its record, and with it its id, before it is known what becomes of it: `end` must follow. */
  begin(seen: Seen): number {
    return this.#record(seen, 'kept', '', false);
  }

  end(number: number, seen: Seen, outcome: RecordedOutcome, reason: Reason = ''): void {
    this.#parts.recorder.amend(number, wordOf(outcome, reason));
    this.#show(seen, number, outcome, reason);
  }

  #record({ from, to, command, line, id, port }: Seen, outcome: RecordedOutcome, reason: Reason, isLater: boolean) {
    const { recorder, payloads } = this.#parts;
    const parts = typeof id === 'string' ? parseId(id) : id;
    const flow = recorder.flowId(from, to, command);
    const number = recorder.note(flow, line.length, outcome, { reason, id: parts, port, isLater });
    if (payloads.isOn) payloads.keep(number, line);
    return number;
  }

  #show({ from, to, command, line, id }: Seen, number: number, outcome: RecordedOutcome, reason: Reason): void {
    if (!this.isWatched) return;
    const { taps, idOf } = this.#parts;
    const named = (typeof id === 'object' ? formatId(id) : id) ?? idOf(number);
    taps.show({ from, to, command, line: line.subarray(0, -1), outcome, reason, id: named });
    this.witness?.({ from, to, command, line }, named, outcome, reason);
  }
}
