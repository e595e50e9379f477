// How a link comes to be: CONNECT, ACCEPT, REFUSE, GOSSIP, as a function from what was said and what is known to what is
// answered and what follows. No sockets, no clock; secrets are proved by a function that is given.
//
//     dialer                                      acceptor
//       CONNECT graph=1;node=…;nonce=a        →
//                                             ←     ACCEPT graph=1;node=…;nonce=b;proof=HMAC(a, b)     or REFUSE
//       CONNECT proof=HMAC(b, a)              →     only with a cluster secret

import type { NodeId } from '../frame/frame.ts';

export interface Parameters {
  readonly [name: string]: string | undefined;
}

export interface HandshakeMessage {
  readonly command: string;
  readonly parameters: Parameters;
}

/** What a daemon says of itself. */
export interface Identity {
  readonly node: NodeId;
  readonly incarnation: number;
  readonly server: string;
  /** `IP:port` of its remote listener; empty if it has none. */
  readonly address: string;
  readonly area: string;
}

/** A link that stands, as far as it matters to the next one. */
export interface ExistingLink {
  readonly node: NodeId;
  readonly incarnation: number;
  /** Between which two addresses. Links over other pairs stand beside each other. */
  readonly path: string;
  readonly wasDialedHere: boolean;
}

/** What is known when a message of the handshake comes. */
export interface Surroundings {
  readonly self: Identity;
  /** Random text of this connection, not used before. */
  readonly nonce: string;
  readonly path: string;
  readonly links: readonly ExistingLink[];
  readonly linksMax: number;
  readonly isStopping: boolean;
  /** `IP:port` at which this side wants to be called, if it is not its address. */
  readonly callAddress?: string;
  /** What else this side says in CONNECT and ACCEPT: services, heard_of, neighbors; who logs in, username and password. */
  readonly extras?: Parameters;
  /** Why whoever comes by this connection gets no link: a wrong password, say. */
  readonly objection?: RefusalReason | undefined;
  /** The same for daemons of the C++ kind only. */
  readonly legacyObjection?: RefusalReason | undefined;
  /** Which other node bears a name and can be reached. */
  readonly holderOf: (server: string) => NodeId | undefined;
  /** With a cluster secret: proves a text by it, and checks a proof in constant time. */
  readonly secret?: {
    readonly prove: (text: string) => string;
    readonly verify: (text: string, proof: string) => boolean;
  };
}

export type RefusalReason =
  | 'name'
  | 'self'
  | 'duplicate'
  | 'older'
  | 'full'
  | 'stopping'
  | 'secret'
  | 'password'
  | 'certificate'
  | 'untrusted'
  | 'blocked'
  | 'legacy'
  | 'malformed';

export type HandshakeState = 'fresh' | 'dialed' | 'challenged' | 'linked' | 'closed';

export type HandshakeVerdict =
  | { readonly kind: 'wait' }
  /** The link stands; those of the same node that are named by their place in `links` give way to it. */
  | { readonly kind: 'linked'; readonly peer: Identity; readonly replaced: readonly number[] }
  /** No link. `isOurs`: this side refused; else the other did. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly isOurs: boolean }
  /** The peer wants to be called. */
  | { readonly kind: 'gossip'; readonly address: string }
  | { readonly kind: 'received' }
  /** A daemon of the C++ kind: it does not know the graph. */
  | { readonly kind: 'legacy'; readonly message: HandshakeMessage; readonly early: readonly HandshakeMessage[] };

export interface HandshakeStep {
  readonly state: HandshakeState;
  readonly replies: readonly HandshakeMessage[];
  readonly verdict: HandshakeVerdict;
}

const WAIT: HandshakeVerdict = { kind: 'wait' };
const NODE = /^[0-9a-f]{16}$/;
const SERVER = /^[a-z_][a-z0-9_]{0,63}$/;
const ADDRESS = /^[\w.:[\]-]{0,80}$/;
const AREA = /^\w{0,64}$/;
/** A C++ daemon says one thing before its ACCEPT. */
const EARLY_MAX = 8;
/** Characters of each nonce in the name of a link. */
const LINK_ID_SHARE = 12;

