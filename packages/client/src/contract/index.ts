// The door of contracts: types of parameters, declarations of services, the daemon's own commands.

export { communicatord } from './communicatord.ts';
export {
  type CommandContract,
  type CommandTable,
  defineService,
  type Given,
  type ParameterProblem,
  type ParametersOf,
  type ParameterTable,
  type Received,
  readParameters,
  type ServiceContract,
  writeParameters,
} from './contract.ts';
export {
  compareFlags,
  FLAG_LIMITS,
  FLAG_PRIORITIES,
  type Flag,
  type FlagWords,
  flagTitle,
  flagWord,
  readFlag,
  readFlags,
  URGENT_PRIORITY,
} from './flags.ts';
export { OWN_COMMANDS } from './own-commands.ts';
export {
  boolean,
  duration,
  formatDuration,
  formatSize,
  integer,
  list,
  name,
  number,
  oneOf,
  ParameterType,
  type Reading,
  size,
  string,
} from './types.ts';
