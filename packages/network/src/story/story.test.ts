// Stories of messages, each from a table of what daemons recorded: the order of the hops, the verdict, what is unknown.

import { describe, expect, it } from 'vitest';
import type { MessageRecord, RecordedOutcome } from './record.ts';
import { idsOf, tellStory } from './story.ts';
import { betterClock, clockFrom, type Witness } from './witness.ts';

const ID = 'aaaaaaaaaaaaaaaa.7.2.41';
const NOW = 2000;

interface Scene {
  /** `seconds server outcome <came >went (reason)`, the seconds by the clock of that daemon, from 1000 on. */
  readonly records: string;
  readonly to?: string;
  /** What else is known of the daemons. */
  readonly witnesses?: Readonly<Record<string, Partial<Witness>>>;
}

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

function witnessesOf({ records, to = 'epsilon:images', witnesses = {} }: Scene): Witness[] {
  const lines = records
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return NAMES.map((server, place) => ({
    server,
    node: server.charAt(0).repeat(16),
    upSince: 0,
    oldest: 0,
    clock: { aheadSeconds: 0, errorSeconds: 0.001 },
    records: lines.flatMap((line, number): MessageRecord[] => {
      const [, at = '', who, outcome, rest = ''] = /^(\S+) (\w+) (\w+)(.*)$/.exec(line) ?? [];
      if (who !== server) return [];
      const cameBy = /<(\w+)/.exec(rest)?.[1];
      const wentBy = />(\w+)/.exec(rest)?.[1];
      const reason = /\((.*)\)/.exec(rest)?.[1];
      const isPassing = outcome === 'passed';
      return [
        {
          time: 1000 + Number(at),
          number: 100 * place + number,
          from: isPassing ? '' : 'alpha:web',
          to: isPassing ? '' : to,
          command: isPassing ? '' : 'RESIZE',
          size: 128,
          outcome: outcome as RecordedOutcome,
          id: ID,
          ...(cameBy !== undefined && { cameBy }),
          ...(wentBy !== undefined && { wentBy }),
          ...(reason !== undefined && { reason }),
        },
      ];
    }),
    ...witnesses[server],
  }));
}

function tell(scene: Scene) {
  const story = tellStory(ID, witnessesOf(scene), NOW);
  if (story === undefined) throw new Error('nobody knows anything of it');
  return { ...story, way: story.hops.map(({ server, outcome }) => `${server} ${outcome}`).join(', ') };
}

const LINE = `
  0.000 alpha sent >beta
  0.001 beta passed <alpha >gamma
  0.002 gamma passed <beta >delta
  0.003 delta passed <gamma >epsilon`;

const LINE_WAY = 'alpha sent, beta passed, gamma passed, delta passed';

