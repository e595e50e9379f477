// Gathers what flags, environment and files say about options: texts with their origin, unknown names as problems.

import { dirname } from 'node:path';
import { type ConfigurationEntry, readConfigurationText } from 'snapcommunicator';
import { IGNORED_OPTIONS, isCppFile, nameFromCpp } from './cpp.ts';
import type { Machine } from './machine.ts';
import { environmentName, flagName } from './option.ts';
import { findOption, type NamedOption, OPTIONS } from './options.ts';

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'flag' | 'environment'; readonly name: string }
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly line: number;
      /** Permission bits of the file. */
      readonly mode: number;
      readonly isCpp: boolean;
    };

/** One value that somebody gave to an option, unread. */
export interface Setting {
  readonly option: NamedOption;
  readonly text: string;
  readonly origin: Origin;
}

export const COMMANDS = ['run', 'check-config', 'help', 'version'] as const;
export type DaemonCommand = (typeof COMMANDS)[number];

/** Flags that are no options: what to do, and where the configuration is. */
export const COMMAND_FLAGS = [
  {
    flag: '--config FILE',
    description:
      'The configuration file; `none` for none. Default: /etc/snapcommunicator/communicatord.conf, or else /etc/communicator/communicatord.conf, if it is there; then NN-*.conf in the directory communicatord.d beside it.',
  },
  {
    flag: '--check-config',
    description: 'Reads the configuration, prints what holds and where each value came from, exits.',
  },
  { flag: '--help', description: 'Prints this, exits.' },
  { flag: '--version', description: 'Prints the version, exits.' },
] as const;

/** What was gathered, from low precedence to high. */
export class Gathering {
  readonly settings: Setting[] = [];
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  /** Files that were read, in that order. */
  readonly files: string[] = [];
  isCppConfiguration = false;
}

/** A place for a person: `/etc/x.conf:12`, `--local-listen`, `SNAPCOMMUNICATORD_LOCAL_LISTEN`. */
export function formatOrigin(origin: Origin): string {
  if (origin.kind === 'default') return 'default';
  return origin.kind === 'file' ? `${origin.file}:${origin.line}` : origin.name;
}

/** `a.conf:12: ` before a sentence about an option; flags and variables say their own name instead. */
export function subject(option: NamedOption, origin: Origin): string {
  if (origin.kind === 'file') return `${formatOrigin(origin)}: ${option.name}`;
  return origin.kind === 'default' ? option.name : origin.name;
}

interface Flags {
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly command: DaemonCommand;
  readonly config: string | undefined;
}

