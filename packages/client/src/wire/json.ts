// The JSON form of a message: one object on one line, its values turned into text on entry.

import type { WireErrorCode } from './errors.ts';
import { COMMAND, isAddress, type Message, type MessageParts, NAME } from './message.ts';

type Read = { readonly message: Message } | { readonly error: WireErrorCode };

// A number's own digits are needed (12345678901234567890 stays exact), which JSON.parse does not give before Node 22:
// so numbers are marked as strings in a copy of the text, which is then read once more.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const markNumbers = (text: string): string =>
  text.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));

/** Undefined for a number beyond all bounds, such as 1e400. */
function numberText(source: string): string | undefined {
  if (/^-?\d+$/.test(source)) return source === '-0' ? '0' : source;
  const value = Number(source);
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
}

function readParameters(value: unknown, text: string): Record<string, string> | WireErrorCode {
  const parameters: Record<string, string> = Object.create(null);
  if (value === undefined) return parameters;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'BAD_JSON_FIELD';
  let sources: Record<string, string> | undefined;
  for (const [name, raw] of Object.entries(value)) {
    if (!NAME.test(name)) return 'BAD_PARAMETER_NAME';
    if (typeof raw === 'string') parameters[name] = raw;
    else if (typeof raw === 'boolean') parameters[name] = String(raw);
    else if (raw === null) parameters[name] = '';
    else if (typeof raw === 'number') {
      sources ??= (JSON.parse(markNumbers(text)) as { parameters: Record<string, string> }).parameters;
      const digits = numberText(sources[name] as string);
      if (digits === undefined) return 'BAD_JSON_FIELD';
      parameters[name] = digits;
    } else return 'BAD_JSON_FIELD';
    if (parameters[name].includes('\0')) return 'NUL_BYTE';
  }
  return parameters;
}

/** Reads one line in JSON form. Of two fields of one name the later one holds; unknown fields are ignored. */
export function decodeJson(text: string): Read {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: 'BAD_JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { error: 'BAD_JSON' };
  const fields = value as Record<string, unknown>;
  const names: Record<string, string> = {};
  for (const name of ['sent-from-server', 'sent-from-service', 'server', 'service', 'command']) {
    const field = fields[name] ?? '';
    if (typeof field !== 'string') return { error: 'BAD_JSON_FIELD' };
    names[name] = field;
  }
  const { server = '', service = '', command = '' } = names;
  const sentFromServer = names['sent-from-server'] ?? '';
  const sentFromService = names['sent-from-service'] ?? '';
  if (command === '') return { error: 'NO_COMMAND' };
  if (!COMMAND.test(command)) return { error: 'BAD_COMMAND' };
  if (server !== '' && !isAddress(server)) return { error: 'BAD_SERVER' };
  if (service !== '' && !isAddress(service)) return { error: 'BAD_SERVICE' };
  if (sentFromServer !== '' && !NAME.test(sentFromServer)) return { error: 'BAD_SENDER' };
  if (sentFromService !== '' && !NAME.test(sentFromService)) return { error: 'BAD_SENDER' };
  const parameters = readParameters(fields['parameters'], text);
  if (typeof parameters === 'string') return { error: parameters };
  return { message: { sentFromServer, sentFromService, server, service, command, parameters } };
}

/** One message as one line of JSON, without its LF; empty parts are left out. */
export function encodeJson(parts: MessageParts): string {
  const { sentFromServer, sentFromService, server, service, command, parameters } = parts;
  return JSON.stringify({
    ...(sentFromServer && { 'sent-from-server': sentFromServer }),
    ...(sentFromService && { 'sent-from-service': sentFromService }),
    ...(server && { server }),
    ...(service && { service }),
    command,
    ...(parameters && Object.keys(parameters).length > 0 && { parameters }),
  });
}