describe('a story', () => {
  it.each<[string, Scene, { way: string; fate: string; verdict: string; unknown?: string[] }]>([
    [
      'is delivered on its own machine',
      { records: '0 alpha delivered', to: 'images' },
      { way: 'alpha delivered', fate: 'delivered', verdict: 'It was delivered to images on alpha.' },
    ],
    [
      'is delivered across five machines',
      { records: `${LINE}\n0.004 epsilon delivered <delta\n0.006 alpha taken >beta` },
      {
        way: `${LINE_WAY}, epsilon delivered, alpha taken`,
        fate: 'delivered',
        verdict: 'It was delivered to images on epsilon within 4.0 ms.',
      },
    ],
    [
      'expires where it was kept',
      { records: '0 alpha kept\n2.01 alpha expired', to: 'images' },
      {
        way: 'alpha kept, alpha expired',
        fate: 'expired',
        verdict: 'It expired on alpha after 2.0 s: nobody took it in its time.',
      },
    ],
    [
      'is refused',
      { records: '0 alpha refused (queue-full)', to: 'images' },
      {
        way: 'alpha refused',
        fate: 'refused',
        verdict: 'It was refused by alpha: the queue before its receiver was full (queue-full).',
      },
    ],
    [
      'is refused on its last machine, which its first daemon takes for taken',
      { records: `${LINE}\n0.004 epsilon refused <delta (queue-full)\n0.006 alpha taken` },
      {
        way: `${LINE_WAY}, epsilon refused, alpha taken`,
        fate: 'refused',
        verdict: 'It was refused by epsilon: the queue before its receiver was full (queue-full).',
      },
    ],
    [
      'waits',
      { records: '0 alpha kept', to: 'images' },
      { way: 'alpha kept', fate: 'kept', verdict: 'It is kept on alpha, since 16 min: it waits for images.' },
    ],
    [
      'was kept, then given out',
      { records: '0 alpha kept\n5 alpha delivered', to: 'images' },
      {
        way: 'alpha kept, alpha delivered',
        fate: 'delivered',
        verdict: 'It was delivered to images on alpha within 5.0 s.',
      },
    ],
    [
      'comes back, is kept, and finds another instance',
      {
        to: 'images',
        records: `
          0.000 alpha sent >beta
          0.001 beta passed <alpha >gamma
          0.002 gamma returned <beta
          0.003 alpha returned
          0.004 alpha kept
          0.100 alpha sent >beta
          0.101 beta passed <alpha >delta
          0.102 delta delivered <beta
          0.103 alpha taken`,
      },
      {
        way: 'alpha sent, beta passed, gamma returned, alpha returned, alpha kept, alpha sent, beta passed, delta delivered, alpha taken',
        fate: 'delivered',
        verdict: 'It was delivered to images on delta within 102 ms.',
      },
    ],
    [
      'comes back and is given up',
      {
        to: 'images',
        records: '0 alpha sent >beta\n0.001 beta returned <alpha\n0.002 alpha returned\n0.002 alpha dropped (absent)',
      },
      {
        way: 'alpha sent, beta returned, alpha returned, alpha dropped',
        fate: 'dropped',
        verdict: 'It was dropped on alpha: nobody of that name was there, and it was not to be kept (absent).',
      },
    ],
    [
      'was written to a connection that was lost before it was read',
      { records: '0 alpha delivered\n0.5 alpha dropped (connection-lost)', to: 'images' },
      {
        way: 'alpha delivered, alpha dropped',
        fate: 'dropped',
        verdict: 'It was dropped on alpha: the connection was lost before its receiver had taken it (connection-lost).',
      },
    ],
    [
      'came a second time, and was dropped as a repeat',
      { records: '0 alpha delivered\n0.5 alpha dropped (repeat)', to: 'images' },
      {
        way: 'alpha delivered, alpha dropped',
        fate: 'delivered',
        verdict: 'It was delivered to images on alpha.',
      },
    ],
    [
      'goes to everybody',
      { to: '*', records: '0 alpha sent\n0.001 beta delivered <alpha\n0.002 gamma delivered <beta' },
      {
        way: 'alpha sent, beta delivered, gamma delivered',
        fate: 'delivered',
        verdict: 'It was delivered on 2 machines (beta and gamma) within 2.0 ms.',
      },
    ],
  ])('that %s', (_what, scene, expected) => {
    expect(tell(scene)).toMatchObject({ unknown: [], ...expected });
  });
});

describe('what is unknown', () => {
  it.each<[string, Scene, { fate: string; verdict: string | RegExp; unknown: string[] }]>([
    [
      'its last daemon ended holding it, and has come back',
      { records: `${LINE}\n9 alpha unknown`, witnesses: { epsilon: { upSince: 1008 } } },
      {
        fate: 'unknown',
        verdict:
          'Nobody knows whether it was delivered: epsilon ended before it said what became of it; epsilon was started again 7 s later: what it had recorded is gone.',
        unknown: ['epsilon restarted'],
      },
    ],
    [
      'its last daemon had taken it, and ended',
      { records: `${LINE}\n0.006 alpha taken`, witnesses: { epsilon: { silence: 'lost' } } },
      {
        fate: 'unknown',
        verdict: 'It reached its last daemon, and what became of it there nobody knows; epsilon cannot be reached now.',
        unknown: ['epsilon lost'],
      },
    ],
    [
      'its last daemon has gone, and its first one still has it',
      { records: LINE, witnesses: { epsilon: { silence: 'lost' } } },
      {
        fate: 'under-way',
        verdict: 'It is under way since 16 min: it went on from delta to epsilon, and epsilon cannot be reached now.',
        unknown: ['epsilon lost'],
      },
    ],
    [
      'it went behind a C++ daemon',
      {
        records: '0 alpha sent >beta\n0.001 beta sent <alpha >cpp',
        to: 'cpp:images',
        witnesses: { epsilon: { server: 'cpp', silence: 'opaque' } },
      },
      {
        fate: 'unknown',
        verdict:
          'It was last seen on beta, on its way to cpp; cpp is a C++ daemon: what happens behind it nobody records.',
        unknown: ['cpp opaque'],
      },
    ],
    [
      'its first daemon was started again',
      {
        records: '0.004 epsilon delivered <delta\n0.003 delta passed <gamma >epsilon',
        witnesses: { alpha: { upSince: 1500 }, gamma: { silence: 'silent' } },
      },
      {
        fate: 'delivered',
        verdict: 'It was delivered to images on epsilon within 1.0 ms.',
        unknown: ['alpha restarted', 'gamma silent'],
      },
    ],
    [
      'a recorder does not reach back so far',
      {
        records: '0 alpha sent >beta\n0.004 epsilon delivered <delta',
        witnesses: { beta: { oldest: 1400 }, delta: { silence: 'refused' } },
      },
      {
        fate: 'delivered',
        verdict: 'It was delivered to images on epsilon within 4.0 ms.',
        unknown: ['beta too-old', 'delta refused'],
      },
    ],
    [
      'it is lost on the way',
      { records: '0 alpha sent >beta' },
      {
        fate: 'under-way',
        verdict: 'It is under way since 16 min: it went on from alpha to beta, and beta has no record of it.',
        unknown: ['beta no-record', 'epsilon no-record'],
      },
    ],
    [
      'it went to a daemon that nobody knew of',
      { records: '0 alpha sent >omega' },
      {
        fate: 'under-way',
        verdict: /omega is known to nobody who was asked\.$/,
        unknown: ['omega not-asked', 'epsilon no-record'],
      },
    ],
  ])('is named: %s', (_what, scene, { fate, verdict, unknown }) => {
    const story = tell(scene);
    expect({ fate: story.fate, unknown: story.unknown.map(({ server, why }) => `${server} ${why}`) }).toEqual({
      fate,
      unknown,
    });
    if (typeof verdict === 'string') expect(story.verdict).toBe(verdict);
    else expect(story.verdict).toMatch(verdict);
  });
});

