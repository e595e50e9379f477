// What C++ daemons send into the cluster: for services, for daemons, for everybody, or on to other C++ daemons.

import type { Copy, Repeater, Time } from '@snapcommunicator/network/legacy';
import type { Scope } from '@snapcommunicator/network/router';
import { DAEMON_NAMES, encodeMessage, type Message } from 'snapcommunicator/wire';
import type { Parcel } from '../bus/delivery.ts';
import { textParameters } from '../bus/speaker.ts';
import { SILENT } from '../commands/runner.ts';
import { namesIn } from '../switch/line-names.ts';
import type { Refusal } from '../switch/output.ts';
import type { LegacyParts } from './legacy-parts.ts';
import type { LegacyPeer } from './legacy-peer.ts';

export interface EntrySide {
  readonly repeater: Repeater;
  readonly time: () => Time;
  /** Gives copies to the peers that they are for. */
  readonly append: (copies: readonly Copy[]) => 'queued' | Refusal;
}

export class LegacyEntry {
  readonly #parts: LegacyParts;
  readonly #side: EntrySide;

  constructor(parts: LegacyParts, side: EntrySide) {
    this.#parts = parts;
    this.#side = side;
  }

  /** A message of the peer for services, or for another daemon. @param line as it came, with its LF */
  carry(peer: LegacyPeer, message: Message, line: Uint8Array): void {
    const { router, now, delivery } = this.#parts;
    const { repeater, time } = this.#side;
    const entry = repeater.enter(peer.port, message, time());
    if (entry.kind === 'repeat') peer.counters.repeats++;
    if (entry.kind === 'forged') this.#reportForgery(peer, message);
    if (entry.kind !== 'new') return;
    this.#parts.counters.fromOpaque++;
    const isBare = Object.keys(entry.message.parameters).length === Object.keys(message.parameters).length;
    const bare = isBare ? line : encodeLine(entry.message);
    const parcel: Parcel = { connection: undefined, ...namesIn(entry.message), line: bare, message: entry.message };
    const { server, service } = message;
    const decision = router.forward(server, service, parcel.from, now(), true);
    switch (decision.kind) {
      case 'daemon':
        return this.command(peer, entry.message);
      case 'contradiction':
        return this.#contradict(peer, parcel, decision.reason);
      case 'broadcast':
        return this.#broadcast(peer, parcel, entry.enveloped, decision.scope);
      case 'node':
        if (DAEMON_NAMES.has(service) && !this.#parts.mayAsk(message.command, peer.isSecure))
          return this.#contradict(peer, parcel, `${message.command} needs a privilege`);
        // The last daemon takes the envelope off, and drops what came there by another border as well.
        return delivery.send({ ...parcel, line: encodeLine(entry.enveloped), bare }, decision);
      case 'opaque':
        if (!this.#passOn(peer, entry.enveloped, decision.ports)) return delivery.refuse(parcel, 'absent');
        return delivery.noteBehind(parcel);
      default:
        return delivery.send(parcel, decision);
    }
  }

  /** A command for this daemon. The answer goes back over the link, to who asked. */
  command(peer: LegacyPeer, message: Message): void {
    const { run, mayAsk } = this.#parts;
    const { command, sentFromServer, sentFromService, parameters } = message;
    const to = DAEMON_NAMES.has(sentFromService) ? '' : `${sentFromServer || peer.server}:${sentFromService}`;
    const correlation = parameters['correlation_id'];
    const echo = correlation === undefined ? {} : { correlation_id: correlation };
    if (!mayAsk(command, peer.isSecure)) {
      const reason = `${command} needs a privilege: an encrypted link, or compat_control`;
      return peer.say('INVALID', { command, message: reason }, to);
    }
    run({
      connection: undefined,
      isRemote: true,
      isOpaque: true,
      message,
      answer: (answer, values = {}) => peer.say(answer, textParameters({ ...values, ...echo }), to),
    });
  }

  #broadcast(peer: LegacyPeer, parcel: Parcel, enveloped: Message, scope: Scope): void {
    const { delivery, broadcast } = this.#parts;
    const id = scope === 'machine' ? undefined : broadcast(scope, encodeLine(enveloped));
    delivery.send(id === undefined ? parcel : { ...parcel, id }, { kind: 'broadcast', scope: 'machine' });
    if (scope === 'machine') return;
    this.#passOn(peer, enveloped, this.#side.repeater.scope(scope === 'network' ? '?' : '*'));
  }

  /** Whether another peer gets it. */
  #passOn(peer: LegacyPeer, enveloped: Message, ports: readonly number[]): boolean {
    const copies = this.#side.repeater.passOn(enveloped, ports, peer.port);
    return copies.length > 0 && this.#side.append(copies) === 'queued';
  }

  #contradict(peer: LegacyPeer, parcel: Parcel, reason: string): void {
    this.#parts.delivery.refuse(parcel, 'contradiction');
    if (!SILENT.has(parcel.command)) peer.say('INVALID', { command: parcel.command, message: reason });
  }

  #reportForgery(peer: LegacyPeer, { sentFromService, command }: Message): void {
    const { brake, log } = this.#parts;
    peer.counters.forged++;
    brake.run(`legacy forged ${peer.server}`, (skipped) =>
      log.lines.warn(
        { peer: peer.server, service: sentFromService, command, skipped },
        'message dropped: a C++ daemon sent it in the name of a service of this machine',
      ),
    );
  }
}

const encodeLine = (message: Message): Uint8Array => Buffer.from(`${encodeMessage(message)}\n`);
