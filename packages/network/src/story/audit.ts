// Checks that the accounts of all daemons agree: every message that came has become something, and what one daemon gave
// another one took.
//
// Daemons cannot be asked all at the same moment, and messages go on meanwhile. So they are asked in rounds, each begun
// when the one before is over, and accounts of two daemons are compared across two of them. Counts only grow, and what
// has arrived was sent before. So what B had in the first round is at most what A has in the second, and the other way
// round, whatever was under way: a comparison that fails is a fault, without any tolerance. Only that what went out on a
// link comes in at its other end takes time; until then an entry is open, and another round is worth while.

import { type Equation, equationsOf, sumOf, type Term } from './equations.ts';
import type { Ledger, LinkAccount } from './ledger.ts';
import type { Silence } from './witness.ts';

/** One daemon in one round. */
export interface LedgerAnswer {
  readonly server: string;
  readonly ledger?: Ledger | undefined;
  readonly silence?: Silence | undefined;
}

export type PlaceKind = 'daemon' | 'services' | 'broadcasts' | 'stream' | 'link';

/** One comparison. */
export interface AuditEntry {
  readonly kind: PlaceKind;
  /** Where it is: `alpha`, or with `peer` from `alpha` to `beta`. */
  readonly server: string;
  readonly peer?: string;
  /** What is compared, in words: `came = became`. */
  readonly what: string;
  readonly relation: '=' | '≤';
  readonly left: number;
  readonly right: number;
  /** Of what each side is the sum; terms that are zero are left out. */
  readonly leftTerms: readonly Term[];
  readonly rightTerms: readonly Term[];
  /** `open`: it may be on its way; ask again. */
  readonly state: 'balanced' | 'open' | 'wrong';
}

/** A life of a daemon that is over: what nobody can answer for any more. */
export interface EndedLife {
  /** `node~incarnation`. */
  readonly instance: string;
  readonly server: string;
  /** Messages that were under way to it when it ended: they may have arrived or not. */
  readonly unknown: number;
  /** Messages that it had taken from others; if it had not passed them on, they ended with it. */
  readonly taken: number;
  /** Messages of its own that others have. */
  readonly arrived: number;
}

export interface Audit {
  /** No entry is wrong or open. */
  readonly isBalanced: boolean;
  readonly isOpen: boolean;
  readonly entries: readonly AuditEntry[];
  readonly ended: readonly EndedLife[];
  /** Daemons whose accounts nobody could see, and what could not be compared for that reason. */
  readonly unseen: readonly { readonly server: string; readonly why: Silence }[];
  /** The ledgers of the last round. */
  readonly ledgers: readonly Ledger[];
}

/**
 * Compares.
 * @param rounds the answers of at least one round, oldest first, each asked after the one before was complete
 * @param asker the daemon from which the others were asked, in each round the last to be asked itself: then questions and
 *   answers, which are messages like any other, are known to be in some of the counts and not in others
 */
export function auditLedgers(rounds: readonly (readonly LedgerAnswer[])[], asker?: string): Audit {
  const last = rounds.at(-1) ?? [];
  const ledgers = last.flatMap(({ ledger }) => (ledger === undefined ? [] : [ledger]));
  const histories = ledgers.map((ledger) => historyOf(ledger, rounds));
  const entries = [
    ...ledgers.flatMap((ledger) => equationsOf(ledger).map((equation) => exactEntry(ledger.server, equation))),
    ...pairsOf(histories).flatMap(([from, to]) => [...streamEntries(from, to, asker), ...broadcastEntries(from, to)]),
    ...linkEntries(histories),
  ];
  return {
    isBalanced: entries.every(({ state }) => state === 'balanced'),
    isOpen: entries.some(({ state }) => state === 'open'),
    entries,
    ended: endedLives(ledgers),
    unseen: last.flatMap(({ server, ledger, silence }) =>
      ledger === undefined ? [{ server, why: silence ?? 'silent' }] : [],
    ),
    ledgers,
  };
}

/** What one life of a daemon said. */
interface History {
  readonly first: Ledger;
  /** In the round before the last in which it was asked; the same as `last` if it was asked once only. */
  readonly before: Ledger;
  readonly last: Ledger;
  readonly isAskedTwice: boolean;
}

function historyOf(last: Ledger, rounds: readonly (readonly LedgerAnswer[])[]): History {
  const said = rounds
    .slice(0, -1)
    .flatMap((round) => round.find(({ ledger }) => ledger?.instance === last.instance)?.ledger ?? []);
  return { first: said[0] ?? last, before: said.at(-1) ?? last, last, isAskedTwice: said.length > 0 };
}

/** What it said before is older than the last words of all others; otherwise a comparison with them proves nothing. */
const unless = ({ isAskedTwice }: History): 'wrong' | 'open' => (isAskedTwice ? 'wrong' : 'open');

