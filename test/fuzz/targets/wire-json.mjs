// Messages in JSON: what is taken is what the protocol allows, and is written in both forms so that it reads the same.

import { decodeJson, decodeText, encodeJson, encodeMessage } from 'snapcommunicator/wire';
import { difference, show } from '../oracles/messages.mjs';
import { spokenLines, validRows } from '../seeds.mjs';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const ADDRESS = /^(?:[A-Za-z_][A-Za-z0-9_]{0,63}|[.?*])$/;
const COMMAND = /^[A-Z_][A-Z0-9_]*$/;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const fits = (text, pattern) => text === undefined || text === '' || (typeof text === 'string' && pattern.test(text));

function isParameter([name, value]) {
  if (typeof value === 'string') return NAME.test(name) && !value.includes('\0');
  return NAME.test(name) && (value === null || typeof value === 'boolean' || typeof value === 'number');
}

/** Whether a value read by JSON.parse is a message, by the words of the protocol. */
function isMessage(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { parameters = {} } = value;
  return (
    typeof value.command === 'string' &&
    COMMAND.test(value.command) &&
    fits(value.server, ADDRESS) &&
    fits(value.service, ADDRESS) &&
    fits(value['sent-from-server'], NAME) &&
    fits(value['sent-from-service'], NAME) &&
    typeof parameters === 'object' &&
    parameters !== null &&
    !Array.isArray(parameters) &&
    Object.entries(parameters).every(isParameter)
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a number beyond all bounds only the digits can be text; whether there were digits, JSON.parse does not tell. */
const isBeyond = (value) => Math.abs(value) === Number.POSITIVE_INFINITY;

/** A value that is no text becomes one that means the same. */
function checkParameters(given, read) {
  for (const [name, value] of Object.entries(given ?? {})) {
    const text = read[name];
    const isSame =
      typeof value === 'number'
        ? Object.is(Number(text) + 0, value + 0) && (!Number.isSafeInteger(value) || text === String(value + 0))
        : text === String(value ?? '');
    if (!isSame || (isBeyond(value) && text.includes('I')) || typeof text !== 'string')
      throw new Error(`parameter ${name} is ${show(value)}, read as ${show(text)}`);
  }
  if (Object.keys(given ?? {}).length !== Object.keys(read).length) throw new Error(`parameters read: ${show(read)}`);
}

function checkWritten(form, line, message) {
  if (line.includes('\n')) throw new Error(`a written line has an LF in it: ${show(line)}`);
  const again = decodeText(line);
  if (again.kind !== 'message' || again.form !== form) throw new Error(`${show(line)} reads as ${show(again)}`);
  const differs = difference(message, again.message);
  if (differs !== undefined) throw new Error(`${show(line)} was written and reads as something else: ${differs}`);
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: [
    '"sent-from-server":',
    '"server":"a"',
    '"service":"a"',
    '"command":"X",',
    '"a":1',
    '\\u0000',
    '\\ud800',
    '{}',
    '12345678901234567890',
  ],
  seeds: () => [
    ...spokenLines().filter((line) => line.startsWith('{')),
    ...validRows().map(({ message }) => encodeJson(message)),
    '{"command":"X","parameters":{"a":1e3,"b":12345678901234567890,"c":2.50,"d":true,"e":null,"f":-7,"g":-0}}',
    '{"command":"X","command":"Y","parameters":{"a":"x","a":1,"__proto__":"\\"\\\\"}}',
  ],
  run(bytes) {
    const text = decoder.decode(bytes);
    const read = decodeJson(text);
    const value = parse(text);
    if ('error' in read && Object.values(value?.parameters ?? {}).some(isBeyond)) return;
    if ('message' in read !== isMessage(value)) throw new Error(`${show(text)} reads as ${show(read)}`);
    if ('error' in read) return;
    const { message } = read;
    checkParameters(value.parameters, message.parameters);
    checkWritten('json', encodeJson(message), message);
    // Half a pair of surrogates cannot be written in UTF-8, and text has no server without a service.
    if (!Object.values(message.parameters).every((parameter) => parameter.isWellFormed())) return;
    checkWritten('text', encodeMessage(message), message.service === '' ? { ...message, server: '' } : message);
  },
};
