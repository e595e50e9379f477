// What the recorder holds, as others are told it: by filter and time, page by page, or all that is known of one message.

import type { Filter } from '@snapcommunicator/network/filter';
import type { MessageRecord } from '@snapcommunicator/network/story';
import { formatId, type MessageId } from './message-id.ts';
import { outcomeIn, reasonIn, runIn } from './outcomes.ts';
import type { Payloads } from './payloads.ts';
import type { LineRecord, Recorder } from './recorder.ts';
import { RunRanks } from './run-ranks.ts';
import type { Run } from './runs.ts';

export interface ReaderParts {
  readonly recorder: Recorder;
  readonly payloads: Payloads;
  /** This node, in this life. */
  readonly node: string;
  readonly incarnation: number;
  /** What is older is not told. */
  readonly ageMsMax: number;
  /** The neighbour at the other end of a link, also of one that is gone; empty if that is forgotten. */
  readonly neighbourOn: (port: number) => string;
}

export interface RecordQuery {
  readonly filter?: Filter | undefined;
  /** Unix seconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** The number of the first record that may be told. */
  readonly after?: number | undefined;
  readonly countMax: number;
  readonly isNewest: boolean;
  /** Of the records as JSON. */
  readonly bytesMax: number;
}

export interface RecordPage {
  /** Each as JSON, oldest first. */
  readonly records: readonly string[];
  /** Where to go on; undefined: there is no more. */
  readonly next: number | undefined;
  /** Of the newest: all since then is told, in Unix seconds, and of what was before only this much is known: it is too much. */
  readonly since: number | undefined;
  /** Unix seconds of the oldest that is held; undefined: nothing is. */
  readonly oldest: number | undefined;
}

/** So many records are looked at for one question; then whoever asks must ask again, and others have their turn. */
const LOOKED_AT_MAX = 400_000;

