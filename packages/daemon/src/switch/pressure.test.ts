// Slow destinations and floods: who is paused, what is refused, what is counted, and that nobody else waits.

import { describe, expect, it } from 'vitest';
import { outcomeIn, reasonIn } from '../recorder/outcomes.ts';
import { Recorder } from '../recorder/recorder.ts';
import { Arena } from './arena.ts';
import type { Destination } from './destination.ts';
import { loadInnerLoop } from './inner.ts';
import { Output } from './output.ts';
import type { Source } from './source.ts';
import { Switch } from './switch.ts';

const LINE = `rx/PING a=${'x'.repeat(989)}\n`;
const STAMPED_BYTES = LINE.length + '<alpha:tx '.length;

interface Rig {
  readonly lineSwitch: Switch;
  readonly source: Source & { isPaused: boolean };
  readonly output: Output;
  readonly recorder: Recorder;
  readonly destination: Destination;
  now: number;
  /** Bytes that were written and not taken. */
  waiting(): number;
  /** The receiver takes everything. */
  take(): void;
  readonly counts: { received: number; refused: number; rejected: number };
}

function createRig(): Rig {
  const arena = new Arena({ bufferBytes: 8 << 20, recordCount: 4096, lineBytesMax: 1 << 20 });
  const limits = { queueBytesMax: 400_000, pauseBytes: 100_000, pauseMs: 1000, stallMs: 100 };
  const pending: { bytes: number; lines: number; done: (isWritten: boolean) => void }[] = [];
  const counts = { received: 0, refused: 0, rejected: 0 };
  const output = new Output(arena, limits, () => rig.now);
  const destination = output.openDestination({
    holdsBytes: false,
    write: (bytes, _lines, done) =>
      pending.push({ bytes: bytes.length, lines: Math.round(bytes.length / STAMPED_BYTES), done }),
    pendingBytes: () => rig.waiting(),
  }) as Destination;
  output.onRefusal = (_destination, lines) => {
    counts.refused += lines;
  };
  const recorder = new Recorder(arena, { runCountMax: 16, now: () => rig.now });
  const source = {
    serial: 5,
    lines: 0,
    prefix: Buffer.from('<alpha:tx '),
    isStamped: false,
    carry: undefined,
    longLine: undefined,
    backlog: undefined,
    blockedBy: undefined,
    destination: undefined,
    isPaused: false,
    pause: () => {
      source.isPaused = true;
    },
    resume: () => {
      source.isPaused = false;
    },
  };
  const handler = {
    resolve: () => ({ target: destination, flowId: recorder.flowId('alpha:tx', 'alpha:rx', 'PING') }),
    handle: () => undefined,
    refuse: () => counts.refused++,
    reject: () => counts.rejected++,
    overflow: () => undefined,
  };
  const lineSwitch = new Switch(
    arena,
    loadInnerLoop(arena.memory).route,
    output,
    handler,
    { lineBytesMax: 1 << 20, discardBytesMax: 1 << 22 },
    () => rig.now,
  );
  const rig: Rig = {
    lineSwitch,
    source,
    output,
    recorder,
    destination,
    now: 0,
    counts,
    waiting: () => pending.reduce((sum, { bytes }) => sum + bytes, 0),
    take: () => {
      for (const { lines, done } of pending.splice(0)) {
        counts.received += lines;
        done(true);
      }
    },
  };
  return rig;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

function send(rig: Rig, count: number): void {
  rig.lineSwitch.feed(rig.source, Buffer.from(LINE.repeat(count)));
  rig.output.flushAll();
}

describe('a slow destination', () => {
  it('pauses who fills it, and lets it go on when half is taken', () => {
    const rig = createRig();
    send(rig, 60);
    expect(rig.source.isPaused).toBe(false);
    send(rig, 60);
    expect(rig.destination.state).toBe('full');
    send(rig, 10);
    expect(rig.source.isPaused).toBe(true);
    rig.take();
    expect([rig.destination.state, rig.source.isPaused]).toEqual(['open', false]);
    expect(rig.counts).toEqual({ received: 130, refused: 0, rejected: 0 });
  });

  it('refuses after a stall, counts what it refuses, and takes newer lines when it is open again', async () => {
    const rig = createRig();
    send(rig, 120);
    send(rig, 5);
    rig.now = 150;
    await until(() => rig.destination.state === 'refusing');
    expect(rig.source.isPaused).toBe(false);
    for (let turn = 0; turn < 30; turn++) send(rig, 100);
    expect(rig.waiting()).toBe(125 * STAMPED_BYTES);
    expect(rig.counts.refused).toBe(3000);
    const { flow, word } = rig.recorder.record(rig.recorder.nextNumber - 1);
    expect(flow).toMatchObject({ from: 'alpha:tx', command: 'PING' });
    expect([outcomeIn(word), reasonIn(word)]).toEqual(['refused', 'queue-full']);
    rig.take();
    send(rig, 7);
    rig.take();
    expect(rig.counts).toEqual({ received: 132, refused: 3000, rejected: 0 });
    expect(rig.recorder.nextNumber).toBe(3132);
    expect(outcomeIn(rig.recorder.record(3131).word)).toBe('delivered');
    rig.output.close();
  });

  it('never lets more wait than its limit, however it is filled', () => {
    const rig = createRig();
    for (let turn = 0; turn < 50; turn++) send(rig, 50);
    expect(rig.waiting()).toBeLessThanOrEqual(400_000 + 139_264);
    expect(rig.counts.refused + rig.waiting() / STAMPED_BYTES).toBe(2500);
    rig.output.close();
  });

  it('drops what waits for it when it goes, and releases who was paused', () => {
    const rig = createRig();
    send(rig, 120);
    send(rig, 1);
    expect(rig.source.isPaused).toBe(true);
    rig.output.closeDestination(rig.destination);
    expect(rig.source.isPaused).toBe(false);
  });
});

describe('a flood of lines that need care', () => {
  it('is handled in parts, a part a turn', async () => {
    const rig = createRig();
    rig.lineSwitch.feed(rig.source, Buffer.from('bad line\n'.repeat(1000)));
    expect(rig.counts.rejected).toBe(128);
    expect(rig.source.isPaused).toBe(true);
    rig.lineSwitch.feed(rig.source, Buffer.from('bad line\n'.repeat(1000)));
    await until(() => rig.source.backlog === undefined);
    expect(rig.counts.rejected).toBe(2000);
    expect(rig.source.isPaused).toBe(false);
  });
});
