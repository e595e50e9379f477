// A service's options for its communicator: one table for command line, environment and configuration files.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigurationText } from './configuration-file.ts';
import { duration, ParameterType, type Reading, size, string } from './contract/types.ts';
import { textOf } from './errors.ts';
import type { CommunicatorOptions } from './settings.ts';
import { type Address, parseAddress } from './transport/address.ts';
import type { TlsOptions } from './transport/transport.ts';

/** One option: its type with description and default, its environment variable, what stands for its value in help. */
export interface CommunicatorOption {
  readonly type: ParameterType<unknown>;
  readonly environment: string;
  readonly placeholder: string;
}

/** Addresses, comma-separated. Written without their passwords. */
const addresses = new ParameterType<readonly Address[], 'required'>(
  {
    description: 'addresses such as sc://127.0.0.1:4040, comma-separated',
    read: (text): Reading<readonly Address[]> => {
      try {
        return { value: text.split(',').map((one) => parseAddress(one)) };
      } catch (error) {
        return { expected: textOf(error) };
      }
    },
    write: String,
  },
  'required',
);

const file = (note: string): ParameterType<string, 'optional'> => string().optional().describe(note);

/**
 * The options, by the names that they have in files. As a flag, `communicator_ca_file` is `--communicator-ca-file`.
 * To add one, add a row here and its use in `toCommunicatorOptions`.
 */
export const COMMUNICATOR_OPTIONS = {
  communicator: {
    type: addresses
      .optional()
      .describe('Where the communicator listens. Default: its Unix socket, then sc://127.0.0.1:4040'),
    environment: 'SNAPCOMMUNICATOR',
    placeholder: 'ADDRESS,…',
  },
  communicator_password_file: {
    type: file('A file with user:password in its first line, for a listener that asks for one'),
    environment: 'SNAPCOMMUNICATOR_PASSWORD_FILE',
    placeholder: 'FILE',
  },
  communicator_ca_file: {
    type: file('The authority (PEM) that vouches for an scs: listener'),
    environment: 'SNAPCOMMUNICATOR_CA_FILE',
    placeholder: 'FILE',
  },
  communicator_certificate_file: {
    type: file('Our certificate (PEM), for an scs: listener that asks for one'),
    environment: 'SNAPCOMMUNICATOR_CERTIFICATE_FILE',
    placeholder: 'FILE',
  },
  communicator_key_file: {
    type: file('The private key (PEM) of our certificate'),
    environment: 'SNAPCOMMUNICATOR_KEY_FILE',
    placeholder: 'FILE',
  },
  communicator_queue_size: {
    type: size({ minBytes: 1 << 12, maxBytes: 2 ** 30 })
      .optional()
      .describe('Most that may wait to be sent'),
    environment: 'SNAPCOMMUNICATOR_QUEUE_SIZE',
    placeholder: 'SIZE',
  },
  communicator_request_timeout: {
    type: duration({ minMs: 1, maxMs: 24 * 3_600_000 })
      .optional()
      .describe('How long an answer may take'),
    environment: 'SNAPCOMMUNICATOR_REQUEST_TIMEOUT',
    placeholder: 'DURATION',
  },
  communicator_drain_timeout: {
    type: duration({ maxMs: 3_600_000 })
      .optional()
      .describe('How long ending may take, until handlers are done and all is sent'),
    environment: 'SNAPCOMMUNICATOR_DRAIN_TIMEOUT',
    placeholder: 'DURATION',
  },
} as const satisfies Record<string, CommunicatorOption>;

type OptionName = keyof typeof COMMUNICATOR_OPTIONS;
type Values = {
  [N in OptionName]?: (typeof COMMUNICATOR_OPTIONS)[N]['type'] extends ParameterType<infer T> ? T : never;
};

const table: Readonly<Record<string, CommunicatorOption>> = COMMUNICATOR_OPTIONS;
const fileBytesMax = 1 << 20;
const filesMax = 1000;

