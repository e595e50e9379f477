// The way of a received line: repeats out, answers to their requests, the protocol's own commands, then the handlers.

import type { Emitter } from '../events.ts';
import type { Reports } from '../requests/reports.ts';
import type { Requests } from '../requests/requests.ts';
import type { CommunicatorEvents } from '../settings.ts';
import { WIRE_ERRORS } from '../wire/errors.ts';
import type { Message } from '../wire/message.ts';
import type { Line } from '../wire/parser.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Duplicates } from './duplicates.ts';
import { absolutely, answerTo, isFromOwnDaemon, isOwnCommand, isRoutine, mayBeRefused } from './protocol.ts';

export interface ReceiverRooms {
  readonly duplicates: Duplicates;
  readonly requests: Requests;
  readonly reports: Reports;
  readonly dispatcher: Dispatcher;
  readonly events: Emitter<CommunicatorEvents>;
  /** The communicator asks what is understood. */
  onHelp(writeNow: (line: string) => void): void;
  /** The list for somebody else who asks. */
  commands(): readonly string[];
  /** Sends an automatic answer behind all that waits; a full queue drops it. */
  send(line: string): void;
}

const EVENT_OF: Readonly<Record<string, 'stop' | 'disconnecting' | 'quitting' | 'rejected' | 'report'>> = {
  STOP: 'stop',
  DISCONNECTING: 'disconnecting',
  QUITTING: 'quitting',
  UNKNOWN: 'rejected',
  INVALID: 'rejected',
  SERVICE_UNAVAILABLE: 'rejected',
  TRANSMISSION_REPORT: 'report',
};

/** Takes what the connection reads. */
export class Receiver {
  readonly #rooms: ReceiverRooms;
  received = 0;
  malformed = 0;
  repeats = 0;
  lateAnswers = 0;
  unknown = 0;

  constructor(rooms: ReceiverRooms) {
    this.#rooms = rooms;
  }

  /** @param writeNow writes to the connection that the line came from, ahead of all that waits */
  receive(line: Line, writeNow: (line: string) => void): void {
    if (line.kind === 'invalid') return this.#refuseMalformed(line);
    if (line.kind === 'blank') return;
    const { message } = line;
    const { requests, reports, duplicates, dispatcher } = this.#rooms;
    this.received++;
    if (duplicates.isRepeat(message)) {
      this.repeats++;
      return;
    }
    const settled = requests.settle(message);
    if (settled === 'answer') return;
    if (settled === 'late') this.lateAnswers++;
    if (message.command === 'TRANSMISSION_REPORT' && reports.settle(message)) return;
    const isUnderstood = this.#followProtocol(message, writeNow);
    const isTaken = dispatcher.dispatch(message, isRoutine(message.command));
    if (isUnderstood || isTaken || settled === 'late') return;
    this.unknown++;
    if (mayBeRefused(message)) this.#rooms.send(answerTo(message, 'UNKNOWN', { command: message.command }));
  }

  /** @returns whether the command belongs to the protocol, so that it is not unknown whoever handles it */
  #followProtocol(message: Message, writeNow: (line: string) => void): boolean {
    const { events, onHelp, commands, send } = this.#rooms;
    const { command } = message;
    const event = EVENT_OF[command];
    if (event !== undefined) {
      const isHeard = events.has(event);
      events.emit(event, message);
      return isHeard || isOwnCommand(command);
    }
    if (command === 'HELP') {
      if (isFromOwnDaemon(message)) onHelp(writeNow);
      else if (message.sentFromService !== '') send(answerTo(message, 'COMMANDS', { list: commands().join(',') }));
    } else if (command === 'ALIVE' && (isFromOwnDaemon(message) || message.sentFromService !== '')) {
      const line = answerTo(message, 'ABSOLUTELY', absolutely(message, Date.now()));
      // The communicator decides by it whether this program still lives: it must not wait behind data.
      (isFromOwnDaemon(message) ? writeNow : send)(line);
    }
    return isOwnCommand(command);
  }

  #refuseMalformed(line: Extract<Line, { kind: 'invalid' }>): void {
    this.malformed++;
    this.#rooms.events.emit('malformed', { error: line.error, command: line.command });
    const { head } = line;
    if (head === undefined || !mayBeRefused(head)) return;
    this.#rooms.send(answerTo(head, 'INVALID', { command: head.command, message: WIRE_ERRORS[line.error].cause }));
  }
}
