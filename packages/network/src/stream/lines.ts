// Message lines in a block of bytes, found by their LF.

const LF = 10;

/** Where line `count` begins: the offset behind so many LFs, or the end. */
export function offsetOfLine(bytes: Uint8Array, count: number): number {
  let at = 0;
  for (let line = 0; line < count; line++) {
    const end = bytes.indexOf(LF, at);
    if (end === -1) return bytes.length;
    at = end + 1;
  }
  return at;
}

/** The lines from `first` on, up to but not `last`. A view, no copy. */
export function sliceLines(bytes: Uint8Array, first: number, last: number): Uint8Array {
  const start = offsetOfLine(bytes, first);
  return bytes.subarray(start, start + offsetOfLine(bytes.subarray(start), last - first));
}

/** Whether the block is `count` lines, each with its LF, and nothing else. */
export function isLines(bytes: Uint8Array, count: number): boolean {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines === count && bytes[bytes.length - 1] === LF;
}
