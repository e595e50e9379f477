// Commands that steer the daemon: STOP, SHUTDOWN, RELOAD, LOG_ROTATE, FORGET, BLOCK; and SNIFF, which looks into traffic.

import { compileFilter } from '@snapcommunicator/network/filter';
import type { Delivery } from '../bus/delivery.ts';
import { textParameters, type Values } from '../bus/speaker.ts';
import type { Taps, Viewer } from '../bus/taps.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { LegacyLinks } from '../legacy/legacy-links.ts';
import type { Links } from '../links/links.ts';
import type { Log } from '../log.ts';
import type { Caller, CommandRunner } from './runner.ts';

export interface ControlParts {
  readonly log: Log;
  readonly taps: Taps;
  readonly stop: (reason: string) => void;
  readonly reload: () => Promise<void>;
  readonly graph: () => GraphSide;
  readonly links: () => Links;
  readonly delivery: () => Delivery;
  readonly legacy: () => Pick<LegacyLinks, 'tellAll'>;
}

export function addControlCommands(runner: CommandRunner, parts: ControlParts): void {
  const { log, taps, stop, reload, graph, links, delivery, legacy } = parts;
  const tellOthers = (caller: Caller, word: string, values: Values): void => {
    if (!isFromDaemon(caller)) graph().tellDaemons(word, values);
    if (!caller.isOpaque) legacy().tellAll(word, textParameters(values));
  };
  runner.on('STOP', (_values, caller) => stop(`STOP from ${nameOf(caller)}`), {
    isPrivileged: true,
    isSignal: true,
  });
  runner.on(
    'SHUTDOWN',
    (_values, caller) => {
      tellOthers(caller, 'SHUTDOWN', {});
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
      tellOthers(caller, 'FORGET', { ip, server_name: server });
      if (!wasKnown && !isFromDaemon(caller))
        caller.answer('INVALID', { command: 'FORGET', message: `no machine is known by ${machine}` });
    },
    { isPrivileged: true },
  );
  runner.on(
    'BLOCK',
    ({ uri }) => {
      links().block(uri);
      log.lines.info({ address: uri }, 'an address is blocked: another daemon asked for it');
    },
    { isPrivileged: true },
  );

  runner.on(
    'RELOAD',
    (_values, { answer }) => {
      reload().then(
        () => {
          log.lines.info('certificates, passwords and credentials read again');
          answer('RELOADED');
        },
        (error: unknown) => answer('INVALID', { command: 'RELOAD', message: (error as Error).message }),
      );
    },
    { isPrivileged: true },
  );

  runner.on(
    'SNIFF',
    ({ filter: text, headers, stop: isEnd }, caller) => {
      const { answer } = caller;
      const viewer =
        caller.connection === undefined ? viewerElsewhere(caller, delivery()) : taps.viewerAt(caller.connection);
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
/** What it is shown may wait while links change, but not for one who has gone: it would be tried again and again. */
const VIEWER_CACHE = 'ttl=10s';

function viewerElsewhere({ isRemote, message }: Caller, delivery: Delivery): Viewer | undefined {
  if (!isRemote || message.sentFromService === '') return undefined;
  const to = `${message.sentFromServer}:${message.sentFromService}`;
  return {
    key: to,
    leaseMs: VIEWER_LEASE_MS,
    waitingBytes: () => delivery.waitingBytesTo(to),
    tell: (values) => delivery.tell(to, 'SNIFFED', { ...values, cache: VIEWER_CACHE }),
  };
}

/** Who asked, for the log. */
function nameOf({ connection, message }: Caller): string {
  if (connection !== undefined) return connection.service || 'a connection without a name';
  return message.sentFromService === '' ? 'a datagram' : `${message.sentFromServer}:${message.sentFromService}`;
}

/** A daemon of the graph tells all others by itself: it is not passed on again. */
const isFromDaemon = ({ isRemote, isOpaque, message }: Caller): boolean =>
  isRemote === true && !isOpaque && message.sentFromService === 'communicatord';
