// What must balance within one daemon, all counts being of one moment: the equations of the ledger, term by term.

import type { Ledger, StreamAccount } from './ledger.ts';

export interface Term {
  readonly name: string;
  readonly count: number;
}

export interface Equation {
  readonly kind: 'daemon' | 'services' | 'broadcasts' | 'stream';
  /** The other end of a stream. */
  readonly peer?: string;
  readonly what: string;
  readonly left: readonly Term[];
  readonly right: readonly Term[];
}

export const sumOf = (terms: readonly Term[]): number => terms.reduce((sum, { count }) => sum + count, 0);

export function equationsOf(ledger: Ledger): Equation[] {
  const { ended, broadcasts, services, came } = ledger;
  return [
    messages(ledger),
    ...ledger.streams.map((stream): Equation => {
      const { given, taken, returned, expired, unknown, unsent, underWay } = stream;
      return {
        kind: 'stream',
        peer: streamName(stream),
        what: 'given = what became of it',
        left: [{ name: 'given', count: given }],
        right: terms({ taken, returned, expired, unknown, unsent, 'under way': underWay }),
      };
    }),
    {
      kind: 'services',
      what: 'what services were given = delivered',
      left: [{ name: 'given to services', count: total(services, ({ delivered }) => delivered) }],
      right: terms({ delivered: ended.delivered, 'copies of broadcasts': broadcasts.copies }),
    },
    {
      kind: 'services',
      what: 'what services sent = what came from them',
      left: [{ name: 'sent by services', count: total(services, ({ sent }) => sent) }],
      right: [{ name: 'came from services', count: came.services }],
    },
    {
      kind: 'broadcasts',
      what: 'copies wanted = made or lost',
      left: [{ name: 'wanted', count: broadcasts.wanted }],
      right: terms({ made: broadcasts.copies, lost: broadcasts.lost }),
    },
  ];
}

/** The other end of a stream, for people. */
export function streamName({ server, instance, isOver }: StreamAccount): string {
  if (instance === '') return 'lives that are forgotten';
  return isOver ? `${server || instance} (over)` : server || instance;
}

/** What came, and what was decided about again, against what became of it. */
function messages({ came, ended, arrivals, broadcasts, streams, again, waiting }: Ledger): Equation {
  return {
    kind: 'daemon',
    what: 'came = became',
    left: terms({
      'from services': came.services,
      'from datagrams': came.datagrams,
      'of its own': came.own,
      'from C++ daemons': came.opaque,
      'from the disk': came.restored,
      'from other machines': total(arrivals, ({ lines }) => lines),
      'broadcasts of other machines': total(broadcasts.arrived, ({ lines }) => lines),
      'come back': again + total(streams, ({ returned, unsent }) => returned + unsent),
    }),
    right: terms({
      delivered: ended.delivered,
      'commands to it': ended.handled,
      broadcast: ended.broadcast,
      'to C++ daemons': ended.opaque,
      'to other machines': total(streams, ({ given }) => given),
      expired: ended.expired,
      invalid: ended.invalid,
      refused: total(Object.values(ended.refused), (count) => count),
      dropped: total(Object.values(ended.dropped), (count) => count),
      returned: total(arrivals, ({ returned }) => returned),
      waiting,
    }),
  };
}

const terms = (counts: Readonly<Record<string, number>>): Term[] =>
  Object.entries(counts).map(([name, count]) => ({ name, count }));

const total = <T>(items: readonly T[], countOf: (item: T) => number): number =>
  items.reduce((sum, item) => sum + countOf(item), 0);
