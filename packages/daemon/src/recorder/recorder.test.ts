// The recorder's ring and its numbers, which outlive the 32 bits of the arena; words of records; names of flows.

import { describe, expect, it } from 'vitest';
import { Arena } from '../switch/arena.ts';
import { CELL_NUMBER } from '../switch/arena-layout.ts';
import { DELIVERED, REFUSED } from '../switch/destination.ts';
import { isLater, outcomeIn, reasonIn, runIn, wordOf, wordOfRun } from './outcomes.ts';
import { Recorder } from './recorder.ts';

function createRecorder(arena = new Arena({ bufferBytes: 1 << 20, recordCount: 8, lineBytesMax: 1000 })): Recorder {
  return new Recorder(arena, { runCountMax: 8, now: () => 5 });
}

describe('recorder', () => {
  it('keeps the newest records, with the names of their flows', () => {
    const recorder = createRecorder();
    const flow = recorder.flowId('n1:web', 'n1:images', 'RESIZE');
    expect(recorder.flowId('n1:web', 'n1:images', 'RESIZE')).toBe(flow);
    for (let line = 0; line < 20; line++) recorder.note(flow, line, line % 2 === 0 ? 'delivered' : 'kept');
    expect(recorder.oldestNumber).toBe(12);
    expect(recorder.record(19)).toEqual({
      flow: { from: 'n1:web', to: 'n1:images', command: 'RESIZE' },
      flowId: flow,
      number: 19,
      bytes: 19,
      timeMs: 5,
      word: wordOf('kept'),
    });
  });

  it('goes on counting where the arena begins anew', () => {
    const arena = new Arena({ bufferBytes: 1 << 20, recordCount: 8, lineBytesMax: 1000 });
    const recorder = createRecorder(arena);
    arena.setWord(CELL_NUMBER, 0xffff_fffe);
    const flow = recorder.flowId('a', 'b', 'C');
    const numbers = Array.from({ length: 5 }, () => recorder.note(flow, 1, 'delivered'));
    expect(numbers).toEqual([0, 1, 2, 3, 4].map((step) => 0xffff_fffe + step));
    expect(recorder.nextNumber).toBe(2 ** 32 + 3);
  });

  it('counts messages, not what became of them later', () => {
    const recorder = createRecorder();
    const flow = recorder.flowId('a', 'b', 'C');
    recorder.note(flow, 1, 'kept');
    const number = recorder.note(flow, 1, 'delivered', { isLater: true });
    recorder.amend(number, wordOf('refused', 'closed'));
    expect([recorder.nextNumber, recorder.messageCount]).toEqual([2, 1]);
    const { word } = recorder.record(number);
    expect([outcomeIn(word), reasonIn(word), isLater(word)]).toEqual(['refused', 'closed', true]);
  });

  it('keeps the names of flows that are in use, however many others there are', () => {
    const recorder = createRecorder();
    let isAskedAgain = false;
    recorder.onTurnover = () => {
      isAskedAgain = true;
    };
    const used = recorder.flowId('a', 'b', 'USED');
    const unused = recorder.flowId('a', 'b', 'UNUSED');
    for (let other = 0; other < 100_000; other++) {
      recorder.flowId('a', 'b', `OTHER_${other}`);
      if (isAskedAgain) expect(recorder.flowId('a', 'b', 'USED')).toBe(used);
      isAskedAgain = false;
    }
    expect(recorder.flow(used).command).toBe('USED');
    expect(recorder.flow(unused)).toEqual({ from: '', to: '', command: '' });
  });
});

it('says in one word what became of a line', () => {
  expect([DELIVERED, REFUSED]).toEqual([wordOf('delivered'), wordOf('refused', 'queue-full')]);
  const sent = wordOfRun(0xff_ffff);
  expect([outcomeIn(sent), runIn(sent), reasonIn(sent)]).toEqual(['sent', 0xff_ffff, '']);
  expect(runIn(wordOf('refused', 'closed'))).toBe(0);
});
