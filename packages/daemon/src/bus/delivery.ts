// Where a message goes that the inner loop cannot pass on by itself: to one service, to many, into keeping, or back.

import type { Instance } from '@snapcommunicator/network/frame';
import type { Entry } from '@snapcommunicator/network/keeper';
import { parseCachePolicy, parseReport } from '@snapcommunicator/network/keeper';
import type { Decision, OpaqueDecision, Router, Scope } from '@snapcommunicator/network/router';
import type { RecordedOutcome } from '@snapcommunicator/network/story';
import { encodeMessage, type Message } from 'snapcommunicator/wire';
import type { Connection } from '../connections/connection.ts';
import type { Confirmation } from '../graph/confirmations.ts';
import type { LineContext, NodeDecision, RemoteNodes } from '../graph/remote-nodes.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import type { Log, RateLimit } from '../log.ts';
import { frameIdOf } from '../recorder/message-id.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { Circumstances, Scribe, Seen } from '../recorder/scribe.ts';
import type { Destination } from '../switch/destination.ts';
import type { ForwardingTable } from '../switch/forwarding-table.ts';
import type { Group } from '../switch/group.ts';
import type { Output } from '../switch/output.ts';
import { type Counters, count, type DropReason, type RefusalReason } from './counters.ts';
import type { Keeping } from './keeping.ts';
import type { Services } from './services.ts';
import { type Speaker, textParameters, type Values } from './speaker.ts';

/** A message on its way, outside the inner loop. */
export interface Parcel {
  /** Who sent it; undefined for datagrams. */
  readonly connection: Connection | undefined;
  /** `server:service`; empty when unknown. */
  readonly from: string;
  readonly server: string;
  readonly service: string;
  readonly command: string;
  /** Stamped, with its LF. A copy of its own: it may be kept. */
  readonly line: Uint8Array;
  /** The whole message, if its parameters had to be read. */
  readonly message: Message | undefined;
  /** The line without what C++ daemons put around it, if that is how it may be kept. */
  readonly bare?: Uint8Array;
  /** The machine that it goes to, where that is not as addressed: for the recorder and those who look. */
  readonly place?: string | undefined;
  /** Its id, if it got one before: it came from another node, say. */
  readonly id?: string | undefined;
  /** The link that it came over. */
  readonly port?: number | undefined;
  /** If it is durable and came from another node: tells that node what became of it. */
  readonly confirm?: ((status: Confirmation) => void) | undefined;
}

export interface DeliveryParts {
  readonly server: string;
  readonly output: Output;
  readonly table: ForwardingTable;
  readonly services: Services;
  readonly keeping: Keeping;
  readonly speaker: Speaker;
  readonly recorder: Recorder;
  readonly scribe: Scribe;
  readonly counters: Counters;
  readonly log: Log;
  readonly brake: RateLimit;
  /** The id of a message by its number. */
  readonly idOf: (number: number) => string;
  readonly queuesOf: (service: string) => readonly string[];
  readonly router: Router;
  readonly remoteNodes: RemoteNodes;
  readonly legacy: () => LegacyLinks;
  readonly now: () => number;
  /** This life of the node. */
  readonly instance: Instance;
  /** Sends a broadcast to the other nodes of its scope. @returns its id; undefined if there are none */
  readonly broadcast: (scope: 'network' | 'cluster', line: Uint8Array) => string | undefined;
}

/** What a message asks for beyond being delivered. */
interface Wishes {
  readonly policy: ReturnType<typeof parseCachePolicy>;
  readonly report: Entry['report'];
  readonly messageId: string | undefined;
}

export class Delivery {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Sends the parcel where the decision says. */
  send(parcel: Parcel, decision: Exclude<Decision, { kind: 'daemon' | 'contradiction' }>): void {
    if (decision.kind === 'broadcast') this.#broadcast(parcel, decision.scope);
    else if (decision.kind === 'port') this.#unicast(parcel);
    else if (decision.kind === 'node') this.#sendOn(parcel, decision);
    else if (decision.kind === 'opaque') this.#sendBehind(parcel, decision);
    else this.#keepOrFail(parcel, decision.destination, this.wishesOf(parcel));
  }

  /** Sends a message that this daemon made. */
  sendOwn(parcel: Parcel, decision: Exclude<Decision, { kind: 'daemon' | 'contradiction' }>): void {
    this.#parts.counters.own++;
    this.send(parcel, decision);
  }