function exactEntry(server: string, { kind, peer, what, left, right }: Equation): AuditEntry {
  const [leftSum, rightSum] = [sumOf(left), sumOf(right)];
  return {
    kind,
    server,
    ...(peer !== undefined && { peer }),
    what,
    relation: '=',
    left: leftSum,
    right: rightSum,
    leftTerms: present(left),
    rightTerms: present(right),
    state: leftSum === rightSum ? 'balanced' : 'wrong',
  };
}

/** @param otherwise what it is if it does not hold: `open` where that may be for want of time */
function boundEntry(
  place: Pick<AuditEntry, 'kind' | 'server' | 'peer' | 'what'>,
  left: readonly Term[],
  right: readonly Term[],
  otherwise: 'wrong' | 'open',
): AuditEntry {
  const [leftSum, rightSum] = [sumOf(left), sumOf(right)];
  return {
    ...place,
    relation: '≤',
    left: leftSum,
    right: rightSum,
    leftTerms: present(left),
    rightTerms: present(right),
    state: leftSum <= rightSum ? 'balanced' : otherwise,
  };
}

const present = (terms: readonly Term[]): Term[] => terms.filter(({ count }) => count !== 0);

function pairsOf(histories: readonly History[]): [History, History][] {
  return histories.flatMap((from) => histories.filter((to) => to !== from).map((to): [History, History] => [from, to]));
}

/** What one daemon has of the messages that the other gave it. */
function streamEntries(from: History, to: History, asker: string | undefined): AuditEntry[] {
  const place = { kind: 'stream', server: from.last.server, peer: to.last.server } as const;
  const given = (ledger: Ledger) => ledger.streams.find(({ instance }) => instance === to.last.instance);
  const arrived = (ledger: Ledger) => ledger.arrivals.find(({ instance }) => instance === from.last.instance);
  const [before, after] = [given(from.before), given(from.last)];
  const [came, comeLast] = [arrived(to.before), arrived(to.last)];
  const isForgotten = hasForgotten(from.last.streams) || hasForgotten(to.last.arrivals);
  if (isForgotten && (after === undefined || comeLast === undefined)) return [];
  if (after === undefined && comeLast === undefined) return [];
  const net = (account: typeof came): Term[] => [
    { name: `arrived on ${place.peer}`, count: account?.lines ?? 0 },
    { name: 'returned', count: -(account?.returned ?? 0) },
  ];
  const own = ownMessages(from, to, asker);
  return [
    boundEntry(
      { ...place, what: 'taken ≤ arrived' },
      [{ name: 'taken', count: before?.taken ?? 0 }],
      [...net(comeLast), { name: 'for this audit', count: -own.arrivedSince }],
      unless(from),
    ),
    boundEntry(
      { ...place, what: 'arrived ≤ taken, or under way' },
      net(came),
      [
        { name: 'taken', count: after?.taken ?? 0 },
        { name: 'under way', count: after?.underWay ?? 0 },
        { name: 'unknown', count: after?.unknown ?? 0 },
        { name: 'for this audit', count: -own.givenSince },
      ],
      unless(to),
    ),
  ];
}

/**
 * Messages of the audit itself between two rounds: a question that was answered had arrived, and was given no earlier
 * than in its round; of answers, the one of the round before had not been given when that was told, and has arrived.
 */
function ownMessages(from: History, to: History, asker: string | undefined) {
  const isQuestion = from.last.server === asker && from.isAskedTwice && to.isAskedTwice;
  const isAnswer = to.last.server === asker && from.isAskedTwice && to.isAskedTwice;
  return { arrivedSince: isQuestion ? 1 : isAnswer ? 2 : 0, givenSince: isQuestion ? 1 : 0 };
}

/** A row that is the sum of lives whose names are forgotten. */
const hasForgotten = (accounts: readonly { readonly instance: string }[]): boolean =>
  accounts.some(({ instance }) => instance === '');

function broadcastEntries(from: History, to: History): AuditEntry[] {
  const arrived = to.before.broadcasts.arrived.find(({ instance }) => instance === from.last.instance);
  if (arrived === undefined) return [];
  const place = { kind: 'broadcasts', server: from.last.server, peer: to.last.server } as const;
  return [
    boundEntry(
      { ...place, what: 'arrived ≤ sent' },
      [{ name: `arrived on ${place.peer}`, count: arrived.lines }],
      [{ name: 'sent', count: from.last.broadcasts.sent }],
      unless(to),
    ),
  ];
}

/** One end of a link. */
interface End {
  readonly history: History;
  readonly first: LinkAccount;
  readonly before: LinkAccount;
  readonly last: LinkAccount;
}

