// The grammar of a head once more, as one regular expression: slow, and easy to compare with the protocol's own words.

const NAME = '[A-Za-z_][A-Za-z0-9_]{0,63}';
const ADDRESS = `(?:${NAME}|[.?*])`;
const COMMAND = '[A-Z_][A-Z0-9_]*';
const HEAD = new RegExp(
  `^(?<sender><(?<senderServer>${NAME})?:(?<senderService>${NAME})? )?` +
    `(?:(?:(?<server>${ADDRESS}):)?(?<service>${ADDRESS})/)?(?<command>${COMMAND})(?: (?<parameters>.*))?$`,
  's',
);

/**
 * The parts of a trimmed line, or undefined if its head is not one.
 * @param {string} line one character a byte
 * @returns {undefined | Record<'sender' | 'senderServer' | 'senderService' | 'server' | 'service' | 'command' | 'parameters', string>}
 *   absent parts are empty
 */
export function headOf(line) {
  const groups = HEAD.exec(line)?.groups;
  if (groups === undefined) return undefined;
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, text ?? '']));
}

/** Bytes as text, one character a byte. */
export const latin1 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice();
