// Audits of made-up clusters: balanced ones, one wrong count at each place in turn, what is under way, lives that ended.

import { describe, expect, it } from 'vitest';
import { auditLedgers, describeEntry, type LedgerAnswer } from './audit.ts';
import type { Ledger, StreamAccount } from './ledger.ts';
import { readLedger } from './reader.ts';

const instanceOf = (server: string, life = 1): string => `${server.charAt(0).repeat(16)}~${life}`;

/** What went from whom to whom: so many messages, each of which arrived. */
type Traffic = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Ledgers that balance: services of each machine sent so many to the others, and to each other. */
function ledgersOf(traffic: Traffic, own = 5): Ledger[] {
  const servers = Object.keys(traffic);
  return servers.map((server): Ledger => {
    const out = traffic[server] ?? {};
    const sent = Object.values(out).reduce((sum, count) => sum + count, 0);
    const came = servers.filter((other) => (traffic[other]?.[server] ?? 0) > 0);
    const arrived = came.reduce((sum, other) => sum + (traffic[other]?.[server] ?? 0), 0);
    return {
      server,
      instance: instanceOf(server),
      time: 1000,
      upSince: 500,
      came: { services: sent + own, datagrams: 2, own: 1, opaque: 0, restored: 0 },
      ended: {
        delivered: own + arrived + 1,
        handled: 0,
        broadcast: 3 * (servers.length - 1),
        opaque: 0,
        expired: 1,
        invalid: 0,
        refused: { absent: 1 },
        dropped: {},
      },
      waiting: 0,
      again: 0,
      streams: Object.entries(out).map(([to, given]) => stream(to, { given, taken: given })),
      arrivals: came.map((from) => ({
        instance: instanceOf(from),
        server: from,
        isOver: false,
        lines: traffic[from]?.[server] ?? 0,
        returned: 0,
      })),
      broadcasts: {
        sent: 3,
        arrived: servers
          .filter((other) => other !== server)
          .map((other) => ({ instance: instanceOf(other), server: other, lines: 3 })),
        missed: 0,
        wanted: 6,
        copies: 6,
        lost: 0,
      },
      services: [
        {
          service: 'web',
          sent: sent + own,
          delivered: own + arrived + 1 + 6,
          lost: 0,
          waiting: 0,
          refused: 1,
          expired: 1,
        },
      ],
      links: Object.keys(out).map((to) => ({
        id: [server, to].sort().join('-'),
        server: to,
        instance: instanceOf(to),
        isOpaque: false,
        upSince: 600,
        linesOut: out[to] ?? 0,
        linesIn: traffic[to]?.[server] ?? 0,
        framesOut: 10 + (out[to] ?? 0),
        framesIn: 10 + (traffic[to]?.[server] ?? 0),
        bytesOut: 0,
        bytesIn: 0,
        dropped: 0,
      })),
    };
  });
}

const stream = (to: string, counts: Partial<StreamAccount>): StreamAccount => ({
  instance: instanceOf(to),
  server: to,
  isOver: false,
  given: 0,
  taken: 0,
  returned: 0,
  expired: 0,
  unknown: 0,
  unsent: 0,
  underWay: 0,
  ...counts,
});

const TRAFFIC: Traffic = {
  alpha: { beta: 100, gamma: 40 },
  beta: { alpha: 60, gamma: 7 },
  gamma: { alpha: 0, beta: 9 },
};

const answers = (ledgers: readonly Ledger[]): LedgerAnswer[] =>
  ledgers.map((ledger) => ({ server: ledger.server, ledger }));

/** Both rounds alike: nothing happens. */
const still = (ledgers: readonly Ledger[]) => auditLedgers([answers(ledgers), answers(ledgers)]);

const wrong = (audit: ReturnType<typeof still>): string[] =>
  audit.entries.filter(({ state }) => state !== 'balanced').map((entry) => `${entry.state} ${describeEntry(entry)}`);

/** The same ledgers with one of them changed. */
function changed(server: string, change: (ledger: Ledger) => Ledger): Ledger[] {
  return ledgersOf(TRAFFIC).map((ledger) => (ledger.server === server ? change(ledger) : ledger));
}

const firstOf = <T>(items: readonly T[], change: (item: T) => T): T[] =>
  items.map((item, at) => (at === 0 ? change(item) : item));

it('what balances is balanced, each place compared', () => {
  const audit = still(ledgersOf(TRAFFIC));
  expect(wrong(audit)).toEqual([]);
  expect(audit).toMatchObject({ isBalanced: true, isOpen: false, ended: [], unseen: [] });
  expect(new Set(audit.entries.map(({ kind }) => kind))).toEqual(
    new Set(['daemon', 'stream', 'services', 'broadcasts', 'link']),
  );
});

