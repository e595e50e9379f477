// Commands that steer the daemon: STOP, SHUTDOWN, LOG_ROTATE, FORGET, BLOCK; and SNIFF, which looks into traffic.

import { compileFilter } from '@snapcommunicator/network/filter';
import type { Delivery } from '../bus/delivery.ts';
import type { Taps, Viewer } from '../bus/taps.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { Log } from '../log.ts';
import type { Caller, CommandRunner } from './runner.ts';

export interface ControlParts {
  readonly log: Log;
  readonly taps: Taps;
  readonly stop: (reason: string) => void;
  readonly graph: () => GraphSide;
  readonly delivery: () => Delivery;
}

export function addControlCommands(runner: CommandRunner, { log, taps, stop, graph, delivery }: ControlParts): void {
  runner.on('STOP', (_values, caller) => stop(`STOP from ${nameOf(caller)}`), {
    isPrivileged: true,
    isSignal: true,
  });
  runner.on(
    'SHUTDOWN',
    (_values, caller) => {
      if (!isFromDaemon(caller)) graph().tellDaemons('SHUTDOWN', {});
      stop(`SHUTDOWN from ${nameOf(caller)}`);
    },
    { isPrivileged: true, isSignal: true },
  );

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
    ({ ip, server_name: server }, caller) => {
      const machine = server ?? ip;
      if (machine === undefined)
        return caller.answer('INVALID', { command: 'FORGET', message: 'ip or server_name is missing' });
      const wasKnown = graph().forget(machine);
      if (isFromDaemon(caller)) return;
      graph().tellDaemons('FORGET', { ip, server_name: server });
      if (!wasKnown) caller.answer('INVALID', { command: 'FORGET', message: `no machine is known by ${machine}` });
    },
    { isPrivileged: true },
  );
  runner.on('BLOCK', () => undefined, { isPrivileged: true });

  runner.on(
    'SNIFF',
    ({ filter: text, headers, stop: isEnd }, caller) => {
      const { answer } = caller;
      const viewer = caller.connection === undefined ? viewerElsewhere(caller, delivery()) : taps.viewerAt(caller.connection);
      if (viewer === undefined) return;
      if (isEnd) return taps.remove(viewer.key);
      const compiled = text === undefined ? undefined : compileFilter(text);
      if (compiled?.error !== undefined) {
        answer('INVALID', {
          command: 'SNIFF',
          message: `filter, character ${compiled.error.at + 1}: ${compiled.error.message}`,
        });
      } else if (!taps.add(viewer, compiled?.filter, headers)) {
        answer('INVALID', { command: 'SNIFF', message: 'too many look at the traffic already (max_sniffers)' });
      } else answer('SNIFFING', { filter: compiled?.filter.text });
    },
    { isPrivileged: true },
  );
}

/** Somebody on another machine who looks asks again before this is over. */
const VIEWER_LEASE_MS = 15_000;

function viewerElsewhere({ isRemote, message }: Caller, delivery: Delivery): Viewer | undefined {
  if (!isRemote || message.sentFromService === '') return undefined;
  const to = `${message.sentFromServer}:${message.sentFromService}`;
  return {
    key: to,
    leaseMs: VIEWER_LEASE_MS,
    waitingBytes: () => delivery.waitingBytesTo(to),
    tell: (values) => delivery.tell(to, 'SNIFFED', values),
  };
}

/** Who asked, for the log. */
function nameOf({ connection, message }: Caller): string {
  if (connection !== undefined) return connection.service || 'a connection without a name';
  return message.sentFromService === '' ? 'a datagram' : `${message.sentFromServer}:${message.sentFromService}`;
}

/** A daemon tells all others by itself: it is not passed on again. */
const isFromDaemon = ({ isRemote, message }: Caller): boolean =>
  isRemote === true && message.sentFromService === 'communicatord';
