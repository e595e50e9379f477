// Messages to text: the one way in which a message is written on a line.

import { WireError } from './errors.ts';
import { COMMAND, isAddress, type MessageParts, NAME } from './message.ts';

const NEEDS_CARE = /[\\\n\r;"\0]|[ \t]$/;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };

/**
 * One value as it stands behind `name=`.
 * @param isLast whether it ends the line: then a blank at its end must be kept by quotes
 * @throws WireError NUL_BYTE
 */
export function encodeValue(value: string, isLast: boolean): string {
  if (!NEEDS_CARE.test(value)) return value;
  if (value.includes('\0')) throw new WireError('NUL_BYTE');
  const escaped = value.replace(/[\\\n\r]/g, (character) => ESCAPES[character] as string);
  const isQuoted = value.includes(';') || value.startsWith('"') || (isLast && /[ \t]$/.test(value));
  return isQuoted ? `"${escaped.replaceAll('"', '\\"')}"` : escaped;
}

/** The part of a line behind the command: blank, parameters in ascending byte order; empty without parameters. */
export function encodeParameters(parameters: Readonly<Record<string, string>>): string {
  // Names are ASCII, so the order of code units is the order of bytes.
  const names = Object.keys(parameters).sort();
  let text = '';
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    if (!NAME.test(name)) throw new WireError('BAD_PARAMETER_NAME', JSON.stringify(name));
    text += `${at === 0 ? ' ' : ';'}${name}=${encodeValue(parameters[name] as string, at === names.length - 1)}`;
  }
  return text;
}

/** The address and command, without sender and parameters. @throws WireError */
export function encodeHead(parts: MessageParts): string {
  const { server = '', service = '', command } = parts;
  if (!COMMAND.test(command))
    throw new WireError(command === '' ? 'NO_COMMAND' : 'BAD_COMMAND', JSON.stringify(command));
  if (service === '') return command;
  if (!isAddress(service)) throw new WireError('BAD_SERVICE', JSON.stringify(service));
  if (server === '') return `${service}/${command}`;
  if (!isAddress(server)) throw new WireError('BAD_SERVER', JSON.stringify(server));
  return `${server}:${service}/${command}`;
}

/**
 * One message as one line of text, without its LF. The server is written only if the service is.
 * @throws WireError when a name has characters that names do not have, or a value a NUL
 */
export function encodeMessage(parts: MessageParts): string {
  const { sentFromServer = '', sentFromService = '', parameters } = parts;
  let sender = '';
  if (sentFromServer !== '' || sentFromService !== '') {
    for (const name of [sentFromServer, sentFromService]) {
      if (name !== '' && !NAME.test(name)) throw new WireError('BAD_SENDER', JSON.stringify(name));
    }
    sender = `<${sentFromServer}:${sentFromService} `;
  }
  return sender + encodeHead(parts) + (parameters === undefined ? '' : encodeParameters(parameters));
}

const utf8 = new TextEncoder();

/**
 * Writes the message as a line with its LF into `target` from `offset` on.
 * @returns the offset behind the LF, or -1 when it does not fit (`target` then holds part of it)
 * @throws WireError as `encodeMessage`
 */
export function encodeInto(parts: MessageParts, target: Uint8Array, offset: number): number {
  const text = encodeMessage(parts);
  const { read, written } = utf8.encodeInto(text, target.subarray(offset));
  const end = offset + written;
  if (read < text.length || end >= target.length) return -1;
  target[end] = 10;
  return end + 1;
}
