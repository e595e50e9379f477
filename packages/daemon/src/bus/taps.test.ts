// Who is shown what passes: filters, room, leases of viewers elsewhere, and what is never shown.

import { compileFilter } from '@snapcommunicator/network/filter';
import { expect, it } from 'vitest';
import { Redaction } from '../recorder/redaction.ts';
import type { Output } from '../switch/output.ts';
import type { Speaker } from './speaker.ts';
import { type Sniffed, Taps, type Viewer } from './taps.ts';

const limits = { countMax: 2, queueBytesMax: 1000 };

function rig() {
  const clock = { ms: 0 };
  const taps = new Taps(limits, {} as Speaker, {} as Output, () => clock.ms, new Redaction(['pin']));
  let changes = 0;
  taps.onChange = () => void changes++;
  const viewer = (key: string, leaseMs?: number) => {
    const seen: unknown[] = [];
    const state = { waiting: 0 };
    const made: Viewer = { key, leaseMs, waitingBytes: () => state.waiting, tell: (values) => void seen.push(values) };
    return { made, seen, state };
  };
  return { clock, taps, viewer, changes: () => changes };
}

const passing = (command: string, from = 'alpha:web', to = 'alpha:db'): Sniffed => ({
  from,
  to,
  command,
  line: Buffer.from(`<${from} db/${command} n=1`),
  outcome: 'delivered',
  reason: '',
  id: '1.2.3.4',
});

it('shows what a filter takes', () => {
  const { taps, viewer } = rig();
  const one = viewer('beta:snapcom_1');
  taps.add(one.made, compileFilter('command==PING').filter, false);
  taps.show(passing('PING'));
  taps.show(passing('PONG'));
  expect(one.seen).toMatchObject([{ command: 'PING', from: 'alpha:web', line: '<alpha:web db/PING n=1' }]);
  expect([taps.wants('a:b', 'c:d', 'PING'), taps.wants('a:b', 'c:d', 'PONG')]).toEqual([true, false]);
});

it('skips and counts what there is no room for', () => {
  const { taps, viewer } = rig();
  const one = viewer('beta:snapcom_1');
  taps.add(one.made, undefined, true);
  one.state.waiting = limits.queueBytesMax + 1;
  taps.show(passing('A'));
  taps.show(passing('B'));
  one.state.waiting = 0;
  taps.show(passing('C'));
  expect(one.seen).toMatchObject([{ command: 'C', skipped: 2, line: undefined }]);
});

it('ends with its lease, unless that is renewed', () => {
  const { clock, taps, viewer, changes } = rig();
  const one = viewer('beta:snapcom_1', 15_000);
  taps.add(one.made, undefined, false);
  clock.ms = 10_000;
  taps.add(one.made, undefined, false);
  expect(changes()).toBe(1);
  clock.ms = 20_000;
  taps.show(passing('A'));
  clock.ms = 25_000;
  taps.show(passing('B'));
  expect(one.seen).toHaveLength(1);
  expect([taps.count, changes()]).toEqual([0, 2]);
});

it('has room for so many, and for those again that it has', () => {
  const { taps, viewer } = rig();
  const [one, two, three] = ['a:x', 'b:x', 'c:x'].map((key) => viewer(key).made) as [Viewer, Viewer, Viewer];
  expect([one, two, three, one].map((each) => taps.add(each, undefined, false))).toEqual([true, true, false, true]);
  taps.remove('a:x');
  expect(taps.add(three, undefined, false)).toBe(true);
});

it('never shows what daemons say about sniffing: it would not end', () => {
  const { taps, viewer } = rig();
  const one = viewer('beta:snapcom_1');
  taps.add(one.made, undefined, false);
  taps.show(passing('SNIFFED', 'alpha:communicatord', 'beta:snapcom_1'));
  taps.show(passing('SNIFF', 'beta:snapcom_1', 'alpha:communicatord'));
  expect(taps.wants('alpha:communicatord', 'beta:snapcom_1', 'SNIFFED')).toBe(false);
  expect(one.seen).toEqual([]);
  taps.show(passing('SNIFFED', 'alpha:dog', 'alpha:cat'));
  expect(one.seen).toHaveLength(1);
});
