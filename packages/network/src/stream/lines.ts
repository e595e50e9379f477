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

/** How many LFs there are. */
export type LineCounter = (bytes: Uint8Array) => number;

export const countLines: LineCounter = (bytes) => {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
};

/** A few lines are counted at once faster than they are handed to who counts many faster. */
const FEW_BYTES_MAX = 1024;

/** Whether the block is `count` lines, each with its LF, and nothing else. */
export function isLines(bytes: Uint8Array, count: number, countMany: LineCounter = countLines): boolean {
  if (bytes[bytes.length - 1] !== LF) return false;
  return (bytes.length <= FEW_BYTES_MAX ? countLines(bytes) : countMany(bytes)) === count;
}
