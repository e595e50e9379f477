// Input as numbered lines, a chunk's worth at a time, in bounded memory whatever comes.

export interface InputLine {
  /** Counted from 1, blank lines too. */
  readonly number: number;
  /** Without its LF; undefined when it was longer than the limit. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * Cuts a stream into lines. What is left at its end without an LF is a line too.
 * @param lineBytesMax a longer line is passed over, and reported without its bytes
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<readonly InputLine[]> {
  let number = 1;
  let carry: Uint8Array[] = [];
  let carryBytes = 0;
  const take = (rest: Uint8Array): void => {
    carryBytes += rest.length;
    if (carryBytes > lineBytesMax) carry = [];
    else carry.push(rest);
  };
  const finish = (): InputLine => {
    const bytes = carryBytes > lineBytesMax ? undefined : carry.length === 1 ? carry[0] : Buffer.concat(carry);
    carry = [];
    carryBytes = 0;
    return { number: number++, bytes };
  };
  for await (const chunk of input) {
    const lines: InputLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      take(chunk.subarray(start, end));
      lines.push(finish());
      start = end + 1;
    }
    // The chunk may be used again by who gave it.
    if (start < chunk.length) take(chunk.slice(start));
    if (lines.length > 0) yield lines;
  }
  if (carryBytes > 0) yield [finish()];
}
