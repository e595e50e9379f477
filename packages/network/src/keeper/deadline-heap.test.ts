// The heap against a sorted array, items removed from anywhere.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineHeap, type HeapItem } from './deadline-heap.ts';

test('the first is always the least, whatever is added and removed', () => {
  const step = fc.record({ deadlineMs: fc.nat(50), removals: fc.array(fc.nat(), { maxLength: 2, size: 'max' }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const heap = new DeadlineHeap<HeapItem>();
      const items: HeapItem[] = [];
      for (const [sequence, { deadlineMs, removals }] of steps.entries()) {
        const item = { deadlineMs, sequence, heapIndex: -1 };
        heap.add(item);
        items.push(item);
        for (const removal of sequence % 3 === 0 ? removals : []) {
          const [removed] = items.splice(removal % Math.max(items.length, 1), 1);
          if (removed !== undefined) heap.remove(removed);
        }
        items.sort((a, b) => a.deadlineMs - b.deadlineMs || a.sequence - b.sequence);
        expect(heap.first()).toBe(items[0]);
        expect(heap.size).toBe(items.length);
      }
      for (const item of items) {
        expect(heap.first()).toBe(item);
        heap.remove(item);
      }
    }),
  );
});

test('removing what is not inside is a fault of ours', () => {
  const item = { deadlineMs: 1, sequence: 1, heapIndex: -1 };
  const heap = new DeadlineHeap<HeapItem>();
  heap.add(item);
  heap.remove(item);
  expect(() => heap.remove(item)).toThrow('not in it');
});
