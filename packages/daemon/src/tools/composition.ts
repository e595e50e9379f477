// Messages as they are typed: a line of the protocol, or a command with options; checked before anything is connected.

import type { Command } from 'commander';
import { type CacheOptions, CommunicatorError, cache } from 'snapcommunicator';
import {
  decodeLine,
  encodeMessage,
  type Line,
  type Message,
  NAME,
  WIRE_ERRORS,
  WireError,
} from 'snapcommunicator/wire';
import { usageError } from './exit-codes.ts';
import { collect } from './option-values.ts';

export interface CompositionOptions {
  readonly service?: string;
  readonly param?: readonly string[];
  readonly cache?: string;
}

/** Longest message that a daemon takes unless it is told to take more, in bytes. */
export const messageBytesMax = 1 << 20;

/** Adds the options by which a message is put together. */
export function describeComposition(command: Command): Command {
  return command
    .option('-s, --service <service>', 'whom it is for: SERVICE or SERVER:SERVICE, or a mark . ? *')
    .option('-p, --param <name=value>', 'a parameter, its value as it is; may be repeated', collect)
    .option('--cache <value>', 'if the service is not there: no, reply, ttl=10m, durable, joined by ;');
}

/** The message of a command line. @throws ToolError */
export function messageFromArguments(args: readonly string[], options: CompositionOptions): Message {
  const [first = '', ...rest] = args;
  const assignments = rest.filter((arg) => /^[A-Za-z_][A-Za-z0-9_]*=/.test(arg));
  if (rest.length > 1 && assignments.length > 1) {
    throw usageError(
      `several parameters go between quotes with ; between them, '${first} ${assignments.join(';')}', or each behind a -p`,
    );
  }
  const text = [first, ...rest].join(' ');
  if (/[\r\n]/.test(text.trim())) {
    throw usageError('a message is one line: write a line feed in a value as \\n, or give the value with -p');
  }
  const bytes = Buffer.from(text);
  return compose(decodeLine(bytes, 0, bytes.length), options);
}

/** The message of one line of input; undefined for a blank one. @throws ToolError */
export function messageFromLine(bytes: Uint8Array | undefined, options: CompositionOptions): Message | undefined {
  if (bytes === undefined) throw usageError(explainLine('TOO_LONG'));
  const line = decodeLine(bytes, 0, bytes.length);
  return line.kind === 'blank' ? undefined : compose(line, options);
}

/** What is wrong with a line, and what to do about it. */
export function explainLine(code: keyof typeof WIRE_ERRORS): string {
  const { cause, remedy } = WIRE_ERRORS[code];
  return `not a message (${code}): ${cause} ${remedy}`;
}

/** `images/PING`: for sentences about a message. */
export const headOf = ({ server, service, command }: Message): string =>
  service === '' ? command : `${server === '' ? '' : `${server}:`}${service}/${command}`;

/** Whether the message goes to all who list its command. */
export const isBroadcast = ({ service }: Message): boolean => service === '.' || service === '?' || service === '*';

/** Whether it is for the daemon of this machine itself. */
export const isForDaemon = ({ server, service }: Message): boolean =>
  (server === '' || server === '.') &&
  (service === '' || service === 'communicatord' || service === 'snapcommunicator');

/** The value of `cache` as the library takes it. @throws ToolError */
export function readCache(text: string): CacheOptions {
  const options: { no?: boolean; reply?: boolean; durable?: boolean; ttl?: string } = {};
  for (const item of text.split(';').map((part) => part.trim())) {
    if (item === 'no' || item === 'reply' || item === 'durable') options[item] = true;
    else if (item.startsWith('ttl=')) options.ttl = item.slice('ttl='.length);
    else if (item !== '')
      throw usageError(`--cache: ${JSON.stringify(item)} is not one of no, reply, ttl=10m, durable`);
  }
  try {
    cache(options);
  } catch (error) {
    if (error instanceof CommunicatorError) throw usageError(`--cache: ${error.message}`);
    throw error;
  }
  return options;
}

function compose(line: Line, options: CompositionOptions): Message {
  if (line.kind === 'blank') throw usageError('a message is needed, as in images/PING');
  if (line.kind === 'invalid') throw usageError(explainLine(line.error));
  const { message } = line;
  const parameters: Record<string, string> = { ...message.parameters };
  for (const assignment of options.param ?? []) {
    const equals = assignment.indexOf('=');
    const name = equals < 0 ? assignment : assignment.slice(0, equals);
    if (equals < 0 || !NAME.test(name)) {
      throw usageError(`-p ${JSON.stringify(assignment)}: expected name=value, the name of letters, digits and _`);
    }
    parameters[name] = assignment.slice(equals + 1);
  }
  if (options.cache !== undefined) {
    readCache(options.cache);
    parameters['cache'] = options.cache;
  }
  // Who sent it is for the daemon to say.
  const composed = {
    ...message,
    ...addressOf(message, options.service),
    sentFromServer: '',
    sentFromService: '',
    parameters,
  };
  checkEncoding(composed);
  return composed;
}

function addressOf(message: Message, service: string | undefined): Pick<Message, 'server' | 'service'> {
  if (service === undefined) return message;
  if (message.service !== '') {
    throw usageError(`${headOf(message)} has an address already; leave it out, or --service`);
  }
  const colon = service.indexOf(':');
  return colon < 0 ? { server: '', service } : { server: service.slice(0, colon), service: service.slice(colon + 1) };
}

function checkEncoding(message: Message): void {
  let text: string;
  try {
    text = encodeMessage(message);
  } catch (error) {
    if (error instanceof WireError) throw usageError(`not a message (${error.code}): ${error.message}`);
    throw error;
  }
  const bytes = Buffer.byteLength(text) + 1;
  if (bytes > messageBytesMax) {
    throw usageError(
      `${headOf(message)} has ${bytes} bytes, a message at most ${messageBytesMax}: send a reference to large data`,
    );
  }
}
