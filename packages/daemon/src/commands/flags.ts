// Commands about flags: FLAG_UP, FLAG_DOWN, FLAGS; and FLAG_NEWS, by which daemons tell each other.

import type { Flags } from '../flags/flags.ts';
import type { Caller, CommandRunner } from './runner.ts';

const FULL = 'there are as many flags as there may be on this machine (max_flags): lower some';

export function addFlagCommands(runner: CommandRunner, flags: () => Flags): void {
  runner.on(
    'FLAG_UP',
    (values, caller) => {
      const { unit, section, name, message, priority, tags, manual, source_file: sourceFile, line } = values;
      const words = { unit, section, name };
      const place = { sourceFile, function: values.function, line };
      const raisedBy = nameOf(caller);
      const raising = { ...words, message, priority, tags, isManual: manual, raisedBy, ...place };
      void flags()
        .raise(raising)
        .then((raised) => {
          if (raised.kind === 'full') caller.answer('INVALID', { command: 'FLAG_UP', message: FULL });
          else caller.answer('FLAGGED', { state: 'up', count: raised.flag.count });
        });
    },
    { isSignal: true },
  );

  runner.on(
    'FLAG_DOWN',
    ({ unit, section, name, by_hand: isByHand }, { answer }) => {
      void flags()
        .lower({ unit, section, name }, isByHand)
        .then(({ kind, count }) => answer('FLAGGED', { state: kind === 'kept' ? 'up' : 'down', count }));
    },
    { isSignal: true },
  );

  runner.on('FLAGS', ({ flags: given }, { answer }) => {
    // With flags it is an answer, to which there is nothing to say.
    if (given !== undefined) return;
    const { text, leftOut } = flags().list();
    answer('FLAGS', { flags: text, left_out: leftOut > 0 ? leftOut : undefined });
  });

  runner.on('FLAG_NEWS', ({ machines }, { isRemote, isOpaque, message, answer }) => {
    if (!isRemote || isOpaque || message.sentFromService !== 'communicatord') return;
    if (machines === undefined) answer('FLAG_NEWS', { machines: flags().answer() });
    else flags().learn(machines, message.sentFromServer);
  });
}

/** Who raises a flag: a service here, or one of another machine; empty for a script. */
function nameOf({ connection, message }: Caller): string {
  if (connection !== undefined) return connection.service;
  return message.sentFromService === '' ? '' : `${message.sentFromServer}:${message.sentFromService}`;
}