/** One side of one connection, up to the link. */
export class Handshake {
  #state: HandshakeState = 'fresh';
  /** The peer, once it has said who it is. */
  #peer: Identity | undefined;
  #peerNonce = '';
  #peerNeighbors = '';
  /** What the acceptor said before its ACCEPT. */
  readonly #early: HandshakeMessage[] = [];

  get state(): HandshakeState {
    return this.#state;
  }

  /** The peer's `neighbors`, as it said them. */
  get peerNeighbors(): string {
    return this.#peerNeighbors;
  }

  /** A name for the link, the same at both ends and of no other: from the nonces of both. @param nonce this side's */
  linkId(nonce: string): string {
    return [nonce, this.#peerNonce]
      .map((each) => each.slice(0, LINK_ID_SHARE))
      .sort()
      .join('-');
  }

  /** Who the peer is, or says it is, once it has. */
  get peer(): Identity | undefined {
    return this.#peer;
  }

  /** The dialer begins. */
  dial({ self, nonce, extras }: Surroundings): HandshakeStep {
    return this.#step('dialed', WAIT, {
      command: 'CONNECT',
      parameters: { ...extras, version: '1', ...parametersOf(self), nonce },
    });
  }

  /** Asks the other side to dial instead. */
  gossip({ self, callAddress = self.address }: Surroundings): HandshakeStep {
    return this.#step('dialed', WAIT, { command: 'GOSSIP', parameters: { my_address: callAddress } });
  }

  /** Takes what the other side said. */
  receive(message: HandshakeMessage, around: Surroundings): HandshakeStep {
    return STEPS[this.#state][commandOf(message)](this, message, around);
  }

  /** Acceptor: a peer names itself. */
  accept(message: HandshakeMessage, around: Surroundings): HandshakeStep {
    const { parameters } = message;
    const { objection, legacyObjection } = around;
    if (objection !== undefined) return this.#refuse(objection);
    if (parameters['graph'] !== '1') return this.#meetLegacy(message, legacyObjection);
    const judgement = this.#judge(parameters, around, false);
    const { self, nonce, secret, extras } = around;
    if (typeof judgement === 'string') return this.#refuse(judgement, self);
    this.#peerNonce = parameters['nonce'] ?? '';
    const proof = secret?.prove(proofText('accept', this.#peerNonce, nonce, self));
    const answer = { command: 'ACCEPT', parameters: { ...extras, ...parametersOf(self), nonce, proof } };
    if (secret === undefined) return this.#link(judgement, answer);
    return this.#step('challenged', WAIT, answer);
  }

  /** Acceptor with a secret: the peer proves that it has it, too. */
  checkProof({ parameters }: HandshakeMessage, around: Surroundings): HandshakeStep {
    const peer = this.#peer as Identity;
    const text = proofText('connect', around.nonce, this.#peerNonce, peer);
    if (!around.secret?.verify(text, parameters['proof'] ?? '')) return this.#refuse('secret');
    // While it was thinking, another connection may have come up.
    const judgement = this.#judge(parametersOf(peer), around, false);
    return typeof judgement === 'string' ? this.#refuse(judgement, around.self) : this.#link(judgement);
  }

  /** Dialer: the other side agrees. */
  accepted({ parameters }: HandshakeMessage, around: Surroundings): HandshakeStep {
    const { nonce, secret, self, objection, legacyObjection } = around;
    if (objection !== undefined) return this.#refuse(objection);
    if (parameters['graph'] !== '1') return this.#meetLegacy({ command: 'ACCEPT', parameters }, legacyObjection);
    const peerNonce = parameters['nonce'] ?? '';
    this.#peerNonce = peerNonce;
    const claimed = readIdentity(parameters);
    if (claimed === undefined) return this.#refuse('malformed');
    const { proof: given } = parameters;
    if (secret === undefined) {
      // The other side will want a proof that this one cannot give.
      if (given !== undefined) return this.#refuse('secret');
    } else if (!secret.verify(proofText('accept', nonce, peerNonce, claimed), given ?? ''))
      return this.#refuse('secret');
    const judgement = this.#judge(parameters, around, true);
    if (typeof judgement === 'string') return this.#refuse(judgement);
    if (secret === undefined) return this.#link(judgement);
    const proof = secret.prove(proofText('connect', peerNonce, nonce, self));
    return this.#link(judgement, { command: 'CONNECT', parameters: { proof } });
  }

  /** Dialer: the other side does not want to. */
  refused({ parameters }: HandshakeMessage): HandshakeStep {
    const { conflict, shutdown, reason } = parameters;
    const said =
      conflict === 'name'
        ? 'name'
        : (REASONS.find((known) => known === reason) ?? (shutdown ? 'stopping' : 'malformed'));
    this.#peer ??= readIdentity(parameters);
    return this.#step('closed', { kind: 'refused', reason: said, isOurs: false });
  }

  gossiped({ parameters }: HandshakeMessage, { objection }: Surroundings): HandshakeStep {
    if (objection !== undefined) return this.#refuse(objection);
    const address = parameters['my_address'] ?? '';
    if (address === '') return this.malformed();
    return this.#step('closed', { kind: 'gossip', address }, { command: 'RECEIVED', parameters: {} });
  }

  /** Dialer: a C++ daemon asks for this and that before it accepts. */
  overhear(message: HandshakeMessage): HandshakeStep {
    if (this.#early.length >= EARLY_MAX) return this.malformed();
    this.#early.push(message);
    return this.#step('dialed', WAIT);
  }

  received(): HandshakeStep {
    return this.#step('closed', { kind: 'received' });
  }

  malformed(): HandshakeStep {
    return this.#refuse('malformed');
  }

  #meetLegacy(message: HandshakeMessage, objection: RefusalReason | undefined): HandshakeStep {
    if (objection !== undefined) return this.#refuse(objection);
    return this.#step('closed', { kind: 'legacy', message, early: this.#early });
  }

  /** The rules by which a link may be. @returns what gives way to it, or why it may not be */
  #judge(parameters: Parameters, around: Surroundings, wasDialedHere: boolean): readonly number[] | RefusalReason {
    const peer = readIdentity(parameters);
    if (peer === undefined) return 'malformed';
    this.#peer = peer;
    this.#peerNeighbors = parameters['neighbors'] ?? this.#peerNeighbors;
    const { self, isStopping, holderOf, links, linksMax, path } = around;
    if (isStopping) return 'stopping';
    if (peer.node === self.node) return 'self';
    if (peer.server === self.server || (holderOf(peer.server) ?? peer.node) !== peer.node) return 'name';
    const replaced: number[] = [];
    for (const [place, link] of links.entries()) {
      if (link.node !== peer.node) continue;
      if (link.incarnation > peer.incarnation) return 'older';
      if (link.incarnation < peer.incarnation) replaced.push(place);
      else if (link.path === path) {
        // Another address of a peer that this side has dialed already.
        if (link.wasDialedHere && wasDialedHere) return 'duplicate';
        // Both dialed at once: the connection that the greater id dialed stays, the smaller closes its own.
        const isOursGreater = self.node > peer.node;
        if (link.wasDialedHere !== wasDialedHere && isOursGreater !== wasDialedHere) return 'duplicate';
        replaced.push(place);
      }
    }
    return links.length - replaced.length >= linksMax ? 'full' : replaced;
  }

  #link(replaced: readonly number[], ...replies: HandshakeMessage[]): HandshakeStep {
    return this.#step('linked', { kind: 'linked', peer: this.#peer as Identity, replaced }, ...replies);
  }

  /** @param self whoever is told of a duplicate is linked with this side, and may know which link that is */
  #refuse(reason: RefusalReason, self?: Identity): HandshakeStep {
    const who = reason === 'duplicate' && self !== undefined ? parametersOf(self) : {};
    // A C++ daemon stays away for a day unless shutdown=true; so does nobody here, but the form is the same.
    const parameters = reason === 'name' ? { conflict: 'name', reason } : { ...who, shutdown: 'true', reason };
    return this.#step('closed', { kind: 'refused', reason, isOurs: true }, { command: 'REFUSE', parameters });
  }

  #step(state: HandshakeState, verdict: HandshakeVerdict, ...replies: HandshakeMessage[]): HandshakeStep {
    this.#state = state;
    return { state, verdict, replies };
  }
}

