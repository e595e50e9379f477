// REFUSE between this daemon and a C++ one: what it is told so that it comes back, and what its own words mean.

/** Why a C++ daemon gets no link. */
export type LegacyRefusal = 'name' | 'malformed' | 'version' | 'full' | 'stopping' | 'secret' | 'untrusted';

/** Without `shutdown=true` a C++ daemon stays away for so long. */
export const STAYS_AWAY_MS = 24 * 60 * 60 * 1000;
/** With it, for so long. */
export const STAYS_AWAY_STOPPING_MS = 5 * 60 * 1000;
/** A refusal for its name's sake within so long after a link means that there are two connections, not two machines. */
export const DUPLICATE_WINDOW_MS = 60_000;

/** The parameters of REFUSE: only a true conflict of names keeps it away for a day. */
export function refuse(reason: LegacyRefusal): Record<string, string> {
  return reason === 'name' ? { conflict: 'name' } : { reason, shutdown: 'true' };
}

/** What REFUSE from a C++ daemon means. */
export type RefusalMeaning =
  /** There is another connection with it, or was a moment ago: wait for it, raise no alarm. */
  | 'duplicate'
  /** Another machine bears our name. */
  | 'name'
  /** It stops, or wants no link now. */
  | 'stopping'
  | 'unwilling';

/** @param sinceLinkedMs how long ago a link with that address stood, 0 while it does; undefined: never */
export function meaningOf(
  { conflict, shutdown }: Readonly<Record<string, string | undefined>>,
  sinceLinkedMs: number | undefined,
): RefusalMeaning {
  if (conflict === 'name')
    return sinceLinkedMs !== undefined && sinceLinkedMs <= DUPLICATE_WINDOW_MS ? 'duplicate' : 'name';
  return shutdown === 'true' ? 'stopping' : 'unwilling';
}
