// Broadcasts that arrived from another machine: for everybody who listens, for one service, or for this daemon.

import type { Instance } from '@snapcommunicator/network/frame';
import type { Router } from '@snapcommunicator/network/router';
import { decodeLine, type Message } from 'snapcommunicator/wire';
import { type Counters, count } from '../bus/counters.ts';
import type { Delivery } from '../bus/delivery.ts';
import type { LineDetails } from '../commands/runner.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import { readNames } from '../switch/line-names.ts';
import type { StreamAccounts } from './stream-accounts.ts';

export interface BroadcastsParts {
  readonly router: Router;
  readonly delivery: Delivery;
  readonly legacy: () => LegacyLinks;
  /** A command for this daemon. */
  readonly command: (message: Message, received: LineDetails) => void;
  readonly counters: Counters;
  readonly accounts: StreamAccounts;
}

export class Broadcasts {
  readonly #parts: BroadcastsParts;

  constructor(parts: BroadcastsParts) {
    this.#parts = parts;
  }

  arrived(arrived: Uint8Array, id: string, origin: Instance): void {
    const { router, delivery, command, legacy, counters, accounts } = this.#parts;
    accounts.broadcastArrived(origin);
    const names = readNames(arrived);
    if (names === undefined) {
      counters.arrivedInvalid++;
      return;
    }
    const line = legacy().takeBroadcast(arrived, names.service, id);
    if (line === undefined) return count(counters.dropped, 'repeat');
    // The graph has passed it on already; from here it concerns this machine only.
    const decision = router.here(names.service);
    const read = decodeLine(line, 0, line.length - 1);
    const message = read.kind === 'message' ? read.message : undefined;
    if (decision.kind === 'daemon') {
      if (message !== undefined) command(message, { lineBytes: line.length, id });
      else counters.arrivedInvalid++;
    } else if (decision.kind === 'broadcast' || decision.kind === 'port')
      delivery.send({ connection: undefined, ...names, server: '', line, message, id }, decision);
    else counters.broadcastsUnheard++;
  }
}
