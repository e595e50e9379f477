// Raising, counting and lowering the flags of one machine.

import { describe, expect, it } from 'vitest';
import { DAEMON, OwnFlags } from './own-flags.ts';
import { raising, words } from './testing/raisings.ts';

const make = (countMax = 3, messageLengthMax = 20): OwnFlags =>
  new OwnFlags({ server: 'n1', countMax, messageLengthMax }, []);

describe('own flags', () => {
  it('counts what is raised again, and keeps since when it is up', () => {
    const flags = make();
    expect(flags.raise(raising({ tags: ['b', 'a', 'b'] }), 100)).toMatchObject({ kind: 'new' });
    expect(flags.raise(raising({ tags: ['a', 'b'] }), 110).kind).toBe('again');
    expect(flags.raise(raising({ message: 'fuller' }), 120).kind).toBe('changed');
    expect(flags.list()).toEqual([
      { ...raising({ message: 'fuller' }), server: 'n1', count: 3, raisedAt: 100, modifiedAt: 120 },
    ]);
  });

  it('begins to count anew when it was down', () => {
    const flags = make();
    flags.raise(raising(), 100);
    flags.raise(raising(), 101);
    expect(flags.lower(words, false)).toEqual({ kind: 'lowered', count: 2 });
    expect(flags.lower(words, false)).toEqual({ kind: 'absent', count: 0 });
    expect(flags.raise(raising(), 200)).toMatchObject({ flag: { count: 1, raisedAt: 200 } });
  });

  it('leaves a manual flag to a person', () => {
    const flags = make();
    flags.raise(raising({ isManual: true }), 1);
    expect(flags.lower(words, false)).toEqual({ kind: 'kept', count: 1 });
    expect(flags.lower(words, true)).toEqual({ kind: 'lowered', count: 1 });
  });

  it('takes no more than there may be, but for those of the daemon, and still counts those that are up', () => {
    const flags = make(1);
    flags.raise(raising(), 1);
    expect(flags.raise(raising({ name: 'empty' }), 2)).toEqual({ kind: 'full' });
    expect(flags.raise(raising(), 3).kind).toBe('again');
    expect(flags.raise(raising({ unit: DAEMON, raisedBy: DAEMON }), 4).kind).toBe('new');
  });

  it('cuts a message that is too long, not a character', () => {
    const flags = make();
    flags.raise(raising({ message: `${'x'.repeat(18)}😀 and more` }), 1);
    expect(flags.list()[0]?.message).toBe(`${'x'.repeat(18)}…`);
  });

  it('shows the urgent first, then the newest', () => {
    const flags = make();
    flags.raise(raising({ name: 'old' }), 1);
    flags.raise(raising({ name: 'new' }), 2);
    flags.raise(raising({ name: 'urgent', priority: 90 }), 0);
    expect(flags.list().map(({ name }) => name)).toEqual(['urgent', 'new', 'old']);
  });

  it('finds what the daemon itself had raised out anew, and keeps the rest', () => {
    const before = make();
    before.raise(raising(), 1);
    before.raise(raising({ unit: DAEMON, raisedBy: DAEMON }), 2);
    const after = new OwnFlags({ server: 'n2', countMax: 3, messageLengthMax: 20 }, before.list());
    expect(after.list().map(({ unit, server, count }) => [unit, server, count])).toEqual([['mail', 'n2', 1]]);
  });
});