  /** A message found no room, or may not be sent: counted, logged, and its sender told if it asked. */
  refuse(parcel: Parcel, reason: RefusalReason, wishes: Wishes = this.wishesOf(parcel)): void {
    this.#note(parcel, 'refused', { reason });
    this.#refused(parcel, reason, wishes);
  }

  #refused(parcel: Parcel, reason: RefusalReason, wishes: Wishes): void {
    const { counters, brake, log } = this.#parts;
    count(counters.refused, reason);
    counters.services.refused(parcel.service);
    brake.run(`refused ${reason} ${parcel.service}`, (skipped) =>
      log.lines.warn(
        { from: parcel.from, to: this.#toOf(parcel), command: parcel.command, reason, skipped },
        'message refused',
      ),
    );
    this.#fail(parcel, reason, wishes);
  }

  /** Plain lines that were refused because their service takes nothing. */
  countRefusals(service: string, lines: number): void {
    const { counters, brake, log } = this.#parts;
    count(counters.refused, 'queue-full', lines);
    counters.services.refused(service, lines);
    brake.run(`refused queue-full ${service}`, (skipped) =>
      log.lines.warn({ to: service, lines, reason: 'queue-full', skipped }, 'messages refused'),
    );
  }

  /** Lines that were accepted and end undelivered. */
  countLoss(lines: number, reason: DropReason): void {
    count(this.#parts.counters.dropped, reason, lines);
    this.#parts.brake.run(`dropped ${reason}`, (skipped) =>
      this.#parts.log.lines.warn({ lines, reason, skipped }, 'messages dropped'),
    );
  }

  /** Tells the sender of a message what became of it, wherever it is. */
  report(to: string, command: string, status: string, reason: string | undefined, messageId: string | undefined): void {
    this.tell(to, 'TRANSMISSION_REPORT', { command, status, reason, message_id: messageId });
  }

  /** Sends a line of the daemon's own to a service, here or on another machine. @param to `server:service` */
  tell(to: string, command: string, values: Values): void {
    const { server: own, services, speaker, router, now } = this.#parts;
    const colon = to.indexOf(':');
    const server = to.slice(0, colon);
    const service = to.slice(colon + 1);
    if (server === own || server === '') {
      const connection = services.holderOf(service);
      if (connection !== undefined) speaker.tell(connection, command, values);
      return;
    }
    const from = `${own}:communicatord`;
    const parameters = textParameters(values);
    const message: Message = {
      sentFromServer: own,
      sentFromService: 'communicatord',
      server,
      service,
      command,
      parameters,
    };
    const line = Buffer.from(`${encodeMessage(message)}\n`);
    const decision = router.forward(server, service, from, now(), true);
    if (decision.kind === 'node' || decision.kind === 'absent' || decision.kind === 'opaque')
      this.sendOwn({ connection: undefined, from, server, service, command, line, message }, decision);
  }

  /** Bytes that wait on the way to a service of another machine; infinite: there is no way. */
  waitingBytesTo(to: string): number {
    const { router, remoteNodes, output, now } = this.#parts;
    const colon = to.indexOf(':');
    const service = to.slice(colon + 1);
    const decision = router.forward(to.slice(0, colon), service, '', now(), true);
    const destination = decision.kind === 'node' ? remoteNodes.targetOf(decision, service) : undefined;
    return destination === undefined ? Number.POSITIVE_INFINITY : output.waitingBytes(destination);
  }

  /** Tells every service of the cluster that lists the command. */
  announceEverywhere(command: string, values: Values): void {
    const { server } = this.#parts;
    const from = `${server}:communicatord`;
    const address = { sentFromServer: server, sentFromService: 'communicatord', server: '', service: '*', command };
    const message: Message = { ...address, parameters: textParameters(values) };
    const line = Buffer.from(`${encodeMessage(message)}\n`);
    const parcel = { connection: undefined, from, server: '', service: '*', command, line, message };
    this.sendOwn(parcel, { kind: 'broadcast', scope: 'cluster' });
  }

  /** A message was given to C++ daemons. */
  noteBehind(parcel: Parcel): void {
    this.#parts.counters.toOpaque++;
    this.#note(parcel, 'sent');
  }