/** Both directions of each link whose two ends tell. */
function linkEntries(histories: readonly History[]): AuditEntry[] {
  const ends = new Map<string, End[]>();
  for (const history of histories) {
    for (const last of history.last.links) {
      const of = ({ links }: Ledger) => links.find(({ id }) => id === last.id);
      const [first, before] = [of(history.first) ?? of(history.before), of(history.before)];
      if (last.id === '' || first === undefined || before === undefined) continue;
      ends.set(last.id, [...(ends.get(last.id) ?? []), { history, first, before, last }]);
    }
  }
  return [...ends.values()].flatMap(([one, other, ...more]) =>
    one === undefined || other === undefined || more.length > 0
      ? []
      : [...directionEntries(one, other), ...directionEntries(other, one)],
  );
}

function directionEntries(from: End, to: End): AuditEntry[] {
  const place = { kind: 'link', server: from.history.last.server, peer: to.history.last.server } as const;
  const isSound = unless(to.history);
  return [
    boundEntry({ ...place, what: 'messages in ≤ out' }, came(to.before.linesIn), went(from.last.linesOut), isSound),
    boundEntry({ ...place, what: 'messages out ≤ in' }, went(from.first.linesOut), came(to.last.linesIn), 'open'),
    boundEntry({ ...place, what: 'frames in ≤ out' }, came(to.before.framesIn), went(from.last.framesOut), isSound),
    boundEntry({ ...place, what: 'frames out ≤ in' }, went(from.first.framesOut), came(to.last.framesIn), 'open'),
  ];
}

const came = (count: number): Term[] => [{ name: 'came in', count }];
const went = (count: number): Term[] => [{ name: 'went out', count }];

/** Lives that are over, by what those who live have of them. */
function endedLives(ledgers: readonly Ledger[]): EndedLife[] {
  const living = new Set(ledgers.map(({ instance }) => instance));
  const lives = new Map<string, EndedLife>();
  const add = (instance: string, server: string, counts: Partial<EndedLife>): void => {
    const { unknown = 0, taken = 0, arrived = 0 } = counts;
    const known = lives.get(instance) ?? { instance, server, unknown: 0, taken: 0, arrived: 0 };
    lives.set(instance, {
      instance,
      server: known.server || server,
      unknown: known.unknown + unknown,
      taken: known.taken + taken,
      arrived: known.arrived + arrived,
    });
  };
  for (const { streams, arrivals } of ledgers) {
    for (const { instance, server, isOver, unknown, taken } of streams)
      if (isOver && !living.has(instance)) add(instance, server, { unknown, taken });
    for (const { instance, server, isOver, lines, returned } of arrivals)
      if (isOver && !living.has(instance)) add(instance, server, { arrived: lines - returned });
  }
  return [...lives.values()].filter(({ unknown, taken, arrived }) => unknown + taken + arrived > 0);
}

/** Why the accounts of a daemon could not be compared, in words that follow its name. */
export const UNSEEN_WORDS: Readonly<Record<Silence, string>> = {
  lost: 'it cannot be reached',
  silent: 'it does not answer',
  refused: 'it does not tell who asks from here (only over links that prove who speaks)',
  old: 'its version keeps no accounts',
  opaque: 'it is a C++ daemon, which keeps none',
};

/** What is known of a life that is over, in one plain sentence. @param format writes a count */
export function describeEnded(
  { server, instance, unknown, taken, arrived }: EndedLife,
  format: (count: number) => string,
): string {
  const name = server === '' ? instance : `${server} (${instance})`;
  const parts = [`${format(taken)} messages were in its hands`, `${format(unknown)} under way to it`];
  return `a life of ${name} is over: ${parts.join(', ')}; ${format(arrived)} of its own arrived`;
}

/** What does not balance, in one plain sentence; what is open counts as well. */
export function describeEntry({ kind, server, peer, what, left, right, leftTerms, rightTerms }: AuditEntry): string {
  const place = PLACES[kind](server, peer ?? '');
  const sides = [termsOf(leftTerms), termsOf(rightTerms)].map((terms, at) => {
    const sum = at === 0 ? left : right;
    return terms.length > 1
      ? `${sum} (${terms.join(' ')})`
      : `${sum} ${terms[0]?.slice(terms[0].indexOf(' ') + 1) ?? ''}`;
  });
  const away = Math.abs(left - right);
  return `${place}: ${what} does not hold: ${sides.map((side) => side.trim()).join(' against ')}, ${away} off`;
}

const PLACES: Readonly<Record<PlaceKind, (server: string, peer: string) => string>> = {
  daemon: (server) => `daemon ${server}`,
  services: (server, service) => (service === '' ? `services of ${server}` : `service ${server}:${service}`),
  broadcasts: (server, peer) => (peer === '' ? `broadcasts on ${server}` : `broadcasts ${server} → ${peer}`),
  stream: (server, peer) => `stream ${server} → ${peer}`,
  link: (server, peer) => `link ${server} → ${peer}`,
};

const termsOf = (terms: readonly Term[]): string[] =>
  terms.map(({ name, count }, at) => `${count < 0 ? '− ' : at > 0 ? '+ ' : ''}${Math.abs(count)} ${name}`);
