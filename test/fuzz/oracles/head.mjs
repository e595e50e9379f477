// The grammar of a head once more, as one regular expression: slow, and easy to compare with the protocol's own words.

const NAME = '[A-Za-z_][A-Za-z0-9_]{0,63}';
const ADDRESS = `(?:${NAME}|[.?*])`;
const COMMAND = '[A-Z_][A-Z0-9_]*';
const SENDER = `<(${NAME})?:(${NAME})? `;
const HEAD = new RegExp(`^(${SENDER})?(?:(?:(${ADDRESS}):)?(${ADDRESS})/)?(${COMMAND})(?: (.*))?$`, 's');

/**
 * The parts of a trimmed line, or undefined if its head is not one. Absent parts are empty.
 * @param {string} line one character a byte
 */
export function headOf(line) {
  const parts = HEAD.exec(line);
  if (parts === null) return undefined;
  const [, sender = '', senderServer = '', senderService = '', server = '', service = '', command, parameters = ''] =
    parts;
  return { sender, senderServer, senderService, server, service, command, parameters };
}

/** Bytes as text, one character a byte. */
export const latin1 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).latin1Slice();