describe('one wrong count is named with its place:', () => {
  it.each<[string, string, (ledger: Ledger) => Ledger, string[]]>([
    [
      'a message that came and became nothing',
      'beta',
      (ledger) => ({ ...ledger, ended: { ...ledger.ended, expired: 0 } }),
      [
        'wrong daemon beta: came = became does not hold: 190 (72 from services + 2 from datagrams + 1 of its own + 109 from other machines + 6 broadcasts of other machines) against 189 (115 delivered + 6 broadcast + 67 to other machines + 1 refused), 1 off',
      ],
    ],
    [
      'a stream that does not add up',
      'alpha',
      (ledger) => ({ ...ledger, streams: firstOf(ledger.streams, (one) => ({ ...one, taken: one.taken - 2 })) }),
      [
        'wrong stream alpha → beta: given = what became of it does not hold: 100 given against 98 taken, 2 off',
        'wrong stream alpha → beta: arrived ≤ taken, or under way does not hold: 100 arrived on beta against 98 taken, 2 off',
      ],
    ],
    [
      'messages that were taken and are not there',
      'beta',
      (ledger) => ({
        ...ledger,
        ended: { ...ledger.ended, delivered: ledger.ended.delivered - 3 },
        services: firstOf(ledger.services, (one) => ({ ...one, delivered: one.delivered - 3 })),
        arrivals: firstOf(ledger.arrivals, (one) => ({ ...one, lines: one.lines - 3 })),
      }),
      ['wrong stream alpha → beta: taken ≤ arrived does not hold: 100 taken against 97 arrived on beta, 3 off'],
    ],
    [
      'what a service was given',
      'gamma',
      (ledger) => ({ ...ledger, services: firstOf(ledger.services, (one) => ({ ...one, delivered: 0 })) }),
      [
        'wrong services of gamma: what services were given = delivered does not hold: 0 against 59 (53 delivered + 6 copies of broadcasts), 59 off',
      ],
    ],
    [
      'what a service sent',
      'gamma',
      (ledger) => ({ ...ledger, services: firstOf(ledger.services, (one) => ({ ...one, sent: one.sent + 1 })) }),
      [
        'wrong services of gamma: what services sent = what came from them does not hold: 15 sent by services against 14 came from services, 1 off',
      ],
    ],
    [
      'copies of broadcasts that nobody got',
      'alpha',
      (ledger) => ({ ...ledger, broadcasts: { ...ledger.broadcasts, wanted: 8 } }),
      ['wrong broadcasts on alpha: copies wanted = made or lost does not hold: 8 wanted against 6 made, 2 off'],
    ],
    [
      'broadcasts that nobody sent',
      'gamma',
      (ledger) => ({
        ...ledger,
        broadcasts: {
          ...ledger.broadcasts,
          arrived: firstOf(ledger.broadcasts.arrived, (one) => ({ ...one, lines: 5 })),
        },
        ended: { ...ledger.ended, broadcast: ledger.ended.broadcast + 2 },
      }),
      ['wrong broadcasts alpha → gamma: arrived ≤ sent does not hold: 5 arrived on gamma against 3 sent, 2 off'],
    ],
    [
      'more came in over a link than went out',
      'beta',
      (ledger) => ({ ...ledger, links: firstOf(ledger.links, (one) => ({ ...one, linesIn: one.linesIn + 1 })) }),
      ['wrong link alpha → beta: messages in ≤ out does not hold: 101 came in against 100 went out, 1 off'],
    ],
    [
      'what went out over a link has not come in',
      'beta',
      (ledger) => ({ ...ledger, links: firstOf(ledger.links, (one) => ({ ...one, framesIn: one.framesIn - 1 })) }),
      ['open link alpha → beta: frames out ≤ in does not hold: 110 went out against 109 came in, 1 off'],
    ],
  ])('%s', (_what, server, change, expected) => {
    const audit = still(changed(server, change));
    expect(wrong(audit)).toEqual(expected);
    expect(audit.isBalanced).toBe(false);
  });
});

describe('while messages go on', () => {
  /** Asked in the order of the list, and again, with more sent, taken and arrived between any two questions. */
  function busyRounds(change: (ledger: Ledger) => Ledger = (ledger) => ledger): LedgerAnswer[][] {
    let sent = 0;
    return [0, 1].map(() =>
      ['alpha', 'beta', 'gamma'].map((server) => {
        sent += 1000;
        const [now] = ledgersOf({
          alpha: { beta: sent, gamma: sent },
          beta: { alpha: sent, gamma: sent },
          gamma: { alpha: sent, beta: sent },
        }).filter((ledger) => ledger.server === server);
        return { server, ledger: change(now as Ledger) };
      }),
    );
  }

  it('two rounds find nothing wrong', () => {
    const audit = auditLedgers(busyRounds());
    expect(wrong(audit)).toEqual([]);
  });

  it('nothing is called wrong after one round', () => {
    const [round = []] = busyRounds();
    const audit = auditLedgers([round]);
    expect(audit.entries.filter(({ state }) => state === 'wrong')).toEqual([]);
    expect(audit.isOpen).toBe(true);
  });

  it('what is missing for good is found once it is more than what passed between the rounds', () => {
    const lossy = (ledger: Ledger): Ledger =>
      ledger.server !== 'beta'
        ? ledger
        : { ...ledger, arrivals: firstOf(ledger.arrivals, (one) => ({ ...one, lines: one.lines - 9000 })) };
    const entries = auditLedgers(busyRounds(lossy)).entries.filter(({ state }) => state === 'wrong');
    expect(entries).toContainEqual(expect.objectContaining({ kind: 'stream', server: 'alpha', peer: 'beta' }));
  });

  it('what is under way is no loss', () => {
    const ledgers = changed('alpha', (ledger) => ({
      ...ledger,
      streams: firstOf(ledger.streams, (one) => ({ ...one, taken: 90, underWay: 10 })),
    }));
    expect(wrong(still(ledgers))).toEqual([]);
  });
});

