// The parameters by which C++ daemons keep a message that they repeat to each other from going round for ever.

/** What a repeated message bears beside what its sender wrote. */
export interface Envelope {
  /** The same in all copies of a message. */
  readonly id: string;
  /** Daemons that have repeated it. */
  readonly hops: number;
  /** Until when copies of it may come, in Unix seconds. */
  readonly timeoutSeconds: number;
  /** Hosts of daemons that have it, or get it from who does. */
  readonly informed: readonly string[];
  /** The host that repeated it last. */
  readonly originator: string;
  /** Whether it went over encrypted links only. */
  readonly isSecure: boolean;
}

type Texts = Readonly<Record<string, string>>;

const PREFIX = 'broadcast_';
const SECURE = 'secure_remote';
const ID_LENGTH_MAX = 256;
const INFORMED_COUNT_MAX = 1000;

/** Whether some daemon has put an envelope around the message. */
export const hasEnvelope = (parameters: Texts): boolean => parameters[`${PREFIX}msgid`] !== undefined;

/** The envelope of a message; what it says unreadably counts as not said. Undefined without an id. */
export function readEnvelope(parameters: Texts): Envelope | undefined {
  const id = parameters[`${PREFIX}msgid`];
  if (id === undefined || id === '' || id.length > ID_LENGTH_MAX) return undefined;
  return {
    id,
    hops: readCount(parameters[`${PREFIX}hops`]),
    timeoutSeconds: readCount(parameters[`${PREFIX}timeout`]),
    informed: (parameters[`${PREFIX}informed_neighbors`] ?? '')
      .split(',', INFORMED_COUNT_MAX)
      .filter((host) => host !== ''),
    originator: parameters[`${PREFIX}originator`] ?? '',
    isSecure: parameters[SECURE] === 'true',
  };
}

/** The parameters with an envelope around them, in place of any that was there. */
export function withEnvelope(parameters: Texts, envelope: Envelope): Record<string, string> {
  return {
    ...parameters,
    [`${PREFIX}msgid`]: envelope.id,
    [`${PREFIX}hops`]: String(envelope.hops),
    [`${PREFIX}timeout`]: String(envelope.timeoutSeconds),
    [`${PREFIX}informed_neighbors`]: envelope.informed.join(','),
    [`${PREFIX}originator`]: envelope.originator,
    [SECURE]: String(envelope.isSecure),
  };
}

const OWN_NAMES = new Set([
  ...['msgid', 'hops', 'timeout', 'informed_neighbors', 'originator'].map((name) => PREFIX + name),
  SECURE,
]);

/** The parameters as their sender wrote them. */
export function withoutEnvelope(parameters: Texts): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !OWN_NAMES.has(name)));
}

const readCount = (text: string | undefined): number =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
