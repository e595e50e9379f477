// The seam between past and live: each message once, none missed, whatever order they come in.

import { expect, it } from 'vitest';
import { Seam } from './seam.ts';
import type { Sniffed } from './sniffed.ts';

function rig() {
  const shown: string[] = [];
  let lost = 0;
  const seam = new Seam(
    100,
    ({ id, outcome }) => void shown.push(`${id} ${outcome}`),
    (count) => void (lost += count),
  );
  return { seam, shown, lost: () => lost };
}

const message = (id: string | undefined, time: number, outcome = 'delivered'): Sniffed => ({
  time,
  from: 'alpha:a',
  to: ':b',
  command: 'PING',
  size: 20,
  outcome,
  ...(id !== undefined && { id }),
});

it('shows the past first, and what is in both once', () => {
  const { seam, shown } = rig();
  seam.live('alpha', message('3', 100.1));
  seam.past('alpha', message('1', 50));
  seam.live('alpha', message('4', 100.2));
  seam.past('alpha', message('2', 99.9));
  seam.past('alpha', message('3', 100.05));
  seam.close();
  seam.live('alpha', message('5', 100.3));
  expect(shown).toEqual(['1 delivered', '2 delivered', '3 delivered', '4 delivered', '5 delivered']);
});

it('tells apart what another machine saw, and another outcome', () => {
  const { seam, shown } = rig();
  seam.past('alpha', message('3', 100.05, 'sent'));
  seam.live('beta', message('3', 100.1, 'sent'));
  seam.live('alpha', message('3', 100.1, 'expired'));
  seam.live('alpha', message('3', 100.1, 'sent'));
  seam.close();
  expect(shown).toEqual(['3 sent', '3 sent', '3 expired']);
});

it('counts those without an id, that look alike', () => {
  const { seam, shown } = rig();
  seam.past('alpha', message(undefined, 100));
  seam.past('alpha', message(undefined, 100));
  for (let live = 0; live < 5; live++) seam.live('alpha', message(undefined, 100.1));
  seam.close();
  expect(shown).toHaveLength(5);
});

it('shows what comes long after, even if it looks like what was long before', () => {
  const { seam, shown } = rig();
  seam.past('alpha', message(undefined, 10));
  seam.close();
  seam.live('alpha', message(undefined, 100.1));
  expect(shown).toHaveLength(2);
});

it('says how many it had no room for', () => {
  const { seam, shown, lost } = rig();
  for (let live = 0; live < 100_005; live++) seam.live('alpha', message(String(live), 101));
  seam.close();
  expect({ shown: shown.length, lost: lost() }).toEqual({ shown: 100_000, lost: 5 });
});
