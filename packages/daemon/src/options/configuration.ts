// From flags, environment and files to one typed configuration, or every problem at once.

import { type Endpoint, isLoopback, isUnspecified, PORTS } from './addresses.ts';
import { inspect, isOpenToOthers } from './checks.ts';
import type { Inspection } from './inspection.ts';
import { groupId, type Machine, thisMachine } from './machine.ts';
import { camelCase, environmentName, isSecret } from './option.ts';
import { type NamedOption, OPTIONS, type OptionName, type OptionValues } from './options.ts';
import {
  type DaemonCommand,
  formatOrigin,
  Gathering,
  type Origin,
  readEnvironment,
  readFiles,
  readFlags,
  type Setting,
  subject,
} from './sources.ts';

/**
 * What the daemon runs with: every option under its name in camelCase. Durations are in milliseconds, sizes in bytes,
 * listeners that are off are empty lists.
 */
export interface Configuration extends Omit<OptionValues, 'myAddress' | 'signalSecret'> {
  /** What others are told to connect to; 127.0.0.1:4042 where there is no remote listener. */
  readonly myAddress: Endpoint;
  /** The secret itself, wherever it came from. */
  readonly signalSecret: string | undefined;
  /** The number of `unixGroup`. */
  readonly unixGroupId: number | undefined;
  /** Whether a file of the C++ daemon is in use. */
  readonly isCppConfiguration: boolean;
  /** Whether nobody asked for the console's address: then the daemon runs without one if it is taken. */
  readonly isConsoleDefault: boolean;
  /** The files that were read, in the order of precedence, lowest first. */
  readonly configurationFiles: readonly string[];
}

export interface LoadOptions extends Partial<Machine> {
  /** The command line without Node and program. */
  readonly argv?: readonly string[];
}

/** A configuration that holds, with where each value came from and what is odd about it. */
export interface Loaded {
  readonly command: DaemonCommand;
  readonly configuration: Configuration;
  readonly origins: ReadonlyMap<OptionName, Origin>;
  readonly warnings: readonly string[];
}

/** What was wrong, each a sentence that names its place. */
export interface Refused {
  readonly command: DaemonCommand;
  readonly problems: readonly string[];
}

/**
 * Reads flags, `SNAPCOMMUNICATORD_*` and files, in that order of precedence, checks every value, and all of them together.
 * Parts of the machine that are not given are those of this process. Never throws for what it reads.
 */
export function loadConfiguration({ argv = [], ...given }: LoadOptions = {}): Loaded | Refused {
  const machine: Machine = { ...thisMachine(), ...given };
  const flags = readFlags(argv);
  const gathering = new Gathering();
  readFiles(machine, flags.config ?? machine.environment[environmentName('config')], gathering);
  readEnvironment(machine, gathering);
  gathering.settings.push(...flags.settings);
  const problems = [...gathering.problems, ...flags.problems];
  const warnings = [...gathering.warnings, ...flags.warnings];

  const read = new Map<OptionName, { value: unknown; origin: Origin }>();
  for (const setting of gathering.settings) {
    const reading = readSetting(setting);
    if ('problem' in reading) problems.push(reading.problem);
    else read.set(setting.option.name, { value: reading.value, origin: setting.origin });
  }

  const { isCppConfiguration } = gathering;
  const byKey: Record<string, unknown> = {};
  const origins = new Map<OptionName, Origin>();
  for (const { name, type, computed } of OPTIONS) {
    const found = read.get(name);
    byKey[camelCase(name)] =
      found === undefined ? (computed?.value({ machine, isCppConfiguration }) ?? type.defaultValue) : found.value;
    origins.set(name, found?.origin ?? { kind: 'default' });
  }
  const values = withoutLoopbackRemote(byKey as OptionValues, origins, warnings);

  const inspection: Inspection = { values, origins, machine, problems, warnings };
  inspect(inspection);
  if (problems.length > 0) return { command: flags.command, problems };
  if (values.signalSecretFile !== undefined) {
    origins.set('signal_secret', origins.get('signal_secret_file') ?? { kind: 'default' });
  }
  const configuration: Configuration = {
    ...values,
    myAddress: myAddressOf(values, machine),
    signalSecret: signalSecretOf(values, machine),
    unixGroupId: values.unixGroup === undefined ? undefined : groupId(machine, values.unixGroup),
    isCppConfiguration,
    isConsoleDefault: origins.get('console')?.kind === 'default',
    configurationFiles: gathering.files,
  };
  return { command: flags.command, configuration, origins, warnings };
}

/** One value, or the sentence that says what was wrong. No sentence repeats a secret. */
function readSetting({ option, text, origin }: Setting): { value: unknown } | { problem: string } {
  const start = subject(option, origin);
  if (isSecret(option, text)) {
    if (origin.kind === 'flag') {
      const instead = option.name === 'signal_secret' ? 'signal_secret_file' : 'credentials_file or passwords_file';
      return {
        problem: `${start} has a secret on the command line, where the process list shows it; expected it in a file that only its owner can read (${instead}, or a line of the configuration file)`,
      };
    }
    if (origin.kind === 'file' && isOpenToOthers(origin.mode)) {
      return {
        problem: `${start} has a secret, but others can read or change this file; expected a file of its owner alone: chmod 600 ${origin.file}`,
      };
    }
  }
  if (text === '' && option.type.presence === 'optional') return { value: undefined };
  const reading = option.type.read(text);
  if ('value' in reading) return reading;
  return { problem: `${start} is ${quoted(option, text)}, expected ${reading.expected}` };
}

/** A bad value as an error repeats it. One that cannot be taken apart may have a password anywhere before an `@`. */
function quoted({ secret }: NamedOption, text: string): string {
  if (secret === 'always' || (secret === 'password' && text.includes('@'))) return 'a value that is not shown here';
  return JSON.stringify(text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text);
}

/** How much of a bad value an error repeats, in characters. */
const quotedMax = 200;

/**
 * The C++ daemon takes a remote listener on a loopback address, which its sample file has, for none. Ours may be on one,
 * so that daemons of one machine form a cluster, but not because of a file that was written for the other.
 */
function withoutLoopbackRemote(
  values: OptionValues,
  origins: ReadonlyMap<OptionName, Origin>,
  warnings: string[],
): OptionValues {
  const origin = origins.get('remote_listen');
  if (origin?.kind !== 'file' || !origin.isCpp) return values;
  const remoteListen = values.remoteListen.filter(({ host }) => !isLoopback(host));
  if (remoteListen.length < values.remoteListen.length) {
    warnings.push(
      `${formatOrigin(origin)}: remote_listen is on a loopback address, and so is off, as in the C++ daemon`,
    );
  }
  return { ...values, remoteListen };
}

/** The option, else the remote listener's address; where that is all addresses, the first that others could reach. */
function myAddressOf({ myAddress, remoteListen }: OptionValues, { addresses }: Machine): Endpoint {
  const [listener = { host: '127.0.0.1', port: PORTS.remote }] = remoteListen;
  if (myAddress !== undefined) return { host: myAddress.host, port: myAddress.port ?? listener.port };
  if (!isUnspecified(listener.host)) return listener;
  const wanted = addresses.find((address) => address.includes(':') === listener.host.includes(':')) ?? addresses[0];
  return { host: wanted ?? '127.0.0.1', port: listener.port };
}

function signalSecretOf({ signalSecret, signalSecretFile }: OptionValues, { files }: Machine): string | undefined {
  if (signalSecretFile === undefined) return signalSecret;
  const reading = files.read(signalSecretFile);
  return reading !== undefined && 'text' in reading ? reading.text.trim() : undefined;
}