/** Reads the command line, without the two words that name Node and the program. */
export function readFlags(argv: readonly string[]): Flags {
  const settings: Setting[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  let command: DaemonCommand = 'run';
  let config: string | undefined;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] as string;
    const [, dashed = '', inline] = /^--([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?$/s.exec(SHORT_FLAGS[word] ?? word) ?? [];
    const name = dashed.replaceAll('-', '_');
    const flag = flagName(name);
    const value = (): string | undefined => {
      if (inline !== undefined) return inline;
      const next = argv[index + 1];
      if (next === undefined || next.startsWith('--')) {
        problems.push(`${flag} has no value; expected ${findOption(name)?.type.description ?? 'one'}`);
        return undefined;
      }
      index += 1;
      return next;
    };
    const option = findOption(name);
    const negated = name.startsWith('no_') ? findOption(name.slice(3)) : undefined;
    if (dashed === '') {
      problems.push(`${JSON.stringify(word)} is not an option; expected --name value, or --name=value`);
    } else if (name === 'config') {
      config = value();
    } else if (name === 'check_config' || name === 'help' || name === 'version') {
      if (command !== 'help' && command !== 'version') command = name === 'check_config' ? 'check-config' : name;
    } else if (option !== undefined) {
      const text = option.isSwitch ? (inline ?? 'true') : value();
      if (text !== undefined) settings.push({ option, text, origin: { kind: 'flag', name: flag } });
    } else if (negated?.isSwitch && inline === undefined) {
      settings.push({ option: negated, text: 'false', origin: { kind: 'flag', name: flag } });
    } else if (Object.hasOwn(IGNORED_OPTIONS, name)) {
      const { takesValue, instead } = IGNORED_OPTIONS[name] as (typeof IGNORED_OPTIONS)[string];
      if (!takesValue || value() !== undefined) warnings.push(ignoredSentence(flag, instead));
    } else {
      problems.push(`${flag} is not an option${suggestion(name, flagName)}; --help lists them`);
      if (inline === undefined && argv[index + 1]?.startsWith('-') === false) index += 1;
    }
  }
  return { settings, problems, warnings, command, config };
}

const SHORT_FLAGS: Readonly<Record<string, string>> = { '-h': '--help', '-V': '--version' };
const PREFIX = environmentName('');
const ignoredSentence = (what: string, instead: string): string =>
  `${what} is an option of the C++ daemon without meaning here, and is ignored: ${instead}`;

/** Reads the variables `SNAPCOMMUNICATORD_…`. */
export function readEnvironment(machine: Machine, gathering: Gathering): void {
  for (const [variable, text] of Object.entries(machine.environment)) {
    if (!variable.startsWith(PREFIX) || text === undefined || variable === environmentName('config')) continue;
    const option = findOption(variable.slice(PREFIX.length).toLowerCase());
    if (option === undefined || variable !== environmentName(option.name)) {
      const hint = suggestion(variable.slice(PREFIX.length).toLowerCase(), environmentName);
      gathering.problems.push(`${variable} is not a variable of this daemon${hint}`);
    } else {
      gathering.settings.push({ option, text, origin: { kind: 'environment', name: variable } });
    }
  }
}

const mainFile = 'communicatord.conf';
const DEFAULT_DIRECTORIES = ['/etc/snapcommunicator', '/etc/communicator'];
const SECTIONS = new Set(['', 'communicatord', 'snapcommunicatord']);
const dropInFilesMax = 100;
/** Reading a file ends after so many lines that are nobody's. */
const problemsMax = 100;

/** Reads the main file and the numbered files of the directories beside it. */
export function readFiles(machine: Machine, config: string | undefined, gathering: Gathering): void {
  if (config === 'none') return;
  if (config !== undefined && config !== '') {
    if (!readFile(machine, config, gathering)) {
      gathering.problems.push(`${config} is not there; name a configuration file that is, or none`);
    }
    readDropIns(machine, dirname(config), gathering);
    return;
  }
  for (const directory of DEFAULT_DIRECTORIES) {
    readFile(machine, `${directory}/${mainFile}`, gathering);
    readDropIns(machine, directory, gathering);
    if (gathering.files.length > 0) return;
  }
}

/** `communicatord.d/NN-*.conf`, and where newer C++ daemons look, `communicator.d/NN-communicatord.conf`; by number. */
function readDropIns({ files, ...machine }: Machine, directory: string, gathering: Gathering): void {
  const found: { number: number; name: string; path: string }[] = [];
  for (const [group, pattern] of DROP_INS) {
    for (const name of files.list(`${directory}/${group}`)) {
      const [, digits] = pattern.exec(name) ?? [];
      const path = `${directory}/${group}/${name}`;
      if (digits !== undefined) found.push({ number: Number(digits), name, path });
      else if (group === DROP_IN_DIRECTORY && name.endsWith('.conf')) {
        gathering.warnings.push(`${path} is not read: its name does not begin with a number and "-"`);
      }
    }
  }
  if (found.length > dropInFilesMax) {
    gathering.problems.push(
      `${directory}/${DROP_IN_DIRECTORY} has ${found.length} files; expected at most ${dropInFilesMax}`,
    );
    return;
  }
  found.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
  for (const { path } of found) readFile({ ...machine, files }, path, gathering);
}

const DROP_IN_DIRECTORY = 'communicatord.d';
const DROP_INS: readonly (readonly [string, RegExp])[] = [
  [DROP_IN_DIRECTORY, /^(\d{1,9})-.+\.conf$/],
  ['communicator.d', /^(\d\d)-communicatord\.conf$/],
];

/** Reads one file; false if it is not there. */
function readFile({ files }: Machine, path: string, gathering: Gathering): boolean {
  const reading = files.read(path);
  if (reading === undefined) return false;
  gathering.files.push(path);
  if ('problem' in reading) {
    gathering.problems.push(`${path} ${reading.problem}; expected a configuration file of lines name=value`);
    return true;
  }
  const { entries, problems } = readConfigurationText(reading.text);
  for (const { line, problem } of problems) gathering.problems.push(`${path}:${line}: ${problem}`);
  const isCpp = isCppFile(path, entries);
  gathering.isCppConfiguration ||= isCpp;
  const problemsBefore = gathering.problems.length;
  for (const entry of entries) {
    takeEntry(entry, { kind: 'file', file: path, line: entry.line, mode: reading.mode, isCpp }, gathering);
    // A file that is none of ours would be compared with all options, line by line.
    if (gathering.problems.length - problemsBefore < problemsMax) continue;
    gathering.problems.push(`${path}:${entry.line}: reading ended here after ${problemsMax} problems`);
    break;
  }
  return true;
}

function takeEntry(
  { name, value, section }: ConfigurationEntry,
  origin: Origin & { kind: 'file' },
  gathering: Gathering,
): void {
  const place = formatOrigin(origin);
  const option = findOption(origin.isCpp ? nameFromCpp(name) : name);
  if (!SECTIONS.has(section)) {
    gathering.problems.push(`${place}: section [${section}] is nobody's; expected none, or [communicatord]`);
  } else if (option !== undefined) {
    gathering.settings.push({ option, text: value, origin });
  } else if (Object.hasOwn(IGNORED_OPTIONS, name)) {
    gathering.warnings.push(`${place}: ${ignoredSentence(name, IGNORED_OPTIONS[name]?.instead ?? '')}`);
  } else {
    gathering.problems.push(`${place}: ${name} is not an option${suggestion(name, (known) => known)}`);
  }
}

/** ` (did you mean …?)` if a known name is near. */
function suggestion(name: string, format: (name: string) => string): string {
  if (name.length > 64) return '';
  const others =
    name === '' || COMMANDS.includes(name as DaemonCommand) ? [] : ['config', 'check_config', 'help', 'version'];
  let best = '';
  let bestDistance = 1 + Math.min(3, Math.floor(name.length / 3));
  for (const known of [...OPTIONS.map((option) => option.name), ...(format === flagName ? others : [])]) {
    const distance = editDistance(name, known);
    if (distance < bestDistance) [best, bestDistance] = [known, distance];
  }
  return best === '' ? '' : ` (did you mean ${format(best)}?)`;
}

/** How many letters must be changed, added or taken away to make one word of the other. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