describe('the clocks of machines', () => {
  const clock = (aheadSeconds: number) => ({ clock: { aheadSeconds, errorSeconds: 0.002 } });

  it('are set right', () => {
    const { hops, way } = tell({
      records: '0 alpha sent >beta\n-99.998 beta delivered <alpha',
      witnesses: { beta: clock(-100) },
    });
    expect(way).toBe('alpha sent, beta delivered');
    expect(hops[1]?.after).toBeCloseTo(0.002, 6);
  });

  it('do not make a message arrive before it was sent', () => {
    const { hops, way } = tell({
      records: `${LINE}\n0.004 epsilon delivered <delta\n0.006 alpha taken`,
      witnesses: { beta: clock(0.5), delta: clock(0.9), epsilon: clock(3) },
    });
    expect(way).toBe(`${LINE_WAY}, epsilon delivered, alpha taken`);
    const times = hops.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('are estimated from question and answer, and the quicker answer is believed', () => {
    const slow = clockFrom(100, 101, 160.6);
    const quick = clockFrom(102, 102.01, 162.006);
    expect(slow.aheadSeconds).toBeCloseTo(60.1, 6);
    expect(betterClock(slow, quick)).toBe(quick);
    expect(betterClock(quick, slow)).toBe(quick);
    expect(betterClock(undefined, slow)).toBe(slow);
    expect(quick.errorSeconds).toBeCloseTo(0.006, 6);
  });

  it('are taken to be right where they may be', () => {
    expect(clockFrom(100, 101, 100.9).aheadSeconds).toBe(0);
    expect(clockFrom(100, 101, 101.2).aheadSeconds).toBeCloseTo(0.7, 6);
  });
});

it('is not told of a message that nobody has a record of, nor from records of others', () => {
  const witnesses = witnessesOf({ records: '0 alpha delivered' });
  expect(tellStory('bbbbbbbbbbbbbbbb.1.0.1', witnesses, NOW)).toBeUndefined();
});

it('false records that contradict each other are told all the same', () => {
  const { hops } = tell({ records: '0 alpha passed <beta >beta\n1 beta passed <alpha >alpha' });
  expect(hops).toHaveLength(2);
});

it('names each message once, the newest first, by the clock of who asks', () => {
  const record = (id: string, time: number): MessageRecord => ({
    id,
    time,
    number: 1,
    from: '',
    to: '',
    command: 'A',
    size: 1,
    outcome: 'sent',
  });
  expect(
    idsOf([
      { records: [record('a', 10), record('b', 12)] },
      { records: [record('a', 111), record('c', 112.5)], clock: { aheadSeconds: 100, errorSeconds: 0 } },
    ]),
  ).toEqual(['c', 'b', 'a']);
});
