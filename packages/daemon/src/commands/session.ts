// Commands by which a connection introduces itself: REGISTER, UNREGISTER, COMMANDS, HELP, ALIVE.

import type { Registration } from '../bus/registration.ts';
import type { Connection } from '../connections/connection.ts';
import type { CommandRunner } from './runner.ts';

export interface SessionParts {
  readonly registration: Registration;
  readonly leave: (connection: Connection) => void;
  /** Why a connection may not have a name of its own choice; undefined if it may. */
  readonly namingRefusal: (connection: Connection) => string | undefined;
}

export function addSessionCommands(runner: CommandRunner, { registration, leave, namingRefusal }: SessionParts): void {
  runner.on('REGISTER', ({ service, format, transient }, { connection, answer }) => {
    if (connection === undefined) return;
    const refusal = transient ? undefined : namingRefusal(connection);
    if (refusal !== undefined) return answer('INVALID', { command: 'REGISTER', message: refusal });
    registration.register(connection, { service, format, transient }, (command, values) =>
      answer(command as 'READY', values),
    );
  });

  runner.on('UNREGISTER', (_values, { connection }) => {
    if (connection !== undefined) leave(connection);
  });

  runner.on('COMMANDS', ({ list }, { connection, answer }) => {
    if (connection === undefined) return;
    const left = registration.addCommands(connection, list);
    if (left > 0)
      answer('INVALID', { command: 'COMMANDS', message: `${left} commands too many (max_commands_per_service)` });
  });

  runner.on('HELP', (_values, { answer }) => answer('COMMANDS', { list: runner.names.join(',') }));

  runner.on('ALIVE', ({ serial, timestamp }, { answer }) => {
    answer('ABSOLUTELY', { serial, timestamp, reply_timestamp: (performance.timeOrigin + performance.now()) / 1000 });
  });

  runner.on('ABSOLUTELY', (_values, { connection }) => {
    if (connection !== undefined) registration.answeredAlive(connection);
  });
}
