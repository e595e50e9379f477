// The rounds of an audit: who is asked when, how long what is open is asked about again, and what ends it.

import { describe, expect, it } from 'vitest';
import { type LedgerAnswer, UNSEEN_WORDS } from './audit.ts';
import { AUDIT_ROUND_MS, type AuditSurroundings, auditInRounds } from './audit-rounds.ts';
import type { Ledger } from './ledger.ts';

interface Machine {
  readonly server: string;
}

const instanceOf = (server: string): string => `${server.charAt(0).repeat(16)}~1`;

/** A daemon that has one link, to alpha or from it, and nothing else on its books. */
const ledgerOf = (server: string, linesOut: number, linesIn: number, delivered = 0): Ledger => {
  const peer = server === 'alpha' ? 'beta' : 'alpha';
  return {
    server,
    instance: instanceOf(server),
    time: 1000,
    upSince: 500,
    came: { services: 0, datagrams: 0, own: 0, opaque: 0, restored: 0 },
    ended: {
      delivered,
      handled: 0,
      broadcast: 0,
      opaque: 0,
      expired: 0,
      invalid: 0,
      refused: {},
      dropped: {},
    },
    waiting: 0,
    again: 0,
    streams: [],
    arrivals: [],
    broadcasts: { sent: 0, arrived: [], missed: 0, wanted: 0, copies: 0, lost: 0 },
    services: [],
    links: [
      {
        id: 'alpha-beta',
        server: peer,
        instance: instanceOf(peer),
        isOpaque: false,
        upSince: 600,
        linesOut,
        linesIn,
        framesOut: linesOut,
        framesIn: linesIn,
        bytesOut: 0,
        bytesIn: 0,
        dropped: 0,
      },
    ],
  };
};

/** What happened, in order; each pause takes as long as it says. */
function surroundings(answer: (server: string, round: number) => LedgerAnswer, names = ['alpha', 'beta', 'gamma']) {
  const log: string[] = [];
  let [nowMs, round] = [0, 0];
  const given: AuditSurroundings<Machine> = {
    machines: () => {
      log.push(`round ${++round}`);
      return Promise.resolve(names.map((server) => ({ server })));
    },
    ask: async ({ server }) => {
      log.push(`ask ${server}`);
      await Promise.resolve();
      log.push(`${server} answers`);
      return answer(server, round);
    },
    pause: (ms) => {
      log.push(`pause ${ms}`);
      nowMs += ms;
      return Promise.resolve();
    },
    nowMs: () => nowMs,
  };
  return { given, log };
}

const OPTIONS = { asker: 'alpha', patienceMs: 1000 };
/** Of the five lines that alpha wrote four have come in until then. */
const lateUntil =
  (roundLate: number) =>
  (server: string, round: number): LedgerAnswer => {
    if (server === 'gamma') return { server, silence: 'opaque' };
    if (server === 'alpha') return { server, ledger: ledgerOf(server, 5, 0) };
    return { server, ledger: ledgerOf(server, 0, round < roundLate ? 4 : 5) };
  };

describe('the rounds of an audit', () => {
  it('ask the own daemon when all others have answered, twice without a pause', async () => {
    const { given, log } = surroundings(lateUntil(1));
    const audit = await auditInRounds(given, OPTIONS);
    const round = ['ask beta', 'ask gamma', 'beta answers', 'gamma answers', 'ask alpha', 'alpha answers'];
    expect(log).toEqual(['round 1', ...round, 'round 2', ...round]);
    expect(audit.isBalanced).toBe(true);
    expect(audit.entries.length).toBeGreaterThan(0);
    expect(audit.ledgers.map(({ server }) => server)).toEqual(['alpha', 'beta']);
    expect(audit.unseen).toEqual([{ server: 'gamma', why: 'opaque' }]);
    expect(UNSEEN_WORDS[audit.unseen[0]?.why ?? 'lost']).toContain('C++');
  });

  it('go on, with a pause before each, while something may be on its way', async () => {
    const { given, log } = surroundings(lateUntil(4));
    const audit = await auditInRounds(given, OPTIONS);
    const turns = log.filter((line) => /^(?:round|pause)/.test(line));
    const pause = `pause ${AUDIT_ROUND_MS}`;
    expect(turns).toEqual(['round 1', 'round 2', pause, 'round 3', pause, 'round 4']);
    expect(audit.isBalanced).toBe(true);
  });

  it('end when the patience is over, and say what is open still', async () => {
    const { given, log } = surroundings(lateUntil(Number.POSITIVE_INFINITY));
    const audit = await auditInRounds(given, OPTIONS);
    expect(log.filter((line) => line.startsWith('pause'))).toHaveLength(OPTIONS.patienceMs / AUDIT_ROUND_MS + 1);
    expect(audit).toMatchObject({ isBalanced: false, isOpen: true });
    expect(audit.entries.filter(({ state }) => state === 'open').map(({ what }) => what)).toEqual([
      'messages out ≤ in',
      'frames out ≤ in',
    ]);
  });

  it('do not go on for what is wrong: it would be so in each', async () => {
    const { given, log } = surroundings((server) => ({ server, ledger: ledgerOf(server, 0, 0, 3) }), ['alpha']);
    const audit = await auditInRounds(given, OPTIONS);
    expect(audit).toMatchObject({ isBalanced: false, isOpen: false });
    expect(log.filter((line) => /^(?:round|pause)/.test(line))).toEqual(['round 1', 'round 2']);
  });

  it('end with what is thrown while one is asked', async () => {
    const { given } = surroundings(() => {
      throw new Error('no connection');
    });
    await expect(auditInRounds(given, OPTIONS)).rejects.toThrow('no connection');
  });
});