  /** An accepted message can go nowhere and may not wait. */
  giveUp(parcel: Parcel, reason: DropReason): void {
    count(this.#parts.counters.dropped, reason);
    this.#note(parcel, 'dropped', { reason });
    this.#fail(parcel, reason, this.wishesOf(parcel));
  }

  #unicast(parcel: Parcel): void {
    const { table, keeping, queuesOf } = this.#parts;
    const destination = table.destinationOf(parcel.service);
    if (destination === undefined) return this.#keepOrFail(parcel, parcel.service, this.wishesOf(parcel));
    const wishes = this.wishesOf(parcel);
    if (parcel.confirm !== undefined) return this.#confirmed(parcel, destination, wishes, parcel.confirm);
    if (wishes.policy.isDurable) {
      // It goes to the disk first, and from there to its service; nothing newer may go past it meanwhile.
      this.#parts.output.forgetVerdicts(destination);
      return this.#keepOrFail(parcel, parcel.service, wishes);
    }
    // What waits is older: nothing newer from anybody overtakes it.
    if (keeping.hasKept(queuesOf(parcel.service)))
      return this.#keepOrFail(parcel, parcel.service, wishes, 'queue-full');
    if (parcel.message === undefined) return this.#append(parcel, destination);
    if (wishes.report !== 'always') return this.#append(parcel, destination, wishes);
    const { from, command } = parcel;
    const result = this.#parts.output.appendTracked(destination, parcel.line, parcel.connection, (isWritten) =>
      this.report(
        from,
        command,
        isWritten ? 'delivered' : 'unknown',
        isWritten ? undefined : 'connection lost',
        wishes.messageId,
      ),
    );
    if (result === 'queued') this.#note(parcel, 'delivered');
    else this.refuse(parcel, result, wishes);
  }

  /** A durable message of another machine, which lies on the disk there until this one says that its service has it. */
  #confirmed(parcel: Parcel, destination: Destination, wishes: Wishes, confirm: NonNullable<Parcel['confirm']>): void {
    const { keeping, queuesOf, output } = this.#parts;
    const isFirst = !keeping.hasKept(queuesOf(parcel.service));
    const result = isFirst
      ? output.appendTracked(destination, parcel.line, undefined, (isWritten) => {
          confirm(isWritten ? 'delivered' : 'lost');
          if (isWritten && wishes.report === 'always')
            this.report(parcel.from, parcel.command, 'delivered', undefined, wishes.messageId);
        })
      : 'queue-full';
    if (result === 'queued') return this.#note(parcel, 'delivered');
    confirm('refused');
    count(this.#parts.counters.refused, 'unconfirmed');
    this.#note(parcel, 'refused', { reason: 'unconfirmed' });
  }

  #append(parcel: Parcel, destination: Destination, wishes?: Wishes): void {
    const result = this.#parts.output.append(destination, parcel.line, parcel.connection);
    if (result === 'queued') this.#note(parcel, 'delivered');
    else this.refuse(parcel, result, wishes);
  }

  /** Into the stream to another node, unless older ones wait. */
  #sendOn(parcel: Parcel, decision: NodeDecision): void {
    const { remoteNodes, output, scribe, now, recorder, idOf } = this.#parts;
    const wishes = this.wishesOf(parcel);
    const { policy } = wishes;
    if (policy.isDurable) {
      remoteNodes.forgetVerdicts(parcel.service);
      return this.#keepOrFail(parcel, decision.destination, wishes);
    }
    const destination = remoteNodes.targetOf(decision, parcel.service);
    if (destination === undefined) return this.#keepOrFail(parcel, decision.destination, wishes, 'queue-full');
    const { line, connection, message } = parcel;
    const isPlain = message === undefined && !scribe.isWatched;
    const id = frameIdOf(idOf(recorder.nextNumber), this.#parts.instance);
    const context: LineContext = { deadlineMs: now() + policy.ttlMs, id, entry: undefined };
    const result = isPlain
      ? output.append(destination, line, connection)
      : output.appendTracked(destination, line, connection, undefined, context);
    const place = this.#parts.router.placeOf(parcel.server, decision);
    if (result === 'queued') this.#note({ ...parcel, place }, 'sent', { word: output.lastOutcome });
    else this.refuse(parcel, result, wishes);
  }

  /** To C++ daemons, unless older ones wait. */
  #sendBehind(parcel: Parcel, decision: OpaqueDecision): void {
    const { keeping, output, legacy } = this.#parts;
    const wishes = this.wishesOf(parcel);
    const target = legacy().destinationFor(decision);
    if (target === undefined || wishes.policy.isDurable || keeping.hasKept([decision.destination]))
      return this.#keepOrFail(parcel, decision.destination, wishes, 'queue-full');
    const result = output.append(target, parcel.line, parcel.connection);
    if (result !== 'queued') return this.refuse(parcel, result, wishes);
    this.noteBehind(parcel);
  }

  /** A broadcast from another node has been passed on by the graph already; one of this machine goes out to the others. */
  #broadcast(parcel: Parcel, scope: Scope): void {
    const { table, output, counters } = this.#parts;
    const group: Group | undefined = table.groupOf(parcel.command, parcel.connection?.destination);
    if (group === undefined) counters.broadcastsUnheard++;
    else output.append(group, parcel.line, parcel.connection);
    const id = scope === 'machine' ? undefined : this.#parts.broadcast(scope, parcel.line);
    const wishes = this.wishesOf(parcel);
    this.#note(id === undefined ? parcel : { ...parcel, id }, 'delivered');
    if (wishes.report === 'always') this.report(parcel.from, parcel.command, 'delivered', undefined, wishes.messageId);
  }

  /** @param reason why it cannot be delivered now, if it may not be kept */
  #keepOrFail(parcel: Parcel, destination: string, wishes: Wishes, reason: RefusalReason = 'absent'): void {
    const { keeping, recorder, scribe, idOf, brake, log } = this.#parts;
    const { policy, report, messageId } = wishes;
    if (policy.problem !== undefined) {
      brake.run('cache', (skipped) =>
        log.lines.warn(
          { from: parcel.from, command: parcel.command, problem: policy.problem, skipped },
          'cache parameter not understood',
        ),
      );
    }
    if (!policy.isKept || destination.endsWith(':.')) return this.refuse(parcel, reason, wishes);
    // A foreign id may come here again, as long as its first daemon has no word; what lies on this disk has one of its own.
    const own = idOf(recorder.nextNumber);
    const id = policy.isDurable ? own : (parcel.id ?? own);
    const seen = this.#seen(parcel);
    const number = scribe.begin(seen);
    const token = { command: parcel.command, messageId };
    const { from: sender, line, bare: bytes = line } = parcel;
    const { ttlMs, isDurable } = policy;
    const result = keeping.keep({ id, destination, sender, bytes, ttlMs, isDurable, report, token });
    if (result === 'kept') return scribe.end(number, seen, 'kept');
    scribe.end(number, seen, 'refused', 'keeper-full');
    this.#refused(parcel, 'keeper-full', wishes);
  }

  /** Who sends is told directly: a connection without a name may ask as well. */
  #fail(
    { connection, from, service, command, message }: Parcel,
    reason: string,
    { policy, report, messageId }: Wishes,
  ): void {
    if (message === undefined) return;
    const { speaker } = this.#parts;
    const tell = (answer: string, values: Values): void => {
      if (connection !== undefined) speaker.tell(connection, answer, values);
      else if (from !== '') this.tell(from, answer, values);
    };
    if (report !== 'none') tell('TRANSMISSION_REPORT', { command, status: 'failed', reason, message_id: messageId });
    if (policy.wantsReply) {
      tell('SERVICE_UNAVAILABLE', {
        destination_service: service,
        unsent_command: command,
        message_id: messageId,
        correlation_id: message.parameters['correlation_id'],
      });
    }
  }

  /** What the message asks for beyond being delivered. */
  wishesOf({ message, connection, from }: Parcel): Wishes {
    const parameters = message?.parameters;
    const policy = parseCachePolicy(parameters?.['cache']);
    const messageId = parameters?.['message_id'];
    const report = parseReport(parameters?.['transmission_report'], policy.isDurable, messageId !== undefined);
    return { policy, report: connection === undefined && from === '' ? 'none' : report, messageId };
  }

  #note(parcel: Parcel, outcome: RecordedOutcome, circumstances?: Circumstances): void {
    this.#parts.scribe.note(this.#seen(parcel), outcome, circumstances);
  }

  #seen(parcel: Parcel): Seen {
    const { from, command, line, id, port } = parcel;
    return { from, to: this.#toOf(parcel), command, line, id, port };
  }

  #toOf({ server, service, place }: Parcel): string {
    const machine = server === '' || server === '.' ? this.#parts.server : server;
    return `${place ?? machine}:${service}`;
  }
}
