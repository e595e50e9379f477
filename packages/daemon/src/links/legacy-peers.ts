// C++ daemons that are linked: their connections are somebody else's; here is only what dialing must know of them.

import type { Socket } from 'node:net';
import type { HandshakeMessage } from '@snapcommunicator/network/handshake';
import { DUPLICATE_WINDOW_MS } from '@snapcommunicator/network/legacy';
import type { LegacySocket } from './events.ts';
import type { Meeting } from './meeting.ts';
import type { Target } from './targets.ts';

interface LegacyPeer {
  readonly target: Target | undefined;
  /** What it told others to connect to. */
  readonly address: string;
}

export class LegacyPeers {
  readonly #peers = new Map<Socket, LegacyPeer>();
  readonly #lost: (target: Target, stoodMs: number) => void;

  /** @param lost told when a connection that was dialed has closed */
  constructor(lost: (target: Target, stoodMs: number) => void) {
    this.#lost = lost;
  }

  /** Takes the socket out of a meeting, to be handed on. */
  adopt(
    meeting: Meeting,
    message: HandshakeMessage,
    early: readonly HandshakeMessage[],
    cost: number | undefined,
  ): LegacySocket {
    const { ownHost, peerHost, remoteAddress } = meeting;
    const { socket, target, isSecure } = meeting.setup;
    const rest = meeting.handOver();
    const sinceMs = performance.now();
    this.#peers.set(socket, { target, address: message.parameters['my_address'] ?? '' });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#peers.delete(socket);
      if (target === undefined) return;
      target.legacySeenMs = performance.now();
      this.#lost(target, target.legacySeenMs - sinceMs);
    });
    const wasDialedHere = target !== undefined;
    return { socket, message, early, rest, wasDialedHere, isSecure, ownHost, peerHost, remoteAddress, cost };
  }

  /** Whether a link to this target stands. */
  has(target: Target): boolean {
    for (const { target: dialed, address } of this.#peers.values())
      if (dialed === target || address === target.key) return true;
    return false;
  }

  /** Whether a refusal for its name is a way of saying that there is a connection already. */
  isRecent(target: Target): boolean {
    return this.has(target) || performance.now() - target.legacySeenMs < DUPLICATE_WINDOW_MS;
  }
}