const REASONS: readonly RefusalReason[] = [
  'self',
  'duplicate',
  'older',
  'full',
  'stopping',
  'secret',
  'password',
  'certificate',
  'untrusted',
  'blocked',
  'legacy',
  'malformed',
];

const COMMANDS = ['CONNECT', 'ACCEPT', 'REFUSE', 'GOSSIP', 'RECEIVED'] as const;
type Command = (typeof COMMANDS)[number] | 'other';
type Step = (handshake: Handshake, message: HandshakeMessage, around: Surroundings) => HandshakeStep;

const commandOf = ({ command }: HandshakeMessage): Command => COMMANDS.find((known) => known === command) ?? 'other';
const nonsense: Step = (handshake) => handshake.malformed();
const NONSENSE: Readonly<Record<Command, Step>> = {
  CONNECT: nonsense,
  ACCEPT: nonsense,
  REFUSE: nonsense,
  GOSSIP: nonsense,
  RECEIVED: nonsense,
  other: nonsense,
};

/** What each command means in each state. */
const STEPS: Readonly<Record<HandshakeState, Readonly<Record<Command, Step>>>> = {
  fresh: {
    ...NONSENSE,
    CONNECT: (handshake, message, around) => handshake.accept(message, around),
    GOSSIP: (handshake, message, around) => handshake.gossiped(message, around),
  },
  dialed: {
    ...NONSENSE,
    ACCEPT: (handshake, message, around) => handshake.accepted(message, around),
    REFUSE: (handshake, message) => handshake.refused(message),
    RECEIVED: (handshake) => handshake.received(),
    other: (handshake, message) => handshake.overhear(message),
  },
  challenged: {
    ...NONSENSE,
    CONNECT: (handshake, message, around) => handshake.checkProof(message, around),
    REFUSE: (handshake, message) => handshake.refused(message),
  },
  linked: { ...NONSENSE, REFUSE: (handshake, message) => handshake.refused(message) },
  closed: NONSENSE,
};

/** What is proved: knowledge of the secret now, by this side, for all that it says of itself. */
const proofText = (role: string, challenge: string, nonce: string, claimed: Identity): string =>
  [role, challenge, nonce, claimed.node, claimed.incarnation, claimed.server, claimed.address, claimed.area].join(' ');

function parametersOf({ node, incarnation, server, address, area }: Identity): Parameters {
  return {
    graph: '1',
    node,
    incarnation: String(incarnation),
    server_name: server,
    my_address: address,
    data_center: area === '' ? undefined : area,
  };
}

function readIdentity(parameters: Parameters): Identity | undefined {
  const { node = '', incarnation = '', server_name = '', my_address = '', data_center = '' } = parameters;
  const server = server_name.toLowerCase();
  if (!NODE.test(node) || !SERVER.test(server) || !/^\d{1,15}$/.test(incarnation)) return undefined;
  if (!ADDRESS.test(my_address) || !AREA.test(data_center)) return undefined;
  return { node, incarnation: Number(incarnation), server, address: my_address, area: data_center };
}
