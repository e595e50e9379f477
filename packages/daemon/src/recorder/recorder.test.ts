// The recorder's ring and its numbers, which outlive the 32 bits of the arena.

import { describe, expect, it } from 'vitest';
import { Arena } from '../switch/arena.ts';
import { CELL_NUMBER } from '../switch/arena-layout.ts';
import { Recorder } from './recorder.ts';

const createArena = (): Arena => new Arena({ bufferBytes: 1 << 20, recordCount: 8, lineBytesMax: 1000 });

describe('recorder', () => {
  it('keeps the newest records, with the names of their flows', () => {
    const recorder = new Recorder(createArena());
    const flow = recorder.flowId('n1:web', 'n1:images', 'RESIZE');
    expect(recorder.flowId('n1:web', 'n1:images', 'RESIZE')).toBe(flow);
    for (let line = 0; line < 20; line++) recorder.note(flow, line, line % 2 === 0 ? 'delivered' : 'kept');
    const records = recorder.recent(100);
    expect(records.map(({ number }) => number)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
    expect(records.at(-1)).toEqual({
      from: 'n1:web',
      to: 'n1:images',
      command: 'RESIZE',
      number: 19,
      bytes: 19,
      timeMs: 0,
      outcome: 'kept',
    });
    expect(recorder.recent(3)).toEqual(records.slice(-3));
  });

  it('goes on counting where the arena begins anew', () => {
    const arena = createArena();
    const recorder = new Recorder(arena);
    arena.setWord(CELL_NUMBER, 0xffff_fffe);
    const flow = recorder.flowId('a', 'b', 'C');
    const numbers = Array.from({ length: 5 }, () => recorder.note(flow, 1, 'delivered'));
    expect(numbers).toEqual([0, 1, 2, 3, 4].map((step) => 0xffff_fffe + step));
    expect(recorder.nextNumber).toBe(2 ** 32 + 3);
    expect(recorder.recent(2).map(({ number }) => number)).toEqual([2 ** 32 + 1, 2 ** 32 + 2]);
  });
});