/** A setting that cannot be used. */
export interface OptionProblem {
  /** Where it stands: `--communicator`, `SNAPCOMMUNICATOR` or `file:line`. */
  readonly place: string;
  readonly problem: string;
}

/** Lists every problem with the options of the communicator; the message has one line for each. */
export class OptionsError extends Error {
  readonly problems: readonly OptionProblem[];

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map(({ place, problem }) => `${place}: ${problem}`).join('\n'));
    this.name = 'OptionsError';
    this.problems = problems;
  }
}

/** What is used of a commander `Command`. */
interface CommandLike {
  option(flags: string, description: string): unknown;
}

type ParseArgsOptions = Record<string, { readonly type: 'string' }>;
type Flags = { [N in OptionName as Dashed<N>]: { type: 'string' } };
type Dashed<N extends string> = N extends `${infer Head}_${infer Tail}` ? `${Head}-${Dashed<Tail>}` : N;

const flagOf = (name: string): string => name.replaceAll('_', '-');
const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Adds the communicator's options to a program's own.
 *
 *     parseArgs({ options: addCommunicatorOptions({ verbose: { type: 'boolean' } }) })
 *     addCommunicatorOptions(new Command('images')).option('--verbose').parse()
 *
 * @param target the options of Node's `parseArgs`, of which an extended copy is returned, or a commander `Command`
 */
export function addCommunicatorOptions<C extends CommandLike>(target: C): C;
export function addCommunicatorOptions<O extends object>(target?: O): O & Flags;
export function addCommunicatorOptions(target: object = {}): object {
  if (typeof (target as Partial<CommandLike>).option === 'function') {
    for (const [name, { type, placeholder }] of Object.entries(table)) {
      (target as CommandLike).option(`--${flagOf(name)} <${placeholder}>`, type.note);
    }
    return target;
  }
  const flags: ParseArgsOptions = {};
  for (const name of Object.keys(table)) flags[flagOf(name)] = { type: 'string' };
  return { ...target, ...flags };
}

