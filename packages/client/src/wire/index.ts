// The door of the wire: bytes to messages and back, for programs that speak the protocol without the client.

export { encodeHead, encodeInto, encodeMessage, encodeParameters, encodeValue } from './encoder.ts';
export { WIRE_ERRORS, WireError, type WireErrorCode } from './errors.ts';
export { HEAD, isNameAt, NAME_BYTES_MAX, readHead, trimEnd, trimStart } from './head.ts';
export { decodeJson, encodeJson } from './json.ts';
export {
  COMMAND,
  createMessage,
  DAEMON_NAMES,
  isAddress,
  type Message,
  type MessageParts,
  NAME,
  type Parameters,
  serverNameOf,
} from './message.ts';
export { decodeLine, decodeParameters, decodeText, type Line, LineReader, type LineReaderOptions } from './parser.ts';
