// What is fuzzed, by name, in the order in which it is.

const names = [
  'wire-text',
  'wire-json',
  'head',
  'inner-loop',
  'filter',
  'configuration',
  'address',
  'datagram',
  'cache-policy',
];

/** To add a target, write targets/NAME.mjs and name it here. */
export const TARGETS = names.map((name) => ({ name, url: new URL(`./targets/${name}.mjs`, import.meta.url) }));
