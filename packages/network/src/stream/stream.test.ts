// Streams over a path that loses, repeats and reorders frames: every line once, in order, with one outcome.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DataFrame, instanceOf, type RoutedFrame } from '../frame/frame.ts';
import { encodeText } from '../frame/text.ts';
import { sliceLines } from './lines.ts';
import { type Arrival, type Outcome, STREAM_OPTIONS, Streams } from './streams.ts';

const alpha = instanceOf('a'.repeat(16), 1);
const beta = instanceOf('b'.repeat(16), 7);

interface End {
  readonly streams: Streams<number>;
  readonly arrived: string[];
  readonly ids: string[];
  readonly outcomes: Outcome<number>[];
  /** Payloads that wait for others before them. */
  readonly kept: ReadonlySet<Uint8Array>;
  isAbsent: (line: string) => boolean;
  isFull: boolean;
  reachable: boolean;
}

const narrow = { ...STREAM_OPTIONS, windowBytes: 4000, frameBytesMax: 300, flightBytesMin: 500 };

function end(self: string, options = narrow): End {
  const arrived: string[] = [];
  const ids: string[] = [];
  const take = ({ id, bytes, count }: Arrival): number[] => {
    const missing: number[] = [];
    for (let place = 0; place < count; place++) {
      const line = Buffer.from(sliceLines(bytes, place, place + 1))
        .toString()
        .trimEnd();
      if (here.isAbsent(line)) missing.push(place);
      else {
        arrived.push(line);
        ids.push(`${id.incarnation}.${id.stream}.${id.number + place}`);
      }
    }
    return missing;
  };
  // What was released may be written over.
  const kept = new Set<Uint8Array>();
  const waitingRoom = {
    keep: (payload: Uint8Array): Uint8Array => {
      const copy = new Uint8Array(payload);
      kept.add(copy);
      return copy;
    },
    release: (payload: Uint8Array): void => {
      expect(kept.delete(payload)).toBe(true);
      payload.fill(0);
    },
  };
  const taker = { take, mayTake: () => !here.isFull };
  const streams = new Streams<number>({
    self,
    options,
    isReachable: () => here.reachable,
    isKnown: () => true,
    taker,
    waitingRoom,
  });
  const state = { isAbsent: () => false, isFull: false, reachable: true };
  const here: End = { streams, arrived, ids, outcomes: [], kept, ...state };
  return here;
}

/** The first frame of a stream from alpha to beta: a line of so many bytes. */
const oneLine = (bytes: number): DataFrame => ({
  kind: 'data',
  hops: 1,
  origin: alpha,
  last: beta,
  stream: 1,
  base: 1,
  sequence: 1,
  count: 1,
  id: undefined,
  payload: encodeText(`b/N n=${'x'.repeat(bytes - 7)}\n`),
});

const parcel = (number: number, deadlineMs = Number.POSITIVE_INFINITY) => ({
  bytes: encodeText(`b/N n=${number}\n`),
  count: 1,
  id: undefined,
  deadlineMs,
  token: number,
});

/** Carries frames between two ends; `fate` says how often each arrives, and how late. */
function run(ends: readonly [End, End], fate: () => readonly number[], untilMs: number, from = 0): void {
  const queue: { at: number; to: End; frame: RoutedFrame }[] = [];
  for (let now = from; now < untilMs; now++) {
    for (const here of ends) {
      here.streams.wake(now);
      for (const frame of here.streams.takeFrames(now)) {
        const to = ends[here === ends[0] ? 1 : 0];
        for (const delay of fate()) queue.push({ at: now + 1 + delay, to, frame });
      }
      here.outcomes.push(...here.streams.takeOutcomes());
    }
    for (const item of queue.filter(({ at }) => at === now)) item.to.streams.receive(item.frame, now);
  }
}

