// What a sender asks for in the parameters `cache` and `transmission_report`, read from their texts.

import { duration, formatDuration } from 'snapcommunicator/contract';
import type { ReportLevel } from './entry.ts';

/** How long a message may be kept, in ms: when it does not say, at least, at most. */
export interface TtlLimits {
  readonly ttlDefaultMs: number;
  readonly ttlMinMs: number;
  readonly ttlMaxMs: number;
}

/** The limits that the protocol names: 60 s, 10 s, 24 h. */
export const TTL_LIMITS: TtlLimits = Object.freeze({ ttlDefaultMs: 60_000, ttlMinMs: 10_000, ttlMaxMs: 86_400_000 });

export interface CachePolicy {
  /** Whether the message is kept when its destination cannot be reached. */
  readonly isKept: boolean;
  /** Whether its sender wants SERVICE_UNAVAILABLE when it is not kept. */
  readonly wantsReply: boolean;
  readonly ttlMs: number;
  /** Whether it is kept on disk. */
  readonly isDurable: boolean;
  /** What could not be used, one sentence for the log. */
  readonly problem?: string;
}

/** A policy of more characters than this is not read on. */
const POLICY_LENGTH_MAX = 256;

/**
 * Reads the value of `cache`: items `no`, `reply`, `ttl=DURATION`, `durable`, joined by `;`. Never fails: what cannot
 * be used is left out and named in `problem`, and a ttl that is unreadable or out of range becomes the default.
 */
export function parseCachePolicy(text: string | undefined, limits: TtlLimits = TTL_LIMITS): CachePolicy {
  let isKept = true;
  let wantsReply = false;
  let isDurable = false;
  let ttlMs = limits.ttlDefaultMs;
  const problems: string[] = [];
  for (const item of (text ?? '').slice(0, POLICY_LENGTH_MAX).split(';')) {
    const [name, value] = splitItem(item);
    if (name === 'no' && value === undefined) isKept = false;
    else if (name === 'reply' && value === undefined) wantsReply = true;
    else if (name === 'durable' && value === undefined) isDurable = true;
    else if (name === 'ttl') {
      const reading = duration({ minMs: limits.ttlMinMs, maxMs: limits.ttlMaxMs }).read(value ?? '');
      if ('value' in reading) ttlMs = reading.value;
      else {
        ttlMs = limits.ttlDefaultMs;
        problems.push(`ttl is ${quote(value ?? '')}, not ${reading.expected}: ${formatDuration(ttlMs)} is used`);
      }
    } else if (name !== '' || value !== undefined) {
      problems.push(`${quote(item)} is not one of no, reply, ttl=DURATION, durable: left out`);
    }
  }
  if ((text ?? '').length > POLICY_LENGTH_MAX)
    problems.push(`what follows ${POLICY_LENGTH_MAX} characters is left out`);
  if (!isKept && isDurable) {
    isDurable = false;
    problems.push('no and durable contradict each other: it is not kept');
  }
  const policy = { isKept, wantsReply, ttlMs, isDurable };
  return problems.length === 0 ? policy : { ...policy, problem: `cache: ${problems.join('; ')}` };
}

/**
 * Reads the value of `transmission_report`; any other text than `failure` and `always` asks for nothing. The sender of
 * a durable message with a `message_id` is told of success and failure without asking.
 */
export function parseReport(text: string | undefined, isDurable: boolean, hasMessageId: boolean): ReportLevel {
  if (text === 'failure' || text === 'always') return text;
  return isDurable && hasMessageId ? 'failure' : 'none';
}

/** `name` or `name=value`, blanks around either dropped. */
function splitItem(item: string): [name: string, value: string | undefined] {
  const equals = item.indexOf('=');
  if (equals === -1) return [item.trim(), undefined];
  return [item.slice(0, equals).trim(), item.slice(equals + 1).trim()];
}

/** What a sender wrote, safe and short enough for the log. */
const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
