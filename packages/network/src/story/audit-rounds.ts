// Has all daemons asked for their ledgers, round by round, until nothing is open or the patience is over.

import { type Audit, auditLedgers, type LedgerAnswer } from './audit.ts';

/** What an audit needs of its surroundings: whom to ask, how, and time. */
export interface AuditSurroundings<M extends { readonly server: string }> {
  /** All machines as they are when a round begins. */
  readonly machines: () => Promise<readonly M[]>;
  /** Asks one; what it throws ends the audit. */
  readonly ask: (machine: M) => Promise<LedgerAnswer>;
  readonly pause: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

export interface AuditOptions {
  /** The machine by whose daemon the others are asked. */
  readonly asker: string;
  /** For how long what is open is asked about again. */
  readonly patienceMs: number;
}

/** Between two rounds. */
export const AUDIT_ROUND_MS = 250;

export async function auditInRounds<M extends { readonly server: string }>(
  surroundings: AuditSurroundings<M>,
  { asker, patienceMs }: AuditOptions,
): Promise<Audit> {
  const { pause, nowMs } = surroundings;
  const endMs = nowMs() + patienceMs;
  const rounds: LedgerAnswer[][] = [await askRound(surroundings, asker)];
  for (;;) {
    // The second round follows at once: the less passes between the two, the less can hide in it.
    if (rounds.length > 1) await pause(AUDIT_ROUND_MS);
    rounds.push(await askRound(surroundings, asker));
    const audit = auditLedgers(rounds, asker);
    if (!audit.isOpen || nowMs() > endMs) return audit;
  }
}

/** The daemon by which the others are asked comes last: it has counted their answers then. */
async function askRound<M extends { readonly server: string }>(
  { machines, ask }: Pick<AuditSurroundings<M>, 'machines' | 'ask'>,
  asker: string,
): Promise<LedgerAnswer[]> {
  const all = await machines();
  const others = await Promise.all(all.filter(({ server }) => server !== asker).map(ask));
  const own = await Promise.all(all.filter(({ server }) => server === asker).map(ask));
  return [...own, ...others];
}
