// The door of the options: the table, and how a configuration comes from it.

export { formatEndpoint } from './addresses.ts';
export { processCommandLine } from './command-line.ts';
export { type Configuration, loadConfiguration } from './configuration.ts';
export { GROUPS } from './option.ts';
export { OPTIONS } from './options.ts';
