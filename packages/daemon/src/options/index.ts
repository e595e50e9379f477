// The door of the options: the table, and how a configuration comes from it.

export {
  type Endpoint,
  formatEndpoint,
  type MachineAddress,
  type Neighbor,
  type Network,
  networkSet,
} from './addresses.ts';
export { printCheckConfig } from './check-config.ts';
export { BAD_CONFIGURATION, type Errand, processCommandLine } from './command-line.ts';
export { type Configuration, type Loaded, type LoadOptions, loadConfiguration, type Refused } from './configuration.ts';
export { IGNORED_OPTIONS } from './cpp.ts';
export { defaultOf, printHelp, valuesOf } from './help.ts';
export { type FileReading, type FileSystem, type Machine, thisMachine } from './machine.ts';
export { camelCase, environmentName, flagName, GROUPS, type Group, RELEASES, type Release } from './option.ts';
export { COMMAND_FLAGS, formatOrigin, type Origin } from './sources.ts';
export { findOption, type NamedOption, OPTIONS, type OptionName } from './table.ts';