const perfect = () => [0];
const numbers = (outcomes: readonly Outcome<number>[], fate: string): number[] =>
  outcomes.filter((outcome) => outcome.fate === fate).flatMap(({ parcel }) => [parcel.token]);

test('whatever the path does, each line arrives once and in order', () => {
  const delays = fc.array(fc.array(fc.nat(40), { maxLength: 2 }), { minLength: 5, maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(delays, fc.integer({ min: 1, max: 120 }), (fates, count) => {
      const a = end(alpha);
      const b = end(beta);
      let turn = 0;
      let sent = 0;
      const fate = (): readonly number[] => fates[turn++ % fates.length] as number[];
      // A path on which every frame is lost for ever proves nothing.
      fc.pre(
        fates.some((arrivals) => arrivals.length > 0) && fates.filter((f) => f.length > 0).length * 3 > fates.length,
      );
      for (let now = 0; sent < count; now += 10) {
        while (sent < count && a.streams.send(beta, parcel(sent), now)) sent++;
        run([a, b], fate, now + 10, now);
      }
      run([a, b], perfect, count * 10 + 30_000, count * 10);
      expect(b.arrived).toEqual(Array.from({ length: count }, (_, number) => `b/N n=${number}`));
      expect(numbers(a.outcomes, 'taken')).toEqual(Array.from({ length: count }, (_, number) => number));
      expect([a.streams.heldBytes, b.kept.size]).toEqual([0, 0]);
    }),
    { numRuns: 40 },
  );
});

test('what finds nobody is returned, exactly that, even when acknowledgements are lost', () => {
  const a = end(alpha);
  const b = end(beta);
  b.isAbsent = (line) => Number(line.split('=')[1]) % 3 === 0;
  for (let number = 0; number < 50; number++) a.streams.send(beta, parcel(number), 0);
  let frames = 0;
  run([a, b], () => (frames++ % 3 === 1 ? [] : [frames % 5]), 20_000);
  expect(numbers(a.outcomes, 'returned')).toEqual(Array.from({ length: 17 }, (_, index) => 3 * index));
  expect(numbers(a.outcomes, 'taken')).toHaveLength(33);
});

test('what expires is not delivered afterwards, and its outcome is told once', () => {
  const a = end(alpha);
  const b = end(beta);
  a.streams.send(beta, parcel(1, 100), 0);
  a.streams.send(beta, parcel(2), 0);
  run([a, b], () => [], 300);
  expect(a.outcomes).toEqual([]);
  run([a, b], perfect, 8000, 300);
  expect(b.arrived).toEqual(['b/N n=2']);
  expect(numbers(a.outcomes, 'expired')).toEqual([1]);
  expect(numbers(a.outcomes, 'taken')).toEqual([2]);
});

test('what had arrived before its time was over counts as taken, though its acknowledgement came later', () => {
  const a = end(alpha);
  const b = end(beta);
  a.streams.send(beta, parcel(1, 100), 0);
  run([a, { ...b, streams: b.streams }], perfect, 3);
  expect(b.arrived).toHaveLength(1);
  run([a, b], () => [], 300, 3);
  run([a, b], perfect, 8000, 300);
  expect(numbers(a.outcomes, 'taken')).toEqual([1]);
});

describe('a frame every 2 ms over a path of 3 ms', () => {
  const everyMs = 2;
  const pathMs = 3;
  /** Each end answers in the next millisecond. */
  const roundTripMs = 2 * (pathMs + 1);
  const count = 40;

  /**
   * Sends each line in a frame of its own.
   * @param lateMs how late the frame of a line arrives that is sent for the first time, the second, …; infinity: never
   */
  function trickle(lateMs: (number: number, times: number) => number, act: (a: End, now: number) => void = () => {}) {
    const a = end(alpha);
    const b = end(beta);
    const times = new Map<number, number>();
    const queue: { at: number; to: End; frame: RoutedFrame }[] = [];
    const arrivedAt: number[] = [];
    for (let now = 0; now < 1000 && numbers(a.outcomes, 'taken').length < count; now++) {
      const number = now / everyMs;
      // Ids that do not go on keep lines apart.
      const id = { incarnation: 1, stream: 0, number: 2 * number };
      if (Number.isInteger(number) && number < count) a.streams.send(beta, { ...parcel(number), id }, now);
      act(a, now);
      for (const here of [a, b]) {
        here.streams.wake(now);
        for (const frame of here.streams.takeFrames(now)) {
          const line = frame.kind === 'data' ? frame.sequence - 1 : -1;
          times.set(line, (times.get(line) ?? 0) + 1);
          const late = line === -1 ? 0 : lateMs(line, times.get(line) as number);
          queue.push({ at: now + pathMs + late, to: here === a ? b : a, frame });
        }
        here.outcomes.push(...here.streams.takeOutcomes());
      }
      for (const item of queue.filter(({ at }) => at === now)) item.to.streams.receive(item.frame, now);
      while (arrivedAt.length < b.arrived.length) arrivedAt.push(now);
    }
    expect(b.arrived).toEqual(Array.from({ length: count }, (_, number) => `b/N n=${number}`));
    times.delete(-1);
    return {
      gapMs: Math.max(...arrivedAt.map((at, place) => at - (arrivedAt[place - 1] ?? 0))),
      repeated: [...times]
        .flatMap(([line, sent]) => Array.from({ length: sent - 1 }, () => line))
        .sort((x, y) => x - y),
    };
  }

  const losing = (...lost: number[]) => {
    return (line: number, times: number): number => (lost.includes(line) && times === 1 ? Number.POSITIVE_INFINITY : 0);
  };
  const delaying = (late: number, byMs: number) => {
    return (line: number, times: number): number => (line === late && times === 1 ? byMs : 0);
  };

  test.each<[string, (line: number, times: number) => number, number[], number]>([
    ['one is lost', losing(5), [5], 4 * everyMs + roundTripMs],
    ['two in a row', losing(5, 6), [5, 6], 5 * everyMs + roundTripMs],
    ['four in a row', losing(5, 6, 7, 8), [5, 6, 7, 8], 7 * everyMs + roundTripMs],
    ['several here and there', losing(5, 7, 8, 20), [5, 7, 8, 20], 6 * everyMs + roundTripMs],
    ['one is two frames late', delaying(5, 2 * everyMs), [], 3 * everyMs],
    ['one is ten frames late', delaying(5, 10 * everyMs), [5], 4 * everyMs + roundTripMs],
  ])('%s: only that is sent again, once three others have arrived', (_what, lateMs, repeated, gapMs) => {
    const seen = trickle(lateMs);
    expect(seen.repeated).toEqual(repeated);
    expect(seen.gapMs).toBeLessThanOrEqual(gapMs);
  });

  test('what is lost again is sent again when no acknowledgement comes', () => {
    const seen = trickle((line, times) => (line === 5 && times < 3 ? Number.POSITIVE_INFINITY : 0));
    expect(seen.repeated.slice(0, 2)).toEqual([5, 5]);
    expect(seen.gapMs).toBeGreaterThanOrEqual(STREAM_OPTIONS.resendMsMin);
  });

  test('what is sent again because the path broke is not looked for meanwhile', () => {
    const seen = trickle(losing(5), (a, now) => {
      if (now === 9 * everyMs) a.streams.pathBroken(beta);
    });
    expect(seen.repeated).toContain(5);
    expect(new Set(seen.repeated).size).toBe(seen.repeated.length);
  });

  test('repeats that come before what is new are not taken for what was lost', () => {
    // The new way takes longer, and what was under way on the old one arrives all the same.
    const late = (line: number, times: number): number => (times > 1 ? 2 * line : line > 9 ? 24 : 0);
    const seen = trickle(late, (a, now) => {
      if (now === 10 * everyMs) a.streams.pathBroken(beta);
    });
    expect(seen.repeated.length).toBeGreaterThan(3);
    expect(Math.max(...seen.repeated)).toBeLessThanOrEqual(9);
  });
});

test('when no acknowledgement comes in time little is sent again, for it may only be late', () => {
  const a = end(alpha);
  const b = end(beta);
  const long = { ...parcel(0), bytes: encodeText(`b/N n=${'x'.repeat(200)}\n`) };
  for (let now = 0; now < 100; now += 10) {
    while (a.streams.send(beta, long, now));
    run([a, b], perfect, now + 10, now);
  }
  while (a.streams.send(beta, long, 100));
  const { heldBytes } = a.streams;
  let sentBytes = 0;
  for (let now = 100; now <= 100 + STREAM_OPTIONS.resendMsMin; now++) {
    a.streams.wake(now);
    for (const frame of a.streams.takeFrames(now)) if (frame.kind === 'data') sentBytes += frame.payload.length;
  }
  expect(heldBytes).toBeGreaterThan(3000);
  expect(sentBytes).toBeGreaterThan(heldBytes);
  expect(sentBytes).toBeLessThanOrEqual(heldBytes + 500);
});

test('what is held back waits at the last daemon, in order, and is acknowledged when it has been taken', () => {
  const a = end(alpha);
  const b = end(beta);
  b.isFull = true;
  for (let number = 0; number < 40; number++) a.streams.send(beta, parcel(number), 0);
  run([a, b], perfect, 1000);
  expect([b.arrived, a.outcomes]).toEqual([[], []]);
  expect(b.kept.size).toBeGreaterThan(0);
  b.isFull = false;
  b.streams.resume(alpha, 1000);
  run([a, b], perfect, 1020, 1000);
  expect(b.arrived).toEqual(Array.from({ length: 40 }, (_, number) => `b/N n=${number}`));
  expect(numbers(a.outcomes, 'taken')).toHaveLength(40);
  expect(b.kept.size).toBe(0);
});

test('what is held back is forgotten when the life of its origin is over', () => {
  const a = end(alpha);
  const b = end(beta);
  b.isFull = true;
  for (let number = 0; number < 40; number++) a.streams.send(beta, parcel(number), 0);
  run([a, b], perfect, 100);
  expect(b.kept.size).toBeGreaterThan(0);
  b.streams.end(alpha);
  expect(b.kept.size).toBe(0);
});

test('much is acknowledged at once, little after a while', () => {
  const a = end(alpha);
  const b = end(beta);
  const outcomesOf = (text: string, from: number, untilMs: number): number => {
    const before = a.outcomes.length;
    a.streams.send(beta, { ...parcel(1), bytes: encodeText(text) }, from);
    run([a, b], perfect, untilMs, from);
    return a.outcomes.length - before;
  };
  const roundTripMs = 5;
  expect(outcomesOf(`b/N n=${'x'.repeat(STREAM_OPTIONS.ackBytesMin)}\n`, 0, roundTripMs)).toBe(1);
  expect(outcomesOf('b/N n=1\n', 1000, 1000 + roundTripMs)).toBe(0);
  expect(outcomesOf('b/N n=2\n', 2000, 2000 + roundTripMs + STREAM_OPTIONS.ackDelayMs)).toBe(2);
});

test('who sends without a pause hears less and less often, and all of it at once after a pause or disorder', () => {
  const kiB = 1024;
  const b = end(beta, { ...STREAM_OPTIONS, windowBytes: 4096 * kiB });
  const frame = (sequence: number): DataFrame => ({ ...oneLine(64 * kiB), sequence, base: sequence });
  let sequence = 0;
  /** How much has arrived at each acknowledgement, if `kiBytes` come at once. */
  const acksWhile = (kiBytes: number, now: number): number[] => {
    const acks: number[] = [];
    for (let come = 64; come <= kiBytes; come += 64) {
      b.streams.receive(frame(++sequence), now);
      if (b.streams.takeFrames(now).length > 0) acks.push(come);
    }
    return acks;
  };
  const growing = [128, 384, 896, 1920, 2944, 3968];
  expect(acksWhile(4096, 0)).toEqual(growing);
  expect(b.streams.takeFrames(STREAM_OPTIONS.ackDelayMs)).toHaveLength(1);
  expect(acksWhile(4096, 1000)).toEqual(growing);
  b.streams.receive(frame(1), 1000);
  expect(b.streams.takeFrames(1000)).toHaveLength(1);
  expect(acksWhile(512, 1000)).toEqual([128, 384]);
});

test('what was never sent can be taken back, and what follows gets through', () => {
  const a = end(alpha);
  const b = end(beta);
  a.streams.send(beta, parcel(1), 0);
  a.streams.send(beta, parcel(2), 0);
  a.reachable = false;
  run([a, b], perfect, 100);
  a.streams.takeBack(beta);
  expect(numbers(a.streams.takeOutcomes(), 'unsent')).toEqual([1, 2]);
  // Else it would go before them when they come again.
  expect(a.streams.send(beta, parcel(3), 100)).toBe(false);
  a.reachable = true;
  a.streams.send(beta, parcel(3), 100);
  run([a, b], perfect, 500, 100);
  expect(b.arrived).toEqual(['b/N n=3']);
});

test('another incarnation resets the stream: what was under way is unknown', () => {
  const a = end(alpha);
  const b = end(instanceOf('b'.repeat(16), 8));
  a.streams.send(beta, parcel(1), 0);
  run([a, b], perfect, 10);
  expect(numbers(a.outcomes, 'unknown')).toEqual([1]);
  expect(b.streams.counters.misaddressed).toBe(1);
});

test('an idle stream is forgotten, the next has a new number, late frames of the old one are nothing', () => {
  const a = end(alpha);
  const b = end(beta);
  const data: DataFrame[] = [];
  a.streams.send(beta, parcel(1), 0);
  for (const frame of a.streams.takeFrames(0)) if (frame.kind === 'data') data.push(frame);
  b.streams.receive(data[0] as DataFrame, 1);
  run([a, b], perfect, 70_000, 1);
  expect([...a.streams.destinations()]).toEqual([]);
  a.streams.send(beta, parcel(2), 70_000);
  run([a, b], perfect, 70_100, 70_000);
  b.streams.receive(data[0] as DataFrame, 70_100);
  expect(b.arrived).toEqual(['b/N n=1', 'b/N n=2']);
  expect(b.ids).toEqual(['1.1.1', '1.2.1']);
});

test('a window that is full refuses, and opens again', () => {
  const a = end(alpha);
  const b = end(beta);
  let sent = 0;
  while (a.streams.send(beta, parcel(sent), 0)) sent++;
  expect(sent).toBeLessThan(500);
  run([a, b], perfect, 200);
  expect(a.streams.send(beta, parcel(sent), 200)).toBe(true);
});

test('ids that messages got before go with them', () => {
  const a = end(alpha);
  const b = end(beta);
  const kept = (number: number) => ({ ...parcel(number), id: { incarnation: 1, stream: 0, number: 90 + number } });
  for (const each of [kept(1), kept(2), kept(7), parcel(4)]) a.streams.send(beta, each, 0);
  run([a, b], perfect, 100);
  expect(b.ids).toEqual(['1.0.91', '1.0.92', '1.0.97', '1.1.4']);
});

test('frames from nobody and with other lines than they say are refused and counted', () => {
  const b = end(beta);
  const frame = { ...oneLine(20), count: 2 };
  b.streams.receive(frame, 0);
  b.streams.receive({ ...frame, stream: 0, count: 1 }, 0);
  expect(b.streams.counters.refused).toBe(2);
  expect(b.arrived).toEqual([]);
});
