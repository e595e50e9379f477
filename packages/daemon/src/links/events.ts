// What the links tell their owner, and what they ask it.

import type { Socket } from 'node:net';
import type { Frame, NodeId } from '@snapcommunicator/network/frame';
import type { HandshakeMessage, Identity } from '@snapcommunicator/network/handshake';
import type { Link } from './link.ts';
import type { ReadMemory } from './read-memory.ts';

/** A connection with a C++ daemon that is the owner's from now on. */
export interface LegacySocket {
  readonly socket: Socket;
  /** CONNECT of one that dialed, ACCEPT of one that was dialed. */
  readonly message: HandshakeMessage;
  /** What it said before its ACCEPT. */
  readonly early: readonly HandshakeMessage[];
  /** What was read behind it. */
  readonly rest: Uint8Array;
  readonly wasDialedHere: boolean;
  readonly isSecure: boolean;
  readonly ownHost: string;
  readonly peerHost: string;
  /** `IP:port` of the peer's end of the socket. */
  readonly remoteAddress: string;
  readonly cost: number | undefined;
}

export interface LinkEvents {
  up(link: Link): void;
  frame(link: Link, frame: Frame): void;
  /** All frames of one read have been given. */
  readEnd(link: Link): void;
  down(link: Link, isOrderly: boolean): void;
  legacy(peer: LegacySocket): void;
  /** A service of another machine has logged in on the secure listener: its REGISTER, without the password, and what followed. */
  service(socket: Socket, firstBytes: Uint8Array, user: string): void;
  /** The machines that are known have changed. */
  known?(addresses: readonly string[]): void;
  /** An address does not answer: once, and again only after it has been reached. */
  unreachable(address: string): void;
  /** Two machines have one name. @param server what the other is called. @param isOurs this side refused; else the other did */
  nameConflict?(address: string, server: string | undefined, isOurs: boolean): void;
  /** An address is blocked here after wrong passwords. */
  block(address: string, reason: string): void;
}

export interface LinkSurroundings {
  /** Its address is not used: the links know their listeners. */
  identity(): Identity;
  /** Which other node bears a name and can be reached. */
  holderOf(server: string): NodeId | undefined;
  isStopping(): boolean;
  /** What links read into. */
  readonly memory: ReadMemory;
  /** For C++ daemons: the services of this machine, and those heard of. */
  services?(): readonly string[];
  heardOf?(): readonly string[];
}

/** A daemon that is known, linked or not. */
export interface KnownMachine {
  /** `IP:port`, or `scs://host:port`. */
  readonly address: string;
  /** Empty until it has been linked. */
  readonly server: string;
  /** When a link to it last stood, in seconds since 1970; 0: never. */
  readonly seenAt: number;
  readonly isConfigured: boolean;
  readonly isLinked: boolean;
}
