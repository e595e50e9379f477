// The audit as the page asks it: whom, what it says when accounts do not balance, and what ends it.

import type { Ledger } from '@snapcommunicator/network/story';
import { beforeEach, describe, expect, test } from 'vitest';
import { BusError, type Fault } from '../bus/bus.ts';
import { AUDIT_PATIENCE_MS, type AuditProgress, auditCluster, auditWords } from './auditing.ts';
import { graphOf } from './testing/graphs.ts';

const instanceOf = (server: string): string => `${server.charAt(0).repeat(16)}~1`;

/** Alpha's services sent ten messages to each of the others; since then each round brought a question and its answer. */
function ledgerOf(server: string, round: number): Ledger {
  const isAlpha = server === 'alpha';
  const lives = (isAlpha ? ['beta', 'gamma'] : ['alpha']).map((other) => ({
    instance: instanceOf(other),
    server: other,
    isOver: false,
  }));
  // The answer of this round is not given yet when it is told, but has arrived when alpha tells.
  const given = isAlpha ? 10 + round : round - 1;
  const arrived = isAlpha ? round : 10 + round;
  const delivered = isAlpha ? 2 * round : 10;
  return {
    server,
    instance: instanceOf(server),
    time: 1000,
    upSince: 500,
    came: { services: isAlpha ? 20 : 0, datagrams: 0, own: isAlpha ? 2 * round : round - 1, opaque: 0, restored: 0 },
    ended: {
      delivered,
      handled: isAlpha ? 0 : round,
      ...{ broadcast: 0, opaque: 0, expired: 0, invalid: 0 },
      refused: {},
      dropped: {},
    },
    waiting: 0,
    again: 0,
    streams: lives.map((life) => ({ ...life, ...NO_STREAM, given, taken: given })),
    arrivals: lives.map((life) => ({ ...life, lines: arrived, returned: 0 })),
    broadcasts: { sent: 0, arrived: [], missed: 0, wanted: 0, copies: 0, lost: 0 },
    services: [{ service: 'web', sent: isAlpha ? 20 : 0, delivered, lost: 0, waiting: 0, refused: 0, expired: 0 }],
    links: [],
  };
}

const NO_STREAM = { given: 0, taken: 0, returned: 0, expired: 0, unknown: 0, unsent: 0, underWay: 0 };

const graph = graphOf({
  alpha: {},
  beta: {},
  gamma: {},
  old1: { knowledge: 'opaque' },
  db1: { isReachable: false },
  '#1': {},
});

let asked: string[];
let told: AuditProgress[];
let nowMs: number;
let answers: Map<string, (round: number) => Ledger>;
let stopping: AbortController;

const fails = (fault: Fault) => (): Ledger => {
  throw new BusError(fault, `${fault}, it is said`);
};

const audit = (asking = graph) =>
  auditCluster({
    daemons: {
      graph: () => Promise.resolve(asking),
      ledger: async (server = '') => {
        asked.push(server);
        const [name, round] = [server || 'alpha', told.at(-1)?.round ?? 0];
        return answers.get(name)?.(round) ?? ledgerOf(name, round);
      },
    },
    signal: stopping.signal,
    onProgress: (progress) => told.push(progress),
    pause: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    nowMs: () => nowMs,
  });

beforeEach(() => {
  [asked, told, nowMs] = [[], [], 0];
  stopping = new AbortController();
  answers = new Map();
});

