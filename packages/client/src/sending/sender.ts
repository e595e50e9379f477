// Sending: each message becomes a line in the outbox, or an error that says why not; reports that were asked for are awaited.

import type { Session } from '../connection/session.ts';
import { CommunicatorError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import { type Draft, gather, keptForMs, type Part } from '../message/parts.ts';
import type { Ids } from '../requests/ids.ts';
import type { Awaited as AwaitedReport, Outcome, Reports } from '../requests/reports.ts';
import type { CommunicatorEvents, DEFAULTS } from '../settings.ts';
import { type Addressed, awaitedReport, encodeDraft } from './drafts.ts';

export interface SenderRooms {
  readonly session: Session;
  readonly reports: Reports;
  readonly events: Emitter<CommunicatorEvents>;
  readonly ids: Ids;
}

/** Time for the daemon's last report to come, after the message's own time is over. */
const reportGraceMs = 5000;

/** A rejection that does not end the program of who never looks at it. */
function rejected(error: unknown): Promise<never> {
  const rejection = Promise.reject(error);
  rejection.catch(() => {});
  return rejection;
}

export class Sender {
  readonly #rooms: SenderRooms;
  readonly #name: string;
  readonly #limits: typeof DEFAULTS;
  #isClosed = false;
  /** How many messages have been handed over. */
  sent = 0;

  constructor(rooms: SenderRooms, name: string, limits: typeof DEFAULTS) {
    this.#rooms = rooms;
    this.#name = name;
    this.#limits = limits;
  }

  /** See `Communicator.send`. */
  send(parts: readonly Part[]): Promise<Outcome | undefined> {
    const draft = gather(parts);
    const { parameters, signal } = draft;
    if (signal?.aborted) return rejected(signal.reason);
    const awaited = awaitedReport(parameters);
    try {
      if (awaited !== undefined) return this.#sendReported(draft, awaited);
      this.push(draft);
    } catch (error) {
      return this.#refuse(error, draft.command);
    }
    return this.#rooms.session.outbox.room() as Promise<undefined>;
  }

  /** @returns the line's ticket @throws CommunicatorError */
  push(draft: Addressed): number {
    const { outbox } = this.#rooms.session;
    const { messageBytesMax } = this.#limits;
    const line = encodeDraft(draft);
    if (line.length > messageBytesMax) {
      const text = `${draft.command} has ${line.length} characters, a message at most ${messageBytesMax} bytes (messageBytesMax): send a reference to large data instead`;
      throw new CommunicatorError('INVALID_MESSAGE', text);
    }
    const ticket = this.#isClosed ? 'CLOSED' : outbox.push(line);
    if (typeof ticket !== 'number') throw this.#refusal(ticket, draft.command);
    this.sent++;
    return ticket;
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  #refusal(why: 'FULL' | 'DISCONNECTED' | 'CLOSED', command: string): CommunicatorError {
    const { session } = this.#rooms;
    if (why === 'CLOSED') {
      return new CommunicatorError('DISCONNECTED', `${this.#name} is closed: ${command} was not sent`);
    }
    if (why === 'DISCONNECTED') {
      const text = `there is no connection to a communicator: ${command} was not sent`;
      return new CommunicatorError('DISCONNECTED', text);
    }
    const cause = session.registration === undefined ? 'there is no connection' : 'the communicator is too slow';
    const text = `${session.outbox.waitingBytes} bytes wait to be sent, at most ${this.#limits.queueBytesMax} may (queueBytesMax), because ${cause}: ${command} was not sent`;
    return new CommunicatorError('QUEUE_FULL', text);
  }

  #sendReported(draft: Draft, awaited: AwaitedReport): Promise<Outcome> {
    const { reports, ids } = this.#rooms;
    const { command, service, server, signal, parameters } = draft;
    if (reports.isFull) {
      const text = `reports are awaited on ${this.#limits.requestsMax} messages (requestsMax): await some of them`;
      throw new CommunicatorError('QUEUE_FULL', text);
    }
    const id = parameters['message_id'] ?? ids.next();
    const timeoutMs = draft.timeout ?? keptForMs(parameters['cache']) + reportGraceMs;
    // A durable message whose service is there is delivered at once and never stored: that, too, must be told.
    const asked = { ...parameters, message_id: id, transmission_report: 'always' };
    const ticket = this.push({ server, service, command, parameters: asked });
    const report = reports.wait({ id, awaited, ticket, what: `${command} to ${service}`, timeoutMs, signal });
    report.catch(() => {});
    return report;
  }

  /** Rejects, unless the caller's message is at fault: that is thrown, so that it shows even where nobody awaits. */
  #refuse(error: unknown, command: string): Promise<never> {
    if (!(error instanceof CommunicatorError) || error.code === 'INVALID_MESSAGE') throw error;
    this.#rooms.events.emit('refused', { error, command });
    return rejected(error);
  }
}
