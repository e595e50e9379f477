// `snapcom send`: one message, or one a line from standard input, and if asked for what became of it.

import type { Command } from 'commander';
import { CommunicatorError } from 'snapcommunicator';
import type { Carrier, SendOptions } from './carrier.ts';
import { describeComposition, messageBytesMax, messageFromArguments, messageFromLine } from './composition.ts';
import { signalAddress } from './connection.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { linesOf } from './lines.ts';
import { durationOption, sizeOption } from './option-values.ts';
import type { Output } from './output.ts';
import type { Call } from './tool.ts';

export function describe(command: Command): void {
  describeComposition(
    command.argument('[message...]', "'images/PING name=value;…', a COMMAND for -s and -p, or - for standard input"),
  )
    .option('--report', 'wait for the outcome, print it, and end with it')
    .addOption(
      durationOption(
        '--timeout <duration>',
        'how long the report may take (default: as long as the message may be kept)',
      ),
    )
    .option('--keep-going', 'standard input: report a line that is not a message, and go on')
    .option('--signal-secret-file <file>', 'scu: the secret that the daemon wants datagrams to prove')
    .addOption(sizeOption('--max-size <size>', 'scu: longest datagram', { minBytes: 1, maxBytes: 65_507 }, '1KiB'))
    .addHelpText(
      'after',
      `
Examples:
  snapcom send 'images/RESIZE uri=/a.png;width=200'
  snapcom send RESIZE -s images -p uri=/a.png -p 'note=any text; as it is'
  snapcom send images/PING --cache 'no;reply'     exit code 4 if it is not there
  snapcom send images/PING --report               exit code 0 once it is delivered
  snapcom send ./LOG_ROTATE                       to all on this machine that list LOG_ROTATE
  snapcom send - --keep-going < messages.txt      one message a line`,
    );
}

export async function run({ args, options, output }: Call<SendOptions>): Promise<ExitCode> {
  const isStandardInput = args[0] === '-';
  if (args.length === 0) throw usageError('a message is needed, as in images/PING, or - for standard input');
  if (isStandardInput && args.length > 1) throw usageError('nothing goes behind the - for standard input');
  if (options.timeout !== undefined && options.report !== true) throw usageError('--timeout is for --report');
  const single = isStandardInput ? undefined : messageFromArguments(args, options);
  const carrier = await openCarrier(options, output);
  try {
    const code = single === undefined ? await sendLines(carrier, options, output) : EXIT.done;
    if (single !== undefined) await carrier.send(single, undefined);
    const outcome = await carrier.finish();
    return code === EXIT.done ? outcome : code;
  } catch (error) {
    await carrier.abandon();
    throw error;
  }
}

/** Only what is needed is loaded: a datagram wants no connection, and a connection no datagram. */
async function openCarrier(options: SendOptions, output: Output): Promise<Carrier> {
  const address = signalAddress(options.to);
  if (address === undefined) return (await import('./connection-carrier.ts')).openConnectionCarrier(options, output);
  if (options.report) throw usageError(`--report: nobody is answered over ${address}; give an sc: address with --to`);
  return (await import('./signal-carrier.ts')).openSignalCarrier(address, options);
}

/** Sends what standard input holds. @returns `usage` if a line was no message */
async function sendLines(carrier: Carrier, options: SendOptions, output: Output): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  for await (const lines of linesOf(process.stdin, messageBytesMax)) {
    for (const { number, bytes } of lines) {
      try {
        const message = messageFromLine(bytes, options);
        if (message !== undefined) await carrier.send(message, number);
      } catch (error) {
        if (!isFaultOfLine(error)) throw error;
        code = EXIT.usage;
        output.say(`line ${number}: ${error.message}`);
        if (options.keepGoing) continue;
        output.say(`stopped at line ${number}; what stands before it was sent (--keep-going goes on)`);
        return code;
      }
    }
  }
  return code;
}

const isFaultOfLine = (error: unknown): error is Error =>
  error instanceof Error &&
  ((error as { exitCode?: ExitCode }).exitCode === EXIT.usage ||
    (error instanceof CommunicatorError && error.code === 'INVALID_MESSAGE'));
