// What is told of records: ids of lines in runs, of lines that arrived, of frames that passed; times, filters, pages.

import { compileFilter } from '@snapcommunicator/network/filter';
import type { MessageRecord } from '@snapcommunicator/network/story';
import { beforeEach, describe, expect, it } from 'vitest';
import { Arena } from '../switch/arena.ts';
import { formatId, parseId } from './message-id.ts';
import { wordOfRun } from './outcomes.ts';
import { Payloads } from './payloads.ts';
import { type RecordQuery, RecordReader } from './reader.ts';
import { Recorder } from './recorder.ts';
import { Redaction } from './redaction.ts';

const SELF = '00000000000000aa';
const OTHER = '00000000000000bb';
const AGE_MS_MAX = 60_000;

let nowMs = 0;
let recorder: Recorder;
let reader: RecordReader;

beforeEach(() => {
  nowMs = 1000;
  const arena = new Arena({ bufferBytes: 1 << 20, recordCount: 64, lineBytesMax: 1000 });
  recorder = new Recorder(arena, { runCountMax: 16, now: () => nowMs });
  reader = new RecordReader({
    recorder,
    payloads: new Payloads(0, new Redaction([])),
    node: SELF,
    incarnation: 5,
    ageMsMax: AGE_MS_MAX,
    neighbourOn: (port) => ['', 'beta', 'gamma'][port] ?? '',
  });
});

const flow = (command: string): number => recorder.flowId('alpha:web', 'beta:db', command);

/** Lines of one run, as the inner loop records them. */
function send(run: number, command: string): void {
  recorder.amend(recorder.note(flow(command), 10, 'sent'), wordOfRun(run));
}

const page = (filter = '', more: Partial<Parameters<RecordReader['read']>[0]> = {}): MessageRecord[] => {
  const { filter: compiled } = compileFilter(filter);
  const { records } = reader.read({ filter: compiled, countMax: 1000, isNewest: false, bytesMax: 1e6, ...more });
  return records.map((text) => JSON.parse(text));
};
const about = (id: string): string[] => {
  const parsed = parseId(id);
  if (parsed === undefined) throw new Error(id);
  return reader.about(parsed).map(({ outcome, reason }) => (reason === undefined ? outcome : `${outcome} ${reason}`));
};

