// `snapcom request`: sends a message and prints its answer.

import type { Command } from 'commander';
import { encodeJson, encodeMessage, type Message } from 'snapcommunicator/wire';
import {
  type CompositionOptions,
  describeComposition,
  headOf,
  isBroadcast,
  messageFromArguments,
  readCache,
} from './composition.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { collect, durationOption } from './option-values.ts';
import type { Call } from './tool.ts';

export interface AskOptions extends CompositionOptions {
  readonly timeout: number;
  readonly expect?: readonly string[];
}

export function describe(command: Command): void {
  describeComposition(command.argument('<message...>', "'images/RESIZE uri=/a.png', or a COMMAND for -s and -p"))
    .addOption(durationOption('-t, --timeout <duration>', 'how long the answer may take', '5s'))
    .option(
      '--expect <command>',
      'what answers it, for a service that gives no correlation_id back; may be repeated',
      collect,
    )
    .addHelpText(
      'after',
      `
Examples:
  snapcom request images/STATUS
  snapcom request RESIZE -s images -p uri=/a.png --timeout 30s --json
  snapcom request LIST_SERVICES                  what the daemon itself answers`,
    );
}

export async function run({ args, options, output }: Call<AskOptions>): Promise<ExitCode> {
  const message = messageFromArguments(args, options);
  if (isBroadcast(message)) throw usageError(`${headOf(message)} is a broadcast, which has no single answer: use send`);
  const { cache, ...parameters } = message.parameters;
  const { timeout, expect } = options;
  const target = message.server === '' ? message.service : `${message.server}:${message.service}`;
  const answer = await withConnection({ to: options.to }, (bus) =>
    bus.request(target, message.command, parameters, {
      timeout,
      ...(cache !== undefined && { cache: readCache(cache) }),
      ...(expect !== undefined && { expect }),
    }),
  );
  const shown = withoutAddress(answer);
  output.foreignLine(options.json ? encodeJson(shown) : encodeMessage(shown));
  return EXIT.done;
}

/** The answer without what only found the way back. */
function withoutAddress({
  sentFromServer,
  sentFromService,
  command,
  parameters,
}: Message): Omit<Message, 'server' | 'service'> {
  const { correlation_id: _ours, ...rest } = parameters;
  return { sentFromServer, sentFromService, command, parameters: rest };
}
