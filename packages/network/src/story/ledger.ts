// What a daemon has counted of its messages since its start: the form in which LEDGER carries it, and what must balance.
//
// A message that comes back, because a node had nobody for it say, is decided about again: it is on both sides. All
// counts are of one moment. For one daemon:
//
//     came.services + came.datagrams + came.own + came.opaque + came.restored + Σ arrivals.lines
//       + Σ broadcasts.arrived.lines + again + Σ streams.returned + Σ streams.unsent
//     = ended.delivered + ended.handled + ended.broadcast + ended.opaque + ended.expired + ended.invalid
//       + Σ ended.refused + Σ ended.dropped + Σ arrivals.returned + Σ streams.given + waiting
//
// for each of its streams:
//
//     given = taken + returned + expired + unknown + unsent + underWay
//
// for what it wrote to its services, and what it read from them:
//
//     Σ services.delivered = ended.delivered + broadcasts.copies          Σ services.sent = came.services
//
// for its broadcasts:
//
//     copies + lost = what groups had to get                               (`wanted`)
//
// Between two daemons A and B, B in that very life, asked one after the other while nothing else is under way:
//
//     A.streams[B].taken ≤ B.arrivals[A].lines − B.arrivals[A].returned ≤ A.streams[B].taken + underWay + unknown
//     B.broadcasts.arrived[A] ≤ A.broadcasts.sent
//     the two ends of a link, known by its id: linesIn of one ≤ linesOut of the other, and the same for frames; equal
//     once nothing is on the way
//
// What `unknown` counts of a stream is what was under way when the life at its other end was over: that entry, with its
// instance, is where a daemon that died comes out. It answers for nothing else, for whatever it had accepted and not
// passed on went with it.

/** Messages that began here; those that arrived from other nodes are in `arrivals`. */
export interface Came {
  /** From services of this machine, refused ones and commands to this daemon included. */
  readonly services: number;
  readonly datagrams: number;
  /** The daemon's own: answers, announcements, reports. */
  readonly own: number;
  /** From C++ daemons. */
  readonly opaque: number;
  /** Durable ones that lay on the disk when it started. */
  readonly restored: number;
}

/** What ended here, or went where no account follows. */
export interface Ended {
  /** To one service of this machine: what its connection was given. */
  readonly delivered: number;
  /** Commands to this daemon. */
  readonly handled: number;
  /** Broadcasts, from here and from other machines: of what became of their copies `broadcasts` tells. */
  readonly broadcast: number;
  /** To C++ daemons. */
  readonly opaque: number;
  /** While they waited here. */
  readonly expired: number;
  /** Arrived, and are no message here. */
  readonly invalid: number;
  /** By reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
}

/** What was given to the stream to one life of a node. */
export interface StreamAccount {
  /** `node~incarnation`. */
  readonly instance: string;
  /** Its name, as far as it is known; empty for the sum of those that are forgotten. */
  readonly server: string;
  /** Whether that life is over. */
  readonly isOver: boolean;
  readonly given: number;
  readonly taken: number;
  /** Nobody was there: decided about again here. */
  readonly returned: number;
  /** Their time was over on the way. */
  readonly expired: number;
  /** Under way when that life was over. */
  readonly unknown: number;
  /** Taken back before they were sent. */
  readonly unsent: number;
  readonly underWay: number;
}

/** What arrived by the streams of one life of a node. */
export interface ArrivalAccount {
  readonly instance: string;
  readonly server: string;
  readonly isOver: boolean;
  readonly lines: number;
  /** Of these: nobody was there. */
  readonly returned: number;
}

export interface BroadcastAccount {
  /** To other machines, by this daemon and its services. */
  readonly sent: number;
  /** From other machines, by the life that sent them. */
  readonly arrived: readonly { readonly instance: string; readonly server: string; readonly lines: number }[];
  /** Missed for ever, outside the window of repair. */
  readonly missed: number;
  /** Copies that services here were to get, were given, and were not for want of room. */
  readonly wanted: number;
  readonly copies: number;
  readonly lost: number;
}

export interface ServiceAccount {
  /** Empty: all whose connections are closed, and those without a name. */
  readonly service: string;
  /** Lines read from it. */
  readonly sent: number;
  /** Lines that its connection was given, those of broadcasts and of this daemon included. */
  readonly delivered: number;
  /** Of these, those that the connection had not taken when it was lost. */
  readonly lost: number;
  /** Messages that wait for it here. */
  readonly waiting: number;
  readonly refused: number;
  readonly expired: number;
}

/** Counts of one end of a link since it came up. */
export interface LinkAccount {
  /** The same at both ends, and for no other link; empty for a link to a C++ daemon. */
  readonly id: string;
  /** The neighbour. */
  readonly server: string;
  readonly instance: string;
  readonly isOpaque: boolean;
  /** Unix seconds. */
  readonly upSince: number;
  readonly linesOut: number;
  readonly linesIn: number;
  readonly framesOut: number;
  readonly framesIn: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Frames for which there was no room; what was in them is sent again. They are not in `framesOut`. */
  readonly dropped: number;
}

export interface Ledger {
  readonly server: string;
  /** `node~incarnation`: this life of the daemon. */
  readonly instance: string;
  /** Unix seconds. */
  readonly time: number;
  readonly upSince: number;
  readonly came: Came;
  readonly ended: Ended;
  /** Messages that wait here now. Durable ones that went on and are not confirmed yet wait no more. */
  readonly waiting: number;
  /** Messages that had gone on from here and wait, or were given up, here again: unconfirmed durable ones, say. */
  readonly again: number;
  readonly streams: readonly StreamAccount[];
  readonly arrivals: readonly ArrivalAccount[];
  readonly broadcasts: BroadcastAccount;
  readonly services: readonly ServiceAccount[];
  readonly links: readonly LinkAccount[];
}
