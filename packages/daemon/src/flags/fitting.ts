// As much of a list as goes into one parameter of a message.

/** What the rest of the message takes at most. */
const HEAD_BYTES = 4096;

export interface Fitting {
  /** A JSON array. */
  readonly text: string;
  /** Items at the end of the list that found no room. */
  readonly leftOut: number;
}

/** @param messageBytesMax of the longest message that may be sent */
export function fitting(items: readonly unknown[], messageBytesMax: number): Fitting {
  const texts: string[] = [];
  let room = messageBytesMax - HEAD_BYTES;
  for (const item of items) {
    const text = JSON.stringify(item);
    // In a message quotes and backslashes are written with one more.
    room -= Buffer.byteLength(text) + (text.match(/["\\]/g)?.length ?? 0) + 1;
    if (room < 0) break;
    texts.push(text);
  }
  return { text: `[${texts.join(',')}]`, leftOut: items.length - texts.length };
}
