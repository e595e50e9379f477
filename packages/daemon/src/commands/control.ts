// Commands that steer the daemon: STOP, SHUTDOWN, LOG_ROTATE, FORGET, BLOCK; and SNIFF, which looks into traffic.

import { compileFilter } from '@snapcommunicator/network/filter';
import type { Taps } from '../bus/taps.ts';
import type { Log } from '../log.ts';
import type { CommandRunner } from './runner.ts';

export interface ControlParts {
  readonly log: Log;
  readonly taps: Taps;
  readonly stop: (reason: string) => void;
}

export function addControlCommands(runner: CommandRunner, { log, taps, stop }: ControlParts): void {
  runner.on('STOP', (_values, { connection }) => stop(`STOP from ${connection?.service || 'a datagram'}`), {
    isPrivileged: true,
    isSignal: true,
  });
  // The cluster is this machine.
  runner.on('SHUTDOWN', (_values, { connection }) => stop(`SHUTDOWN from ${connection?.service || 'a datagram'}`), {
    isPrivileged: true,
    isSignal: true,
  });

  runner.on(
    'LOG_ROTATE',
    () => {
      log.reopen();
      log.lines.info('log reopened');
    },
    { isSignal: true },
  );

  runner.on(
    'FORGET',
    ({ ip, server_name: server }, { answer }) => {
      const message =
        ip === undefined && server === undefined
          ? 'ip or server_name is missing'
          : `no machine is known by ${ip ?? server}`;
      answer('INVALID', { command: 'FORGET', message });
    },
    { isPrivileged: true },
  );
  runner.on('BLOCK', () => undefined, { isPrivileged: true });

  runner.on(
    'SNIFF',
    ({ filter: text, headers, stop: isEnd }, { connection, answer }) => {
      if (connection === undefined) return;
      if (isEnd) return taps.remove(connection);
      const compiled = text === undefined ? undefined : compileFilter(text);
      if (compiled?.error !== undefined) {
        answer('INVALID', {
          command: 'SNIFF',
          message: `filter, character ${compiled.error.at + 1}: ${compiled.error.message}`,
        });
      } else if (!taps.add(connection, compiled?.filter, headers)) {
        answer('INVALID', { command: 'SNIFF', message: 'too many look at the traffic already (max_sniffers)' });
      } else answer('SNIFFING', { filter: compiled?.filter.text });
    },
    { isPrivileged: true },
  );
}