export class RecordReader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Records that match. */
  read(query: RecordQuery): RecordPage {
    const { recorder } = this.#parts;
    const first = this.#firstNumber();
    const end = recorder.nextNumber;
    const oldest = first < end ? recorder.unixTimeOf(recorder.record(first).timeMs) : undefined;
    const from = Math.max(first, query.after ?? 0, this.#firstSince(query.since, first, end));
    const to = query.until === undefined ? end : this.#firstSince(query.until + 0.001, from, end);
    const page = query.isNewest ? this.#newest(query, from, to) : this.#oldest(query, from, to);
    return { ...page, oldest };
  }

  /** All that is known of one message, in order. */
  about(id: MessageId): MessageRecord[] {
    const { recorder } = this.#parts;
    const ranks = new RunRanks(recorder);
    const records: MessageRecord[] = [];
    for (const number of this.#numbersOf(id, ranks)) {
      const record = this.#tell(recorder.record(number), ranks);
      if (record !== undefined) records.push(record);
    }
    records.push(...this.#passages(id), ...this.#takings(id, records));
    return records.sort((a, b) => a.number - b.number || a.time - b.time);
  }

  #oldest({ filter, countMax, bytesMax }: RecordQuery, from: number, to: number) {
    const { recorder } = this.#parts;
    const matching = new Matching(filter);
    const ranks = new RunRanks(recorder);
    const records: string[] = [];
    let bytes = 0;
    const end = Math.min(to, from + LOOKED_AT_MAX);
    for (let number = from; number < end; number++) {
      if (!matching.mayMatch(recorder, number)) continue;
      const record = this.#tell(recorder.record(number), ranks);
      if (record === undefined || filter?.matches(record) === false) continue;
      const text = JSON.stringify(record);
      if (records.length >= countMax || (records.length > 0 && bytes + text.length > bytesMax))
        return { records, next: number, since: undefined };
      bytes += text.length + 1;
      records.push(text);
    }
    return { records, next: end < to ? end : undefined, since: undefined };
  }

  #newest({ filter, countMax, bytesMax }: RecordQuery, from: number, to: number) {
    const { recorder } = this.#parts;
    const matching = new Matching(filter);
    const ranks = new RunRanks(recorder);
    const records: string[] = [];
    let bytes = 0;
    const end = Math.max(from, to - LOOKED_AT_MAX);
    /** The oldest record from which on nothing is missing. */
    let whole = to;
    for (let number = to - 1; number >= end; number--) {
      if (!matching.mayMatch(recorder, number)) continue;
      const record = this.#tell(recorder.record(number), ranks);
      if (record === undefined || filter?.matches(record) === false) continue;
      const text = JSON.stringify(record);
      bytes += text.length + 1;
      if (records.length >= countMax || (records.length > 0 && bytes > bytesMax)) {
        const since = whole < to ? recorder.unixTimeOf(recorder.record(whole).timeMs) : undefined;
        return { records: records.reverse(), next: undefined, since };
      }
      records.push(text);
      whole = number;
    }
    const since = end > from ? recorder.unixTimeOf(recorder.record(end).timeMs) : undefined;
    return { records: records.reverse(), next: undefined, since };
  }

  /** The oldest record that is young enough to be told. */
  #firstNumber(): number {
    const { recorder, ageMsMax } = this.#parts;
    return this.#search(recorder.oldestNumber, recorder.nextNumber, ageMsMax);
  }

  #firstSince(since: number | undefined, first: number, end: number): number {
    return since === undefined ? first : this.#search(first, end, this.#parts.recorder.ageSince(since));
  }

  /** The first record that is no older than that. */
  #search(first: number, end: number, ageMs: number): number {
    const { recorder } = this.#parts;
    let low = first;
    let high = end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (recorder.ageAt(middle) > ageMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #tell({ flow, number, bytes, timeMs, word }: LineRecord, ranks: RunRanks): MessageRecord | undefined {
    const { recorder, payloads, neighbourOn } = this.#parts;
    const outcome = outcomeIn(word);
    if (outcome === '') return undefined;
    const reason = reasonIn(word);
    const identified = recorder.identities.find(number);
    const run = recorder.runs.get(runIn(word));
    const parameters = payloads.parametersOf(number);
    const id = identified?.id ?? this.#idOf(number, word, run, ranks);
    const cameBy = identified === undefined || identified.port === 0 ? '' : neighbourOn(identified.port);
    const wentBy = run === undefined || run.port === 0 ? '' : neighbourOn(run.port);
    return {
      time: recorder.unixTimeOf(timeMs),
      number,
      ...flow,
      size: bytes,
      outcome,
      ...(reason !== '' && { reason }),
      ...(id !== undefined && { id: formatId(id) }),
      ...(cameBy !== '' && { cameBy }),
      ...(wentBy !== '' && { wentBy }),
      ...(parameters !== undefined && { parameters }),
    };
  }

  /** The id of a line that has none from elsewhere. */
  #idOf(number: number, word: number, run: Run | undefined, ranks: RunRanks): MessageId | undefined {
    const { node, incarnation } = this.#parts;
    if (runIn(word) === 0) return { node, incarnation, stream: 0, number };
    if (run?.id === undefined) return undefined;
    const rank = ranks.rankOf(number, runIn(word), run);
    return rank === undefined ? undefined : { node, ...run.id, number: run.id.number + rank };
  }

  /** The records of a message that are held. */
  #numbersOf(id: MessageId, ranks: RunRanks): Set<number> {
    const { recorder, node, incarnation } = this.#parts;
    const isOfHere = id.node === node;
    const numbers = new Set(recorder.identities.recordsOf(id));
    if (isOfHere && id.incarnation === incarnation && id.stream === 0) numbers.add(id.number);
    if (isOfHere) {
      for (const { key, run, rank } of recorder.runs.withLine(id)) {
        const number = ranks.recordAt(key, run, rank);
        if (number !== undefined) numbers.add(number);
      }
    }
    const [first, end] = [this.#firstNumber(), recorder.nextNumber];
    for (const number of numbers) {
      const isHeld = number >= first && number < end;
      // A number alone says nothing: that record may bear the id of a line from elsewhere.
      if (!isHeld || !this.#isCalled(number, id, ranks)) numbers.delete(number);
    }
    return numbers;
  }

  #isCalled(number: number, id: MessageId, ranks: RunRanks): boolean {
    const { recorder } = this.#parts;
    const word = recorder.wordAt(number);
    const found =
      recorder.identities.find(number)?.id ?? this.#idOf(number, word, recorder.runs.get(runIn(word)), ranks);
    return found !== undefined && formatId(found) === formatId(id);
  }

  #passages(id: MessageId): MessageRecord[] {
    const { recorder, neighbourOn, ageMsMax } = this.#parts;
    const records: MessageRecord[] = [];
    for (const { bytes, cameBy, wentBy, timeMs, record } of recorder.passages.withLine(id)) {
      if (recorder.ageOf(timeMs) > ageMsMax) continue;
      records.push({
        time: recorder.unixTimeOf(timeMs),
        number: record,
        from: '',
        to: '',
        command: '',
        size: bytes,
        outcome: 'passed',
        id: formatId(id),
        ...(neighbourOn(cameBy) !== '' && { cameBy: neighbourOn(cameBy) }),
        ...(neighbourOn(wentBy) !== '' && { wentBy: neighbourOn(wentBy) }),
      });
    }
    return records;
  }

  /** That the node that it was sent to has said that it has it. */
  #takings(id: MessageId, known: readonly MessageRecord[]): MessageRecord[] {
    const { recorder, node, neighbourOn } = this.#parts;
    if (id.node !== node) return [];
    const records: MessageRecord[] = [];
    for (const { run, rank } of recorder.runs.withLine(id)) {
      const sent = known.filter(({ outcome, number }) => outcome === 'sent' && number < run.recordEnd).at(-1);
      if (sent === undefined || rank >= run.settledCount) continue;
      // What else a line may come to has a record of its own.
      const isOther = known.some(({ number, outcome, reason }) => number > sent.number && isUntaken(outcome, reason));
      if (run.isMixed && isOther) continue;
      const { from, to, command, size } = sent;
      const wentBy = neighbourOn(run.port);
      records.push({
        time: recorder.unixTimeOf(run.settledMs),
        number: run.recordEnd,
        ...{ from, to, command, size },
        outcome: 'taken',
        id: formatId(id),
        ...(wentBy !== '' && { wentBy }),
      });
    }
    return records;
  }
}

/** Whether a later record says that the node to which it was sent did not take it. */
const isUntaken = (outcome: string, reason = ''): boolean =>
  outcome === 'unknown' ||
  outcome === 'expired' ||
  outcome === 'dropped' ||
  (outcome === 'kept' && (reason === 'returned' || reason === 'unsent' || reason === 'unknown'));

/** Asks the filter once for each flow whether it can match at all. */
class Matching {
  readonly #filter: Filter | undefined;
  readonly #byFlow = new Map<number, boolean>();

  constructor(filter: Filter | undefined) {
    this.#filter = filter;
  }

  mayMatch(recorder: Recorder, number: number): boolean {
    if (this.#filter === undefined) return true;
    const id = recorder.flowIdAt(number);
    let may = this.#byFlow.get(id);
    if (may === undefined) {
      may = this.#filter.mayMatchHead(recorder.flow(id)) !== 'no';
      this.#byFlow.set(id, may);
    }
    return may;
  }
}
