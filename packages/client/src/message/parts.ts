// The parts from which a message is put together, and what they make when they are gathered.

import { duration } from '../contract/types.ts';
import { CommunicatorError } from '../errors.ts';
import { NAME } from '../wire/message.ts';

/** A value that a parameter may be given; on the wire everything is text. `undefined` leaves the parameter out. */
export type ParameterValue = string | number | bigint | boolean | undefined;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

/** Some of a message: any object with some of these fields is a part, a whole received `Message` too. */
export interface Part {
  /** The machine: a name, `.` this one, `?` another one of this data centre, `*` any. */
  readonly server?: string;
  readonly service?: string;
  readonly command?: string;
  readonly parameters?: ParameterValues;
  /** How long an awaited report may take, in milliseconds. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** A message that is about to be sent. */
export interface Draft {
  readonly server: string;
  readonly service: string;
  readonly command: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What to do with a message whose service is not there. */
export interface CacheOptions {
  /** How long it is kept: milliseconds, or a text such as `'10m'`; 10 s to 24 h. The daemon's default is 60 s. */
  readonly ttl?: number | string;
  /** Keep it on disk. `send()` then resolves once it is there, or delivered. */
  readonly durable?: boolean;
  /** Do not keep it. */
  readonly no?: boolean;
  /** If it is not kept, say so with SERVICE_UNAVAILABLE. */
  readonly reply?: boolean;
}

/** Which reports the daemon gives: of failures, as C++ daemons do, or of each step up to the outcome. */
export type ReportMode = 'failure' | 'always';

/** The command: `message('RESIZE')`, with parameters if they are at hand. */
export const message = (command: string, parameters?: ParameterValues): Part =>
  parameters === undefined ? { command } : { command, parameters };

/** The destination: `to('images')`, `to('web1:images')`, or a broadcast mark, `to('*')`. */
export function to(target: string): Part {
  const colon = target.indexOf(':');
  return colon < 0
    ? { server: '', service: target }
    : { server: target.slice(0, colon), service: target.slice(colon + 1) };
}

/** One parameter. A later one of the same name replaces it. */
export const param = (name: string, value: ParameterValue): Part => ({ parameters: { [name]: value } });

/** What to do when the service is not there: `cache({ ttl: '10m' })`, `cache({ no: true, reply: true })`. */
export const cache = (options: CacheOptions): Part => ({ parameters: { cache: cacheText(options) } });

/** Asks for reports; with `always`, `send()` resolves with the outcome. */
export const report = (mode: ReportMode): Part => ({ parameters: { transmission_report: mode } });

const ttlType = duration({ minMs: 10_000, maxMs: 24 * 3_600_000 });

function ttlMs(ttl: number | string): number {
  const reading = typeof ttl === 'number' ? ttlType.read(`${ttl}ms`) : ttlType.read(ttl);
  if ('value' in reading) return reading.value;
  throw new CommunicatorError(
    'INVALID_MESSAGE',
    `the cache's ttl is ${JSON.stringify(ttl)}, expected ${reading.expected}`,
  );
}

/** The value of the parameter `cache`. @throws CommunicatorError INVALID_MESSAGE for a ttl out of range */
export function cacheText({ ttl, durable, no, reply }: CacheOptions): string {
  const items: string[] = [];
  if (no === true) items.push('no');
  if (ttl !== undefined) items.push(`ttl=${ttlMs(ttl) / 1000}s`);
  if (durable === true) items.push('durable');
  if (reply === true) items.push('reply');
  return items.join(';');
}

/** How long the daemon keeps a message with this `cache`, in milliseconds; 0 when it does not. */
export function keptForMs(cacheValue: string | undefined): number {
  const items = (cacheValue ?? '').split(';').map((item) => item.trim());
  if (items.includes('no')) return 0;
  const reading = ttlType.read(items.find((item) => item.startsWith('ttl='))?.slice(4) ?? '60s');
  return 'value' in reading ? reading.value : 60_000;
}

/** Whether a `cache` value asks for the disk. */
export const isDurable = (cacheValue: string | undefined): boolean =>
  cacheValue !== undefined && /(^|;)\s*durable\s*(;|$)/.test(cacheValue);

/** Values as text. The object itself when all of it is text already, which is the usual case and costs no copy. */
export function textParameters(values: ParameterValues): Readonly<Record<string, string>> {
  for (const name in values) {
    if (typeof values[name] !== 'string') return copyAsText(values);
  }
  return values as Readonly<Record<string, string>>;
}

function copyAsText(values: ParameterValues): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const kind = typeof value;
    // Plain JavaScript has no compiler to tell: an object would arrive as "[object Object]".
    if (value === null || kind === 'object' || kind === 'function' || kind === 'symbol') {
      throw new CommunicatorError(
        'INVALID_MESSAGE',
        `parameter ${name} is ${value === null ? 'null' : `a ${kind}`}, expected text, a number or a boolean`,
      );
    }
    parameters[name] = String(value);
  }
  return parameters;
}

const NO_PARAMETERS: Readonly<Record<string, string>> = Object.freeze({});

/** Puts parts together; of what is given twice the later one holds. @throws CommunicatorError INVALID_MESSAGE */
export function gather(parts: readonly Part[]): Draft {
  let server = '';
  let service = '';
  let command = '';
  let parameters: ParameterValues | undefined;
  let timeout: number | undefined;
  let signal: AbortSignal | undefined;
  for (const part of parts) {
    if (part.server !== undefined) server = part.server;
    if (part.service !== undefined) service = part.service;
    if (part.command !== undefined) command = part.command;
    if (part.parameters !== undefined) {
      parameters = parameters === undefined ? part.parameters : { ...parameters, ...part.parameters };
    }
    if (part.timeout !== undefined) timeout = part.timeout;
    if (part.signal !== undefined) signal = part.signal;
  }
  return {
    server,
    service,
    command,
    parameters: parameters === undefined ? NO_PARAMETERS : textParameters(parameters),
    timeout,
    signal,
  };
}

/** The parts of a reply to a message: to the very instance that sent it. */
export function backTo(message: { readonly sentFromServer: string; readonly sentFromService: string }): Part {
  return { server: NAME.test(message.sentFromServer) ? message.sentFromServer : '', service: message.sentFromService };
}
