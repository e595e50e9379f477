// Machines that come and go, as the history has them.

import type { Database } from '@snapcommunicator/network/router';
import { afterEach, expect, it } from 'vitest';
import { History } from '../recorder/history.ts';
import { Happenings } from './happenings.ts';

const node = 'b'.repeat(16);
const histories: History[] = [];
afterEach(() => histories.splice(0).forEach((history) => history.close()));

/** A machine of another data centre: nothing of it is in the database. */
function create() {
  const history = new History({ messageCount: () => 0, now: () => 0, eventsMax: 100, ageMsMax: 60_000 });
  histories.push(history);
  const names = new Map<string, string>();
  const happenings = new Happenings({
    database: { hash: 0 } as Database,
    self: 'a'.repeat(16),
    history,
    nameOf: (machine) => names.get(machine) ?? '',
  });
  const told = () => history.read(undefined, 100).events.map(({ kind, server }) => `${kind} ${server}`);
  return { happenings, names, told };
}

it('tells of a machine whose name comes after the way to it, and by that name when it is lost', () => {
  const { happenings, names, told } = create();
  happenings.reachChanged(node, true);
  happenings.look();
  expect(told()).toEqual([]);
  names.set(node, 'web3');
  happenings.look();
  happenings.look();
  expect(told()).toEqual(['server-up web3']);
  names.delete(node);
  happenings.reachChanged(node, false);
  expect(told()).toEqual(['server-up web3', 'server-lost web3']);
});

it('tells nothing of one that was lost before it had a name', () => {
  const { happenings, names, told } = create();
  happenings.reachChanged(node, true);
  happenings.reachChanged(node, false);
  names.set(node, 'web3');
  happenings.look();
  expect(told()).toEqual([]);
});
