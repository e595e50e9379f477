// Spans of OpenTelemetry for messages that carry `traceparent`, one for each thing that becomes of them at this daemon.

import type * as Api from '@opentelemetry/api';
import { decodeLine } from 'snapcommunicator/wire';
import type { Log } from '../log.ts';
import { VERSION } from '../machine/version.ts';
import type { Scribe, Witness } from '../recorder/scribe.ts';
import type { Arena } from '../switch/arena.ts';

export interface TracingParts {
  readonly server: string;
  readonly arena: Arena;
  readonly scribe: Scribe;
  readonly log: Log;
}

/** W3C Trace Context: version, trace, parent and flags. What later versions put behind that is passed over. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const PARAMETER = 'traceparent=';

/** Outcomes by which a message ends undelivered. */
const FAILURES: ReadonlySet<string> = new Set(['refused', 'dropped', 'expired', 'unknown']);

/**
 * From now on messages with `traceparent` are traced, with the provider that somebody has registered with OpenTelemetry's
 * API. They take the slow way; all others go as before. Without the package nothing happens but a line in the log.
 */
export async function startTracing(
  { server, arena, scribe, log }: TracingParts,
  load: () => Promise<typeof Api> = () => import('@opentelemetry/api'),
): Promise<void> {
  let api: typeof Api;
  try {
    api = await load();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    log.lines.warn({ reason }, 'nothing is traced: the package @opentelemetry/api is not there (tracing)');
    return;
  }
  scribe.witness = createWitness(api, server);
  arena.traceLines();
}

function createWitness(api: typeof Api, server: string): Witness {
  // What the API gives finds its provider by itself, also one that is registered later.
  const tracer = api.trace.getTracer('snapcommunicatord', VERSION);
  return ({ from, to, command, line }, id, outcome, reason) => {
    const parent = contextOf(api, line);
    if (parent === undefined) return;
    const attributes: Api.Attributes = {
      'messaging.system': 'snapcommunicator',
      'messaging.operation.name': outcome,
      'messaging.destination.name': to,
      'messaging.message.id': id,
      'messaging.message.envelope.size': line.length,
      'snapcommunicator.server': server,
      'snapcommunicator.from': from,
      'snapcommunicator.command': command,
      ...(reason !== '' && { 'snapcommunicator.reason': reason }),
    };
    const kind = api.SpanKind.INTERNAL;
    const span = tracer.startSpan(`${outcome} ${command}`, { kind, attributes }, parent);
    if (FAILURES.has(outcome)) span.setStatus({ code: api.SpanStatusCode.ERROR, message: reason });
    span.end();
  };
}

/** The context that a message carries; undefined if it carries none, or one that cannot be. */
function contextOf(api: typeof Api, line: Uint8Array): Api.Context | undefined {
  if (!Buffer.from(line.buffer, line.byteOffset, line.length).includes(PARAMETER)) return undefined;
  const read = decodeLine(line, 0, line.length - 1);
  if (read.kind !== 'message') return undefined;
  const { traceparent = '', tracestate } = read.message.parameters;
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent) ?? [];
  const state = tracestate === undefined ? {} : { traceState: api.createTraceState(tracestate) };
  const given = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true, ...state };
  return api.isSpanContextValid(given) ? api.trace.setSpanContext(api.ROOT_CONTEXT, given) : undefined;
}
