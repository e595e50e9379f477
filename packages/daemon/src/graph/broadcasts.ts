// Broadcasts that arrived from another machine: for everybody who listens, for one service, or for this daemon.

import type { Router } from '@snapcommunicator/network/router';
import { decodeLine, type Message } from 'snapcommunicator/wire';
import type { Delivery } from '../bus/delivery.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import { addressOf } from './graph-events.ts';

export interface BroadcastsParts {
  readonly router: Router;
  readonly delivery: Delivery;
  readonly legacy: () => LegacyLinks;
  /** A command for this daemon. */
  readonly command: (message: Message) => void;
}

export class Broadcasts {
  readonly #parts: BroadcastsParts;

  constructor(parts: BroadcastsParts) {
    this.#parts = parts;
  }

  arrived(arrived: Uint8Array, id: string): void {
    const { router, delivery, command, legacy } = this.#parts;
    const address = addressOf(arrived);
    if (address === undefined) return;
    const line = legacy().takeBroadcast(arrived, address.service, id);
    if (line === undefined) return;
    // The graph has passed it on already; from here it concerns this machine only.
    const decision = router.here(address.service);
    const read = decodeLine(line, 0, line.length - 1);
    const message = read.kind === 'message' ? read.message : undefined;
    if (decision.kind === 'daemon') {
      if (message !== undefined) command(message);
    } else if (decision.kind === 'broadcast' || decision.kind === 'port')
      delivery.send({ connection: undefined, server: '', line, message, id, ...address }, decision);
  }
}
