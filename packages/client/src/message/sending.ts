// What sending adds to a message: its line, which report is awaited, what a request says about an absent service.

import { CommunicatorError } from '../errors.ts';
import type { Awaited as AwaitedReport } from '../requests/reports.ts';
import { encodeMessage } from '../wire/encoder.ts';
import { WireError } from '../wire/errors.ts';
import { type CacheOptions, cacheText, type Draft, isDurable, keptForMs } from './parts.ts';

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

/** What a request says about a service that is not there. The daemon itself always is. */
export function requestCache(
  server: string,
  service: string,
  options: CacheOptions | undefined,
): Record<string, string> {
  if (options === undefined) {
    const isOwnDaemon =
      server === '' && (service === '' || service === 'communicatord' || service === 'snapcommunicatord');
    return isOwnDaemon ? {} : { cache: 'no;reply' };
  }
  const text = cacheText(options);
  // What is kept may expire, and only a report tells.
  return keptForMs(text) === 0 ? { cache: text } : { cache: text, transmission_report: 'always' };
}
