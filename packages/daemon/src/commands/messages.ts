// Words about messages: TELL_ALL, one message to every instance of one service; CONFIRM, what became of a durable one.

import { decodeLine, encodeMessage, type Message } from 'snapcommunicator/wire';
import type { Delivery } from '../bus/delivery.ts';
import type { Confirmations } from '../graph/confirmations.ts';
import type { CommandRunner } from './runner.ts';

export interface MessageParts {
  readonly server: string;
  readonly delivery: () => Delivery;
  readonly confirmations: () => Confirmations;
  /** Sends a line to the other machines of a scope. */
  readonly broadcast: (scope: 'network' | 'cluster', line: Uint8Array) => void;
  /** Whether a service is on this machine. */
  readonly isHere: (service: string) => boolean;
}

export function addMessageCommands(runner: CommandRunner, parts: MessageParts): void {
  runner.on('CONFIRM', ({ id, status }, { isRemote, message }) => {
    if (isRemote && message.sentFromService === 'communicatord')
      parts.confirmations().confirmed(id, status, message.sentFromServer);
  });

  runner.on('TELL_ALL', ({ service, message: text, scope }, { connection, isRemote, answer }) => {
    // From another machine it would go round for ever; services ask their own daemon.
    if (connection === undefined || isRemote) return;
    const given = read(text);
    if (given === undefined) {
      answer('INVALID', { command: 'TELL_ALL', message: 'message is not of the form COMMAND name=value;…' });
      return;
    }
    const message: Message = {
      ...given,
      sentFromServer: connection.service === '' ? '' : parts.server,
      sentFromService: connection.service,
      server: '',
      service,
    };
    const line = Buffer.from(`${encodeMessage(message)}\n`);
    const from = connection.service === '' ? '' : `${parts.server}:${connection.service}`;
    if (parts.isHere(service) && service !== connection.service) {
      const parcel = { connection, from, server: '', service, command: message.command, line, message };
      parts.delivery().sendOwn(parcel, { kind: 'port', port: 0 });
    }
    if (scope !== 'machine') parts.broadcast(scope, line);
  });
}

/** A message without an address. */
function read(text: string): Message | undefined {
  const bytes = Buffer.from(text);
  const line = decodeLine(bytes, 0, bytes.length);
  if (line.kind !== 'message' || line.message.service !== '' || line.message.sentFromService !== '') return undefined;
  return line.message;
}