export interface ProcessOptions {
  /** Default: that of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the communicator's options and gives what `connect()` and `Communicator` take.
 *
 * The command line goes before the environment, that before the files. In `directory` these are `snapcommunicator.conf`, or
 * else `communicator.conf`, and then `snapcommunicator.d/NN-*.conf` by number, later ones winning.
 *
 * @param values what `parseArgs` or commander's `opts()` returned; other options in it are left alone
 * @throws OptionsError listing every problem, with file and line
 */
export function processCommunicatorOptions(
  values: Readonly<Record<string, unknown>>,
  directory?: string,
  { environment = process.env }: ProcessOptions = {},
): CommunicatorOptions {
  const problems: OptionProblem[] = [];
  const settings = [
    ...(directory === undefined ? [] : readDirectory(directory, problems)),
    ...fromEnvironment(environment),
    ...fromCommandLine(values),
  ];
  const read = readSettings(settings, problems);
  const options = toCommunicatorOptions(read.values, read.places, problems);
  if (problems.length > 0) throw new OptionsError(problems);
  return options;
}

/** A text that is given for an option, and where. */
interface Setting {
  readonly name: string;
  readonly text: string;
  readonly place: string;
}

function fromCommandLine(values: Readonly<Record<string, unknown>>): Setting[] {
  return Object.keys(table).flatMap((name) => {
    const value = values[flagOf(name)] ?? values[camelCase(name)];
    return value === undefined ? [] : [{ name, text: String(value), place: `--${flagOf(name)}` }];
  });
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Setting[] {
  return Object.entries(table).flatMap(([name, { environment: variable }]) => {
    const text = environment[variable];
    return text === undefined || text === '' ? [] : [{ name, text, place: variable }];
  });
}

/** The settings of a configuration directory, from the weakest file to the strongest. */
function readDirectory(directory: string, problems: OptionProblem[]): Setting[] {
  const dropIns = join(directory, 'snapcommunicator.d');
  let names: string[] = [];
  try {
    names = readdirSync(dropIns).filter((name) => /^\d+-.*\.conf$/.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push({ place: dropIns, problem: textOf(error) });
  }
  names.sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10) || (left < right ? -1 : 1));
  if (names.length > filesMax)
    problems.push({ place: dropIns, problem: `more than ${filesMax} files; expected fewer` });
  const main =
    readFile(join(directory, 'snapcommunicator.conf'), problems) ??
    readFile(join(directory, 'communicator.conf'), problems);
  const others = names.slice(0, filesMax).map((name) => readFile(join(dropIns, name), problems) ?? []);
  return [...(main ?? []), ...others.flat()];
}

/** The settings of one file; undefined when there is none. */
function readFile(path: string, problems: OptionProblem[]): Setting[] | undefined {
  const text = readText(path, path, problems, true);
  if (text === undefined) return undefined;
  const { entries, problems: found } = readConfigurationText(text);
  for (const { line, problem } of found) problems.push({ place: `${path}:${line}`, problem });
  return entries.flatMap(({ name, section, value, line }) => {
    const place = `${path}:${line}`;
    // Sections are other programs' settings in the same file.
    if (section !== '') return [];
    if (name in table) return [{ name, text: value, place }];
    problems.push({ place, problem: `${name} is not an option; expected one of ${Object.keys(table).join(', ')}` });
    return [];
  });
}

function readText(path: string, place: string, problems: OptionProblem[], mayBeAbsent = false): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= fileBytesMax) return bytes.toString('utf8');
    problems.push({ place, problem: `${path} has ${bytes.length} bytes; expected at most ${fileBytesMax}` });
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isAbsent || !mayBeAbsent) problems.push({ place, problem: textOf(error) });
  }
  return undefined;
}

/** The values that hold, and where each came from. A wrong one is a problem even where another one wins. */
function readSettings(
  settings: readonly Setting[],
  problems: OptionProblem[],
): { readonly values: Values; readonly places: Readonly<Record<string, string>> } {
  const values: Record<string, unknown> = {};
  const places: Record<string, string> = {};
  for (const { name, text, place } of settings) {
    const { type } = table[name] as CommunicatorOption;
    const reading = type.read(text);
    if ('value' in reading) {
      values[name] = reading.value;
      places[name] = place;
    } else if (name === 'communicator') {
      // An address may hold a password; its own error quotes it without.
      problems.push({ place, problem: reading.expected });
    } else {
      problems.push({
        place,
        problem: `${name} is ${JSON.stringify(text.slice(0, 80))}, expected ${reading.expected}`,
      });
    }
  }
  return { values, places };
}

function toCommunicatorOptions(
  values: Values,
  places: Readonly<Record<string, string>>,
  problems: OptionProblem[],
): CommunicatorOptions {
  const content = (name: OptionName): string | undefined => {
    const path = values[name];
    return typeof path === 'string' ? readText(path, places[name] as string, problems) : undefined;
  };
  const password = content('communicator_password_file')?.split(/\r?\n/, 1)[0];
  if (password !== undefined && !/^[^:]+:/.test(password)) {
    const place = places['communicator_password_file'] as string;
    problems.push({ place, problem: 'the first line of the password file is not user:password' });
  }
  const tls: TlsOptions = defined({
    ca: content('communicator_ca_file'),
    cert: content('communicator_certificate_file'),
    key: content('communicator_key_file'),
  });
  return defined({
    address: values.communicator,
    password,
    tls: Object.keys(tls).length > 0 ? tls : undefined,
    queueBytesMax: values.communicator_queue_size,
    requestTimeoutMs: values.communicator_request_timeout,
    drainTimeoutMs: values.communicator_drain_timeout,
  });
}

/** The object without what is undefined. */
function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
