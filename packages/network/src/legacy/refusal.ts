// REFUSE between this daemon and a C++ one: what it is told so that it comes back, and what its own words mean.

/** Why a C++ daemon gets no link. */
export type LegacyRefusal = 'name' | 'malformed' | 'version' | 'full' | 'stopping';

/** A refusal for its name's sake within so long after a link means that there are two connections, not two machines. */
export const DUPLICATE_WINDOW_MS = 60_000;

/**
 * The parameters of REFUSE. Without `shutdown=true` a C++ daemon stays away for 24 h, with it for 5 minutes: only a true
 * conflict of names keeps it away for a day.
 */
export function refuse(reason: LegacyRefusal): Record<string, string> {
  return reason === 'name' ? { conflict: 'name' } : { reason, shutdown: 'true' };
}
