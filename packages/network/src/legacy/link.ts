// One link to a C++ daemon, from CONNECT or ACCEPT to its end: what is said on it, and what its words mean here.
//
//     dialer                                   acceptor
//       CONNECT …                          →
//                                          ←     REGISTER_FOR_LOADAVG, ACCEPT …, HELP          linked
//       HELP, REGISTER_FOR_LOADAVG         →                                                   linked
//       COMMANDS, LOADAVG, ALIVE … both ways; messages for services both ways; DISCONNECT ends it

import { DAEMON_NAMES, type Message } from 'snapcommunicator/wire';
import { type Introduction, introduce } from './introduction.ts';

export interface LegacyLinkOptions {
  readonly server: string;
  readonly wasDialedHere: boolean;
  /** How often the peer is asked whether it is alive; it is taken for dead after three times that. */
  readonly aliveIntervalMs: number;
  /** How often LOADAVG is sent to a peer that wants it. */
  readonly loadIntervalMs: number;
}

export type LegacyLinkEffect =
  /** Say this to the peer: without an address, in this daemon's name. */
  | { readonly kind: 'say'; readonly command: string; readonly parameters: Readonly<Record<string, string>> }
  /** Tell the peer this machine's load. */
  | { readonly kind: 'tell-load' }
  /** The peer's load, in its own words. */
  | { readonly kind: 'load'; readonly parameters: Readonly<Record<string, string>> }
  /** A message for services, or for another daemon. */
  | { readonly kind: 'carry'; readonly message: Message }
  /** A command for this daemon, to be answered over the link. */
  | { readonly kind: 'command'; readonly message: Message }
  /** The link is over. `isOrderly`: one side said so. */
  | { readonly kind: 'down'; readonly isOrderly: boolean; readonly reason: DownReason };

export type DownReason = 'disconnected' | 'refused' | 'silent' | 'lost' | 'replaced' | 'stopping';
export type LegacyLinkState = 'linked' | 'closed';

const ALIVE_MISSED_MAX = 3;
const NO_EFFECTS: readonly LegacyLinkEffect[] = [];

export class LegacyLink {
  readonly peer: Introduction;
  readonly #options: LegacyLinkOptions;
  #state: LegacyLinkState = 'linked';
  #heardAtMs: number;
  #nextAliveMs: number;
  #nextLoadMs = Number.POSITIVE_INFINITY;
  #serial = 0;

  constructor(peer: Introduction, options: LegacyLinkOptions, now: number) {
    this.peer = peer;
    this.#options = options;
    this.#heardAtMs = now;
    this.#nextAliveMs = now + options.aliveIntervalMs;
  }

  get state(): LegacyLinkState {
    return this.#state;
  }

  /** What is said first. @param self what the acceptor says of itself; the dialer has said it in CONNECT */
  open(self: Introduction): LegacyLinkEffect[] {
    const loads = say('REGISTER_FOR_LOADAVG');
    const help = say('HELP');
    return this.#options.wasDialedHere ? [help, loads] : [loads, say('ACCEPT', introduce('ACCEPT', self)), help];
  }

  /** Any bytes came. */
  heard(now: number): void {
    this.#heardAtMs = now;
  }

  /** Takes one message of the peer. */
  receive(message: Message, now: number): readonly LegacyLinkEffect[] {
    this.#heardAtMs = now;
    if (this.#state === 'closed') return NO_EFFECTS;
    if (!this.#isForThisDaemon(message)) return [{ kind: 'carry', message }];
    const word = WORDS[message.command];
    return word === undefined ? [{ kind: 'command', message }] : word(this, message, now);
  }

  /** What is due by now. */
  turn(now: number): LegacyLinkEffect[] {
    if (this.#state === 'closed') return [];
    const { aliveIntervalMs, loadIntervalMs } = this.#options;
    if (now - this.#heardAtMs >= ALIVE_MISSED_MAX * aliveIntervalMs) return this.end('silent');
    const effects: LegacyLinkEffect[] = [];
    if (now >= this.#nextAliveMs) {
      this.#nextAliveMs = now + aliveIntervalMs;
      effects.push(say('ALIVE', { serial: String(++this.#serial) }));
    }
    if (now >= this.#nextLoadMs) {
      this.#nextLoadMs = now + loadIntervalMs;
      effects.push({ kind: 'tell-load' });
    }
    return effects;
  }

  /** When `turn` wants to be called. */
  nextDeadline(): number {
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY;
    const silentAtMs = this.#heardAtMs + ALIVE_MISSED_MAX * this.#options.aliveIntervalMs;
    return Math.min(this.#nextAliveMs, this.#nextLoadMs, silentAtMs);
  }

  /** Ends the link, once. This daemon leaves with a word, others find out. */
  end(reason: DownReason): LegacyLinkEffect[] {
    if (this.#state === 'closed') return [];
    this.#state = 'closed';
    const isOrderly = reason === 'disconnected' || reason === 'stopping' || reason === 'replaced';
    const down: LegacyLinkEffect = { kind: 'down', isOrderly, reason };
    return reason === 'stopping' ? [say('DISCONNECT'), down] : [down];
  }

  /** The peer wants to hear of this machine's load, at once and from now on; or no more. */
  listenToLoad(isWanted: boolean, now: number): LegacyLinkEffect[] {
    this.#nextLoadMs = isWanted ? now + this.#options.loadIntervalMs : Number.POSITIVE_INFINITY;
    return isWanted ? [{ kind: 'tell-load' }] : [];
  }

  #isForThisDaemon({ server, service }: Message): boolean {
    if (!DAEMON_NAMES.has(service)) return false;
    const machine = server.toLowerCase();
    return machine === '' || machine === '.' || machine === '*' || machine === this.#options.server;
  }
}

type Word = (link: LegacyLink, message: Message, now: number) => readonly LegacyLinkEffect[];

const nothing: Word = () => NO_EFFECTS;
const misplaced: Word = (_link, { command }) => [
  say('INVALID', { command, message: `${command} means nothing on a link that stands` }),
];

/** Words between daemons. Any other command is one that everybody may ask. */
const WORDS: Readonly<Record<string, Word | undefined>> = {
  DISCONNECT: (link) => link.end('disconnected'),
  REFUSE: (link) => link.end('refused'),
  REGISTER_FOR_LOADAVG: (link, _message, now) => link.listenToLoad(true, now),
  UNREGISTER_FROM_LOADAVG: (link, _message, now) => link.listenToLoad(false, now),
  LOADAVG: (_link, { parameters }) => [{ kind: 'load', parameters }],
  // It asks to be called, and is linked already.
  GOSSIP: () => [say('RECEIVED')],
  // Their arrival is what counts.
  ABSOLUTELY: nothing,
  COMMANDS: nothing,
  RECEIVED: nothing,
  // Word of what went wrong there, without an address: for nobody here.
  INVALID: nothing,
  UNKNOWN: nothing,
  QUITTING: nothing,
  TRANSMISSION_REPORT: nothing,
  SERVICE_UNAVAILABLE: nothing,
  CONNECT: misplaced,
  ACCEPT: misplaced,
  REGISTER: misplaced,
  UNREGISTER: misplaced,
};

const say = (command: string, parameters: Readonly<Record<string, string>> = {}): LegacyLinkEffect => ({
  kind: 'say',
  command,
  parameters,
});