describe('do the accounts balance?', () => {
  test('every daemon that can be asked is asked, this one last and by no name', async () => {
    const words = auditWords(await audit());
    expect(asked).toEqual(['beta', 'gamma', '', 'beta', 'gamma', '']);
    expect(words).toMatchObject({ isBalanced: true, faults: [], ended: [] });
    expect(words.headline).toMatch(/^Balanced: \d\d comparisons on 3 daemons$/);
    expect(words.unseen).toEqual([
      { server: 'old1', why: 'it is a C++ daemon, which keeps none' },
      { server: 'db1', why: 'it cannot be reached' },
    ]);
    expect(told[0]).toEqual({ round: 1, asked: 3, answered: 0 });
    expect(told.at(-1)).toEqual({ round: 2, asked: 3, answered: 3 });
  });

  test('what does not balance is told with its place', async () => {
    answers.set('beta', (round) => {
      const ledger = ledgerOf('beta', round);
      return { ...ledger, ended: { ...ledger.ended, delivered: ledger.ended.delivered - 3 } };
    });
    const { isBalanced, headline, faults, faultsLeftOut } = auditWords(await audit());
    expect(isBalanced).toBe(false);
    expect(headline).toMatch(/^Not balanced: 2 of \d\d comparisons on 3 daemons$/);
    expect(faults).toEqual([
      'daemon beta: came = became does not hold: 13 (1 of its own + 12 from other machines) against 10 (7 delivered + 2 commands to it + 1 to other machines), 3 off',
      'services of beta: what services were given = delivered does not hold: 10 given to services against 7 delivered, 3 off',
    ]);
    expect(faultsLeftOut).toBe(0);
  });

  test('a life that is over is named with what was under way to it', async () => {
    const over = { instance: 'eeee~1', server: 'epsilon', isOver: true };
    answers.set('beta', (round) => {
      const ledger = ledgerOf('beta', round);
      return {
        ...ledger,
        came: { ...ledger.came, own: ledger.came.own + 1507 },
        streams: [...ledger.streams, { ...over, ...NO_STREAM, given: 1507, taken: 1500, unknown: 7 }],
      };
    });
    const { isBalanced, ended } = auditWords(await audit());
    expect(isBalanced).toBe(true);
    expect(ended).toEqual([
      'a life of epsilon (eeee~1) is over: 1,500 messages were in its hands, 7 under way to it; 0 of its own arrived',
    ]);
  });

  test.each([
    ['absent', 'it cannot be reached'],
    ['timeout', 'it does not answer'],
    ['refused', 'it does not tell who asks from here (only over links that prove who speaks)'],
    ['unknown', 'its version keeps no accounts'],
  ] as const)('why another daemon tells nothing: %s', async (fault, why) => {
    answers.set('gamma', fails(fault));
    const words = auditWords(await audit());
    expect(words.unseen).toContainEqual({ server: 'gamma', why });
    expect(words.headline).toMatch(/on 2 daemons$/);
  });

  test('without this machine’s daemon, and without a connection, nothing can be told', async () => {
    answers.set('gamma', fails('lost'));
    await expect(audit()).rejects.toThrow('lost, it is said');
    answers.delete('gamma');
    answers.set('alpha', fails('refused'));
    await expect(audit()).rejects.toThrow('refused, it is said');
  });

  test('what may be on its way is asked about again, until the patience is over', async () => {
    const link = { id: 'a-b', isOpaque: false, upSince: 1, framesOut: 0, framesIn: 0, bytesOut: 0, bytesIn: 0 };
    const withLink = (server: string, peer: string, linesOut: number) => (round: number) => ({
      ...ledgerOf(server, round),
      links: [{ ...link, server: peer, instance: instanceOf(peer), linesOut, linesIn: 0, dropped: 0 }],
    });
    answers.set('alpha', withLink('alpha', 'beta', 1));
    answers.set('beta', withLink('beta', 'alpha', 0));
    const { headline, faults } = auditWords(await audit());
    expect(nowMs).toBeGreaterThan(AUDIT_PATIENCE_MS);
    expect(told.at(-1)?.round).toBeGreaterThan(10);
    expect(headline).toContain('Not balanced: 1 of');
    expect(faults).toEqual(['link alpha → beta: messages out ≤ in does not hold: 1 went out against 0, 1 off']);
  });

  test('called off, it asks nobody any more', async () => {
    answers.set('beta', (round) => {
      stopping.abort(new Error('closed'));
      return ledgerOf('beta', round);
    });
    await expect(audit()).rejects.toThrow('closed');
    expect(asked).toEqual(['beta', 'gamma', '']);
    expect(told).toEqual([{ round: 1, asked: 3, answered: 0 }]);
  });

  test('more machines than a page can compare', async () => {
    const many = Object.fromEntries(Array.from({ length: 251 }, (_, n) => [`m${n}`, {}]));
    await expect(audit(graphOf(many))).rejects.toThrow('251 machines are too many for a page, which compares 250');
    expect(asked).toEqual([]);
  });
});
