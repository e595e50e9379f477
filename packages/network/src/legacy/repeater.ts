// Which C++ peers of this daemon get a message, and in what envelope; and what comes from them that is new.
//
// A C++ daemon knows only its direct links and repeats what it cannot place. So a copy says who has the message already,
// a message bears one id in all its copies, and each daemon takes it once.

import type { Message } from 'snapcommunicator/wire';
import { type Envelope, hasEnvelope, readEnvelope, withEnvelope, withoutEnvelope } from './envelope.ts';
import { Repeats } from './repeats.ts';

/** An output of the switch: the link to a C++ peer. */
export type LegacyPort = number;

/** A peer, as far as it matters to where messages go. */
export interface RepeaterPeer {
  readonly port: LegacyPort;
  /** The peer's name, in lower case. */
  readonly server: string;
  /** Its address without the port. */
  readonly host: string;
  /** Encrypted. */
  readonly isSecure: boolean;
  /** On a private address, and so in this data centre. */
  readonly isNear: boolean;
}

export interface RepeaterOptions {
  /** This daemon's name, in lower case. */
  readonly server: string;
  /** Its address without the port, once it is known. */
  readonly host: () => string;
  /** Begins the ids of messages that get one here. No two lives of a daemon have the same. */
  readonly life: string;
  /** A message that so many daemons have repeated goes no further. */
  readonly hopsMax: number;
  /** How long copies of a message that leaves here may come, in seconds. */
  readonly timeoutSeconds: number;
  /** Whether a message of this id is one of the cluster's own, which everybody in it gets without the detour. */
  readonly isOwnId: (id: string) => boolean;
}

/** What C++ daemons do. */
export const REPEATER_OPTIONS = { hopsMax: 5, timeoutSeconds: 10 } as const;

/** Two clocks: one that only goes forward, in ms, and the one that daemons compare, in Unix seconds. */
export interface Time {
  readonly nowMs: number;
  readonly unixSeconds: number;
}

/** A message for one peer. */
export interface Copy {
  readonly port: LegacyPort;
  readonly message: Message;
}

/** What came over a link. */
export type Entry =
  /** New. `message` is as its sender wrote it; `enveloped` the same as it travels to other daemons. */
  | { readonly kind: 'new'; readonly message: Message; readonly enveloped: Message }
  /** Another copy came before, or it left here. */
  | { readonly kind: 'repeat' }
  /** It claims to be from a service of this machine. */
  | { readonly kind: 'forged' };

export class Repeater {
  readonly #options: RepeaterOptions;
  readonly #repeats: Repeats;
  readonly #peers = new Map<LegacyPort, RepeaterPeer>();
  #number = 0;

  constructor(options: RepeaterOptions, repeats = new Repeats()) {
    this.#options = options;
    this.#repeats = repeats;
  }

  add(peer: RepeaterPeer): void {
    this.#peers.set(peer.port, peer);
  }

  remove(port: LegacyPort): void {
    this.#peers.delete(port);
  }

  /** The peers that a broadcast goes to: `*` all, `?` those of this data centre. */
  scope(mark: string): LegacyPort[] {
    const peers = [...this.#peers.values()];
    return peers.filter(({ isNear }) => mark === '*' || (mark === '?' && isNear)).map(({ port }) => port);
  }

  /**
   * A message of a service of this cluster goes to peers.
   * @param id of the message, the same wherever it leaves the cluster; without one it gets its own
   */
  leave(message: Message, ports: readonly LegacyPort[], time: Time, id?: string): Copy[] {
    const envelope = this.#envelope(time, [], id);
    this.#note(message, envelope, time);
    return this.#copies(message, envelope, ports);
  }

  /** A message came from a peer. */
  enter(port: LegacyPort, message: Message, time: Time): Entry {
    if (message.sentFromServer.toLowerCase() === this.#options.server) {
      // Its own messages come back to a daemon that is in a ring: that is no forgery.
      const envelope = readEnvelope(message.parameters);
      const isOwn = envelope !== undefined && this.#note(message, envelope, time);
      return { kind: isOwn ? 'repeat' : 'forged' };
    }
    const host = this.#peers.get(port)?.host;
    const envelope = readEnvelope(message.parameters) ?? this.#envelope(time, host === undefined ? [] : [host]);
    if (this.#options.isOwnId(envelope.id) || this.#note(message, envelope, time)) return { kind: 'repeat' };
    return {
      kind: 'new',
      message: { ...message, parameters: withoutEnvelope(message.parameters) },
      enveloped: { ...message, parameters: withEnvelope(message.parameters, envelope) },
    };
  }

  /**
   * A message that entered the cluster elsewhere and ends here, or leaves here.
   * @returns it as its sender wrote it; undefined if another copy came before
   */
  arrive(message: Message, time: Time): Message | undefined {
    if (!hasEnvelope(message.parameters)) return message;
    const envelope = readEnvelope(message.parameters);
    if (envelope !== undefined && this.#note(message, envelope, time)) return undefined;
    return { ...message, parameters: withoutEnvelope(message.parameters) };
  }

  /** A message with its envelope goes on to peers that do not have it. @param from the peer that it came from */
  passOn(enveloped: Message, ports: readonly LegacyPort[], from?: LegacyPort): Copy[] {
    const envelope = readEnvelope(enveloped.parameters);
    if (envelope === undefined || envelope.hops >= this.#options.hopsMax) return [];
    return this.#copies(
      enveloped,
      envelope,
      ports.filter((port) => port !== from),
    );
  }

  #copies(message: Message, envelope: Envelope, ports: readonly LegacyPort[]): Copy[] {
    const host = this.#options.host();
    const informed = new Set(envelope.informed);
    const peers = ports.flatMap((port) => this.#peers.get(port) ?? []).filter((peer) => !informed.has(peer.host));
    const hosts = peers.map((peer) => peer.host);
    return peers.map((peer) => {
      // Whoever gets a copy of its own need not get it from another: a C++ daemon drops repeats of broadcasts only.
      const others = hosts.filter((other) => other !== peer.host);
      const parameters = withEnvelope(message.parameters, {
        id: envelope.id,
        hops: envelope.hops + 1,
        timeoutSeconds: envelope.timeoutSeconds,
        informed: [...new Set([...envelope.informed, host, ...others])].sort(),
        originator: host,
        isSecure: peer.isSecure && (envelope.hops === 0 || envelope.isSecure),
      });
      return { port: peer.port, message: { ...message, server: serverFor(message), parameters } };
    });
  }

  #envelope({ unixSeconds }: Time, informed: readonly string[], id?: string): Envelope {
    const { server, life, timeoutSeconds } = this.#options;
    return {
      id: id ?? `${server}-${life}.${++this.#number}`,
      hops: 0,
      timeoutSeconds: Math.floor(unixSeconds) + timeoutSeconds,
      informed,
      originator: '',
      isSecure: true,
    };
  }

  #note({ sentFromServer, sentFromService }: Message, envelope: Envelope, { nowMs, unixSeconds }: Time): boolean {
    const leftMs = (envelope.timeoutSeconds - unixSeconds) * 1000;
    return this.#repeats.note(`${sentFromServer.toLowerCase()}:${sentFromService}`, envelope.id, leftMs, nowMs);
  }
}

const MARKS = new Set(['.', '?', '*']);

/** `?:NAME` is anywhere but here; for who gets it, here included. */
const serverFor = ({ server, service }: Message): string => (server === '?' && !MARKS.has(service) ? '*' : server);
