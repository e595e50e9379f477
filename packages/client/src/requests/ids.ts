// Ids that no other program and no earlier run of this one gives: for requests and for messages that are reported on.

/** A source of ids: `prefix` is common to all of them and drawn at random once. */
export interface Ids {
  readonly prefix: string;
  next(): string;
}

export function createIds(): Ids {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const prefix = `${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}_`;
  let count = 0;
  return { prefix, next: () => prefix + (++count).toString(36) };
}
