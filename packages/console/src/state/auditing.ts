// "Do the accounts balance?": asks every daemon for its ledger, and says in words what came of it. The same answer as
// `snapcom audit`. Loaded when somebody asks.

import {
  type Audit,
  auditInRounds,
  describeEnded,
  describeEntry,
  type LedgerAnswer,
  type Machine,
  machinesOf,
  UNSEEN_WORDS,
} from '@snapcommunicator/network/story';
import { BusError } from '../bus/bus.ts';
import { type Daemons, silenceOf } from '../bus/daemon.ts';
import { counted, countOf } from './format.ts';

export interface AuditProgress {
  /** From 1 on. The third and all after it ask again for what does not agree yet. */
  readonly round: number;
  readonly asked: number;
  readonly answered: number;
}

export interface AuditWords {
  readonly isBalanced: boolean;
  readonly headline: string;
  /** Each comparison that does not hold, those of the same machine together. */
  readonly faults: readonly string[];
  /** How many more there are. */
  readonly faultsLeftOut: number;
  readonly unseen: readonly { readonly server: string; readonly why: string }[];
  /** Lives of daemons that are over. */
  readonly ended: readonly string[];
}

/** What an audit is asked with; a test has its own time. */
export interface AuditTools {
  readonly daemons: Pick<Daemons, 'graph' | 'ledger'>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: AuditProgress) => void;
  readonly pause?: (ms: number) => Promise<void>;
  readonly nowMs?: () => number;
}

/** For so long counts of links are asked for again, until both ends agree. */
export const AUDIT_PATIENCE_MS = 10_000;
/** Each is compared with each: of more the page would stand still. */
const MACHINES_MAX = 250;
const FAULTS_MAX = 50;

/** @throws BusError when this machine's daemon does not tell; what the signal is aborted with, when it is */
export async function auditCluster({
  daemons,
  signal,
  onProgress,
  pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  nowMs = () => performance.now(),
}: AuditTools): Promise<Audit> {
  const { seenFrom: asker } = await daemons.graph();
  let progress: AuditProgress = { round: 0, asked: 0, answered: 0 };
  const become = (next: AuditProgress): void => {
    progress = next;
    if (!signal.aborted) onProgress(progress);
  };
  const machines = async (): Promise<Machine[]> => {
    const all = await machinesNow(daemons);
    signal.throwIfAborted();
    const asked = all.filter(({ silence }) => silence === undefined).length;
    become({ round: progress.round + 1, asked, answered: 0 });
    return all;
  };
  const ask = async ({ server, isOwn, silence }: Machine): Promise<LedgerAnswer> => {
    if (silence !== undefined) return { server, silence };
    try {
      return { server, ledger: await daemons.ledger(isOwn ? '' : server) };
    } catch (error) {
      if (isOwn || !(error instanceof BusError) || error.fault === 'lost') throw error;
      return { server, silence: silenceOf(error) };
    } finally {
      become({ ...progress, answered: progress.answered + 1 });
    }
  };
  return auditInRounds({ machines, ask, pause, nowMs }, { asker, patienceMs: AUDIT_PATIENCE_MS });
}

async function machinesNow(daemons: AuditTools['daemons']): Promise<Machine[]> {
  const machines = machinesOf(await daemons.graph());
  if (machines.length > MACHINES_MAX)
    throw new BusError(
      'refused',
      `${machines.length} machines are too many for a page, which compares ${MACHINES_MAX}`,
    );
  return machines;
}

export function auditWords({ isBalanced, entries, ledgers, unseen, ended }: Audit): AuditWords {
  const faults = entries.filter(({ state }) => state !== 'balanced');
  const compared = `${counted(entries.length, 'comparison')} on ${counted(ledgers.length, 'daemon')}`;
  return {
    isBalanced,
    headline: isBalanced ? `Balanced: ${compared}` : `Not balanced: ${countOf(faults.length)} of ${compared}`,
    faults: faults.slice(0, FAULTS_MAX).map(describeEntry),
    faultsLeftOut: Math.max(0, faults.length - FAULTS_MAX),
    unseen: unseen.map(({ server, why }) => ({ server, why: UNSEEN_WORDS[why] })),
    ended: ended.map((life) => describeEnded(life, countOf)),
  };
}