describe('a daemon that died', () => {
  const withDeath = ledgersOf(TRAFFIC)
    .filter(({ server }) => server !== 'gamma')
    .map((ledger) => ({
      ...ledger,
      streams: ledger.streams.map((one) =>
        one.server === 'gamma' ? { ...one, isOver: true, taken: one.taken - 2, unknown: 2 } : one,
      ),
      arrivals: ledger.arrivals.map((one) => (one.server === 'gamma' ? { ...one, isOver: true } : one)),
    }));

  it('is one named entry, and the others balance', () => {
    const audit = auditLedgers([
      [...answers(withDeath), { server: 'gamma', silence: 'lost' }],
      [...answers(withDeath), { server: 'gamma', silence: 'lost' }],
    ]);
    expect(wrong(audit)).toEqual([]);
    expect(audit.ended).toEqual([
      { instance: instanceOf('gamma'), server: 'gamma', unknown: 4, taken: 43, arrived: 9 },
    ]);
    expect(audit.unseen).toEqual([{ server: 'gamma', why: 'lost' }]);
  });

  it('answers for nothing of what its next life does', () => {
    const next = ledgersOf({ gamma: {} }).map((ledger) => ({ ...ledger, instance: instanceOf('gamma', 2) }));
    const audit = still([...withDeath, ...next]);
    expect(wrong(audit)).toEqual([]);
    expect(audit.ended.map(({ instance }) => instance)).toEqual([instanceOf('gamma')]);
  });

  it('that starts between the rounds is compared only once it was asked twice', () => {
    const ledgers = ledgersOf(TRAFFIC);
    const strange = changed('gamma', (ledger) => ({
      ...ledger,
      arrivals: ledger.arrivals.map((one) => ({ ...one, lines: 0 })),
    }));
    const audit = auditLedgers([answers(ledgers.slice(0, 2)), answers(strange)]);
    const bound = audit.entries.filter(({ kind, server }) => kind === 'link' && server === 'gamma');
    expect(bound.every(({ state }) => state !== 'wrong')).toBe(true);
  });
});

it('reads a ledger as it is written, and nothing else', () => {
  const [ledger] = ledgersOf(TRAFFIC);
  expect(readLedger(JSON.stringify(ledger))).toEqual(ledger);
  for (const text of [
    '',
    '{}',
    '[]',
    JSON.stringify({ ...ledger, waiting: 'much' }),
    JSON.stringify({ ...ledger, streams: {} }),
  ])
    expect(readLedger(text)).toBeUndefined();
});

describe('the messages of the audit itself', () => {
  /** A question from alpha to each other daemon, its answer, in each round; alpha is asked last. */
  function rounds(change: (ledger: Ledger) => Ledger = (ledger) => ledger): LedgerAnswer[][] {
    return [1, 2].map((round) => {
      const others = ['beta', 'gamma'];
      const asked = Object.fromEntries(others.map((name) => [name, round]));
      const told = Object.fromEntries(others.map((name) => [name, { alpha: round - 1 }]));
      const answered = Object.fromEntries(others.map((name) => [name, { alpha: round }]));
      const early = ledgersOf({ alpha: asked, ...told }).filter(({ server }) => server !== 'alpha');
      const late = ledgersOf({ alpha: asked, ...answered }).filter(({ server }) => server === 'alpha');
      return answers([...late, ...early].map(change));
    });
  }

  it('are no difference', () => {
    expect(wrong(auditLedgers(rounds(), 'alpha'))).toEqual([]);
  });

  it.each([
    ['beta', 'alpha'],
    ['alpha', 'beta'],
  ])('do not hide a single message that is missing on %s, from %s', (on, from) => {
    const audit = auditLedgers(
      rounds((ledger) =>
        ledger.server !== on
          ? ledger
          : {
              ...ledger,
              arrivals: ledger.arrivals.map((one) => (one.server === from ? { ...one, lines: one.lines - 1 } : one)),
            },
      ),
      'alpha',
    );
    expect(audit.entries.filter(({ state }) => state === 'wrong')).toContainEqual(
      expect.objectContaining({ kind: 'stream', server: from, peer: on, what: 'taken ≤ arrived' }),
    );
  });
});
