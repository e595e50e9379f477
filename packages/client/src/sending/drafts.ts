// What sending adds to a message: its line, which report is awaited, what a request says about an absent service.

import type { ServiceContract } from '../contract/contract.ts';
import { CommunicatorError } from '../errors.ts';
import type { BroadcastOptions, RequestOptions } from '../handler.ts';
import {
  type CacheOptions,
  cacheText,
  type Draft,
  isDurable,
  keptForMs,
  type ParameterValues,
  type Part,
  textParameters,
  to,
} from '../message/parts.ts';
import { repliesOf, writeValues } from '../message/typed.ts';
import type { Awaited as AwaitedReport } from '../requests/reports.ts';
import { encodeMessage } from '../wire/encoder.ts';
import { WireError } from '../wire/errors.ts';

/** What of a draft goes onto the line. */
export type Addressed = Pick<Draft, 'server' | 'service' | 'command' | 'parameters'>;

/** The message as a line. @throws CommunicatorError INVALID_MESSAGE */
export function encodeDraft(draft: Addressed): string {
  try {
    return encodeMessage(draft);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CommunicatorError('INVALID_MESSAGE', error.message, { cause: error });
  }
}

/** Which report a send waits for, if any. */
export function awaitedReport(parameters: Readonly<Record<string, string>>): AwaitedReport | undefined {
  if (parameters['transmission_report'] === 'always') return 'outcome';
  const { cache } = parameters;
  return cache !== undefined && isDurable(cache) ? 'stored' : undefined;
}

const SCOPES = { machine: '.', network: '?', cluster: '*' } as const;

/** A broadcast: to a mark, or, for one service, by the daemon's TELL_ALL. @throws CommunicatorError INVALID_MESSAGE */
export function draftBroadcast(command: string, parameters: ParameterValues, options: BroadcastOptions): Part {
  const { scope = 'machine', service, signal } = options;
  const mark = SCOPES[scope];
  if (mark === undefined) {
    const text = `scope is ${JSON.stringify(scope)}, expected machine, network or cluster`;
    throw new CommunicatorError('INVALID_MESSAGE', text);
  }
  const aborting = signal === undefined ? {} : { signal };
  if (service === undefined) return { service: mark, command, parameters, ...aborting };
  const message = encodeDraft({ server: '', service: '', command, parameters: textParameters(parameters) });
  return { command: 'TELL_ALL', parameters: { service, message, scope }, ...aborting };
}

/** A request as it goes out, and the commands that answer it, as far as they are known. */
export interface RequestDraft {
  readonly draft: Draft;
  readonly expect: readonly string[];
}

/** Puts a request together. @throws CommunicatorError INVALID_MESSAGE */
export function draftRequest(
  target: string | ServiceContract,
  command: string,
  values: Readonly<Record<string, unknown>>,
  options: RequestOptions,
): RequestDraft {
  const contract = typeof target === 'string' ? undefined : target;
  const { server = '', service = '' } = to(contract?.service ?? (target as string));
  if (service === '.' || service === '?' || service === '*') {
    const text = `${service}/${command}: a broadcast has no single answer; use broadcast() and on()`;
    throw new CommunicatorError('INVALID_MESSAGE', text);
  }
  const given = contract === undefined ? (values as ParameterValues) : writeValues(contract, command, values);
  const known = contract === undefined ? [] : repliesOf(contract, command);
  const { timeout, signal, cache, expect = known } = options;
  const parameters = { ...textParameters(given), ...requestCache(server, service, cache) };
  return { draft: { server, service, command, parameters, timeout, signal }, expect: [expect].flat() };
}

/** What a request says about a service that is not there. The daemon itself always is. */
function requestCache(server: string, service: string, options: CacheOptions | undefined): Record<string, string> {
  if (options === undefined) {
    const isDaemon = service === '' || service === 'communicatord' || service === 'snapcommunicatord';
    return isDaemon && server === '' ? {} : { cache: 'no;reply' };
  }
  const text = cacheText(options);
  // What is kept may expire, and only a report tells.
  return keptForMs(text) === 0 ? { cache: text } : { cache: text, transmission_report: 'always' };
}
