// The catalogue of what can be wrong with a line, and the error thrown by whoever would write such a line.

/** Every reason for which a line is not a message, with what causes it and what to do about it. */
export const WIRE_ERRORS = {
  NO_COMMAND: {
    cause: 'The line has no command: it is empty after its sender or address.',
    remedy: 'End the address with a command, as in `images/PING`.',
  },
  BAD_COMMAND: {
    cause: 'The command has a character other than A-Z, 0-9 and _, or begins with a digit.',
    remedy:
      'Write commands in capitals, as in `LOG_ROTATE`. A server needs a service behind it: `server:service/COMMAND`.',
  },
  BAD_SENDER: {
    cause: 'What follows `<` is not `server:service` and a blank.',
    remedy: 'Leave the sender out: the daemon writes it. If you must, write `<server:service `.',
  },
  BAD_SERVER: {
    cause: 'The server before `:` is neither a name nor one of the marks `.` `?` `*`.',
    remedy: 'A name is [A-Za-z_][A-Za-z0-9_]*, at most 64 characters.',
  },
  BAD_SERVICE: {
    cause: 'The service before `/` is neither a name nor one of the marks `.` `?` `*`.',
    remedy: 'A name is [A-Za-z_][A-Za-z0-9_]*, at most 64 characters.',
  },
  BAD_PARAMETER_NAME: {
    cause: 'A parameter has no name, or its name has a character other than A-Z, a-z, 0-9 and _.',
    remedy: 'Write `name=value;name=value` with one blank before the first name and none after `;`.',
  },
  NO_EQUALS: {
    cause: 'A parameter has a name but no `=`.',
    remedy: 'Write `name=value`; an empty value is `name=`.',
  },
  OPEN_QUOTE: {
    cause: 'A value begins with `"` and has no closing `"`.',
    remedy: 'Close the quote; a `"` inside a quoted value is written `\\"`.',
  },
  AFTER_QUOTE: {
    cause: 'Something other than `;` follows the closing `"` of a value.',
    remedy: 'Put the whole value between quotes, or none of it.',
  },
  NUL_BYTE: {
    cause: 'The line contains a NUL byte.',
    remedy: 'Encode binary values, for instance in base64.',
  },
  TOO_LONG: {
    cause: 'The line is longer than the limit (1 MiB unless `max_message_size` says otherwise).',
    remedy: 'Send a reference to large data, such as a file name, instead of the data.',
  },
  BAD_JSON: {
    cause: 'The line begins with `{` and is not one JSON object.',
    remedy: 'Write one JSON object on one line, with nothing behind it.',
  },
  BAD_JSON_FIELD: {
    cause: 'A field of a JSON message has the wrong type.',
    remedy:
      'All fields are strings but `parameters`, an object whose values are strings, numbers, true, false or null.',
  },
} as const;

export type WireErrorCode = keyof typeof WIRE_ERRORS;

/** Thrown by the encoder when a message cannot be written; readers of foreign lines get the code as a value instead. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  constructor(code: WireErrorCode, detail?: string) {
    super(detail === undefined ? WIRE_ERRORS[code].cause : `${detail}: ${WIRE_ERRORS[code].cause}`);
    this.name = 'WireError';
    this.code = code;
  }
}
