// Whether the daemon is well, and whether it is to be sent work: rules over plain facts.

/** What the rules look at. */
export interface Facts {
  readonly isStopping: boolean;
  readonly isDraining: boolean;
  readonly uptimeMs: number;
  /** The last write of a durable message succeeded, or there was none. */
  readonly isStoreWell: boolean;
  /** The inner loop runs in TypeScript though nobody asked for that. */
  readonly isSlow: boolean;
  readonly isClusterComplete: boolean;
  /** How full the memory for kept messages is, from 0 to 1. */
  readonly keptShare: number;
  readonly loopDelayMs: number;
  readonly neighborsConfigured: number;
  readonly linksFull: number;
  /** How long a link may take to come up. */
  readonly linkMs: number;
}

export type Wellness = 'ok' | 'degraded' | 'failing';

export interface Check {
  readonly name: string;
  readonly status: Wellness;
  /** What to think of it, where it is not ok. */
  readonly message?: string;
}

export interface Health {
  readonly status: Wellness;
  readonly checks: readonly Check[];
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
}

const LOOP_DELAY_MS_MAX = 1000;
const KEPT_SHARE_MAX = 0.9;

/** Whether it is well. Names nobody: it is told without a password. */
export function healthOf(facts: Facts): Health {
  const checks = [
    check('store', facts.isStoreWell, 'failing', 'durable messages cannot be written to disk: see the log'),
    check('event_loop', facts.loopDelayMs < LOOP_DELAY_MS_MAX, 'failing', 'the daemon has more to do than it can'),
    check('inner_loop', !facts.isSlow, 'degraded', 'WebAssembly is missing, and messages pass slowly: see the log'),
    check('kept', facts.keptShare < KEPT_SHARE_MAX, 'degraded', 'there is hardly room for more kept messages'),
    check('cluster', facts.isClusterComplete, 'degraded', 'not all known machines can be reached'),
  ];
  const worst = (['failing', 'degraded'] as const).find((status) => checks.some((each) => each.status === status));
  return { status: worst ?? 'ok', checks };
}

/** Whether it is to be sent work: it neither stops nor drains, and is linked, if it is to be linked. */
export function readinessOf(facts: Facts): Readiness {
  const { neighborsConfigured, linksFull, uptimeMs, linkMs } = facts;
  // Where nobody answers there is nobody to wait for: it serves its own machine meanwhile.
  const isJoined = neighborsConfigured === 0 || linksFull > 0 || uptimeMs > linkMs;
  const reasons = [
    ...(facts.isStopping ? ['stopping'] : []),
    ...(facts.isDraining ? ['draining'] : []),
    ...(isJoined ? [] : ['joining']),
  ];
  return { ready: reasons.length === 0, reasons };
}

const check = (name: string, isWell: boolean, otherwise: Wellness, message: string): Check =>
  isWell ? { name, status: 'ok' } : { name, status: otherwise, message };