describe('ids', () => {
  it('of lines of this machine are their numbers', () => {
    recorder.note(flow('A'), 10, 'delivered');
    recorder.note(flow('B'), 10, 'refused', { reason: 'queue-full' });
    expect(page().map(({ id }) => id)).toEqual([`${SELF}.5.0.0`, `${SELF}.5.0.1`]);
    expect(about(`${SELF}.5.0.1`)).toEqual(['refused queue-full']);
    expect(about(`${SELF}.5.0.2`)).toEqual([]);
    expect(about(`${SELF}.4.0.1`)).toEqual([]);
  });

  it('of lines in a run are its first id and their rank, whatever stands between them', () => {
    const [one, other] = [recorder.runs.open(), recorder.runs.open()];
    for (const [run, command] of [
      [one, 'A0'],
      [other, 'B0'],
      [one, 'A1'],
      [other, 'B1'],
      [one, 'A2'],
    ] as const)
      send(run, command);
    expect(page().map(({ id }) => id)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    recorder.runs.close(one, 3, recorder.nextNumber);
    recorder.runs.close(other, 2, recorder.nextNumber);
    recorder.runs.sent(one, { incarnation: 5, stream: 7, number: 100 }, 1);
    recorder.runs.sent(other, { incarnation: 5, stream: 8, number: 20 }, 2);
    expect(page().map(({ command, id, wentBy }) => `${command} ${id?.slice(SELF.length + 1)} ${wentBy}`)).toEqual([
      'A0 5.7.100 beta',
      'B0 5.8.20 gamma',
      'A1 5.7.101 beta',
      'B1 5.8.21 gamma',
      'A2 5.7.102 beta',
    ]);
    expect(page('command==A1')).toMatchObject([{ id: `${SELF}.5.7.101` }]);
    expect(page('', { isNewest: true, countMax: 2 }).map(({ id }) => id)).toEqual([
      `${SELF}.5.8.21`,
      `${SELF}.5.7.102`,
    ]);
    expect(about(`${SELF}.5.7.101`)).toEqual(['sent']);
    recorder.runs.settled(one, 2, true, recorder.timeMs);
    expect([about(`${SELF}.5.7.101`), about(`${SELF}.5.7.102`)]).toEqual([['sent', 'taken'], ['sent']]);
  });

  it('of a run whose beginning is not held any more are counted from its end', () => {
    const run = recorder.runs.open();
    for (let n = 0; n < 100; n++) send(run, 'LONG');
    recorder.runs.close(run, 100, recorder.nextNumber);
    recorder.runs.sent(run, { incarnation: 5, stream: 7, number: 1 }, 1);
    const ids = page().map(({ id }) => Number(id?.split('.')[3]));
    expect(ids).toEqual(Array.from({ length: 64 }, (_, place) => 37 + place));
    expect(about(`${SELF}.5.7.36`)).toEqual([]);
    expect(about(`${SELF}.5.7.37`)).toEqual(['sent']);
  });

  it('of what came back: a line that was not taken has a record of its own', () => {
    const run = recorder.runs.open();
    send(run, 'A0');
    send(run, 'A1');
    recorder.runs.close(run, 2, recorder.nextNumber);
    recorder.runs.sent(run, { incarnation: 5, stream: 7, number: 1 }, 1);
    recorder.runs.settled(run, 1, false, recorder.timeMs);
    recorder.runs.settled(run, 1, true, recorder.timeMs);
    const id = { node: SELF, incarnation: 5, stream: 7, number: 1 };
    recorder.note(flow('A0'), 10, 'kept', { reason: 'returned', id, isLater: true });
    recorder.note(flow('A0'), 10, 'expired', { id, isLater: true });
    expect(about(formatId(id))).toEqual(['sent', 'kept returned', 'expired']);
    expect(about(formatId({ ...id, number: 2 }))).toEqual(['sent', 'taken']);
  });

  it('of lines that arrived are those of their first daemon', () => {
    recorder.note(flow('OWN'), 10, 'delivered');
    for (let n = 0; n < 3; n++) recorder.note(flow('CAME'), 10, 'delivered');
    recorder.identities.add(1, 3, { node: OTHER, incarnation: 9, stream: 4, number: 50 }, 1);
    recorder.note(flow('CAST'), 10, 'delivered', { id: parseId(`${OTHER}.9.*.3`), port: 2 });
    recorder.note(flow('OWN'), 10, 'delivered');
    expect(page().map(({ id, cameBy }) => [id, cameBy])).toEqual([
      [`${SELF}.5.0.0`, undefined],
      [`${OTHER}.9.4.50`, 'beta'],
      [`${OTHER}.9.4.51`, 'beta'],
      [`${OTHER}.9.4.52`, 'beta'],
      [`${OTHER}.9.*.3`, 'gamma'],
      [`${SELF}.5.0.5`, undefined],
    ]);
    expect(about(`${OTHER}.9.4.52`)).toEqual(['delivered']);
    // The number of a record that bears a foreign id is nobody's.
    expect(about(`${SELF}.5.0.2`)).toEqual([]);
  });

  it('of frames that passed', () => {
    const frame = { kind: 'data', hops: 9, last: 'x', stream: 4, base: 1, sequence: 50, id: undefined } as const;
    recorder.passages.add(
      { ...frame, origin: `${OTHER}~9`, count: 10, payload: new Uint8Array(99) },
      1,
      2,
      recorder.timeMs,
      recorder.nextNumber,
    );
    expect(reader.about({ node: OTHER, incarnation: 9, stream: 4, number: 59 })).toMatchObject([
      { outcome: 'passed', size: 99, cameBy: 'beta', wentBy: 'gamma', id: `${OTHER}.9.4.59` },
    ]);
    expect(about(`${OTHER}.9.4.60`)).toEqual([]);
  });
});

describe('pages', () => {
  it('begin where the last one ended, and keep to their size', () => {
    for (let n = 0; n < 10; n++) recorder.note(flow(`C${n}`), 10, 'delivered');
    const first = reader.read({ countMax: 4, isNewest: false, bytesMax: 1e6 });
    expect([first.records.length, first.next]).toEqual([4, 4]);
    const rest = reader.read({ countMax: 100, isNewest: false, bytesMax: 1e6, after: first.next });
    expect([rest.records.length, rest.next]).toEqual([6, undefined]);
    const small = reader.read({ countMax: 100, isNewest: false, bytesMax: 10 });
    expect([small.records.length, small.next]).toEqual([1, 1]);
  });

  it('of the newest say where they begin, if there is more', () => {
    for (let n = 0; n < 10; n++) {
      recorder.note(flow(n % 2 === 0 ? 'EVEN' : 'ODD'), 10, 'delivered');
      nowMs += 1000;
    }
    const { filter } = compileFilter('command==EVEN');
    const newest = (countMax: number, more: Partial<RecordQuery> = {}) => {
      const { records, next, since } = reader.read({ countMax, isNewest: true, bytesMax: 1e6, ...more });
      expect(next).toBeUndefined();
      const first = recorder.unixTimeOf(recorder.record(0).timeMs);
      return [records.length, since === undefined ? undefined : Math.round(since - first)];
    };
    expect(newest(4)).toEqual([4, 6]);
    expect(newest(10)).toEqual([10, undefined]);
    expect(newest(100, { bytesMax: 10 })).toEqual([1, 9]);
    expect(newest(4, { filter })).toEqual([4, 2]);
    expect(newest(5, { filter })).toEqual([5, undefined]);
    expect(newest(4, { since: recorder.unixTimeOf(recorder.record(6).timeMs) })).toEqual([4, undefined]);
  });

  it('tell nothing that is too old, and only what the time asked for holds', () => {
    recorder.note(flow('OLD'), 10, 'delivered');
    nowMs += AGE_MS_MAX - 1000;
    recorder.note(flow('MIDDLE'), 10, 'delivered');
    nowMs += 2000;
    recorder.note(flow('NEW'), 10, 'delivered');
    expect(page().map(({ command }) => command)).toEqual(['MIDDLE', 'NEW']);
    expect(about(`${SELF}.5.0.0`)).toEqual([]);
    const now = Date.now() / 1000;
    expect(page('', { since: now - 1 }).map(({ command }) => command)).toEqual(['NEW']);
    expect(page('', { until: now - 1 }).map(({ command }) => command)).toEqual(['MIDDLE']);
  });
});

it('reads ids, and nothing else', () => {
  for (const id of [`${SELF}.5.0.1`, `${SELF}.5.*.1`, `${SELF}.5.?.77`])
    expect(formatId(parseId(id) as never)).toBe(id);
  for (const text of ['', 'x', `${SELF}.5.0`, `${SELF}.5.0.1.2`, `${SELF}.5.-1.1`, `${SELF.toUpperCase()}.5.0.1`])
    expect(parseId(text)).toBeUndefined();
});
