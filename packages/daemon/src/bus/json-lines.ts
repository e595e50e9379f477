// Lines of text as lines of JSON, for services that registered with `format=json`.

import { decodeLine, encodeJson } from 'snapcommunicator/wire';

export function linesToJson(lines: Uint8Array): Uint8Array {
  const out: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const next = lines.indexOf(10, at) + 1 || lines.length + 1;
    const line = decodeLine(lines, at, next - 1);
    // A message with malformed parameters reaches its service as it came: that one answers INVALID.
    out.push(
      line.kind === 'message' ? encodeJson(line.message) : Buffer.from(lines.subarray(at, next - 1)).toString('utf8'),
    );
    at = next;
  }
  return Buffer.from(`${out.join('\n')}\n`);
}
