// What `--help` prints: every option with what it means, its values and its default.

import { displayValue, flagName, GROUPS, type Group, type Option } from './option.ts';
import { type NamedOption, OPTIONS } from './options.ts';
import { COMMAND_FLAGS } from './sources.ts';

const widthMax = 100;
const indent = 6;

/** The default of an option in words. */
export function defaultOf(option: Option): string {
  return option.computed?.description ?? displayValue(option, option.type.defaultValue);
}

/** The values that an option takes, in words. */
export const valuesOf = (option: Option): string => option.type.description;

/** The whole text, lines of at most 100 characters. */
export function printHelp(): string {
  const lines = [
    'Usage: snapcommunicatord [OPTION…]',
    '',
    ...wrap(
      'The Snap! Communicator: services of this machine connect to it and exchange messages by name. It stays in the foreground, logs to standard error, and exits with 0 after STOP or SIGTERM, with 78 when its configuration is wrong.',
      0,
    ),
    '',
    ...wrap(
      'Each option is a flag (--local-listen), an environment variable (SNAPCOMMUNICATORD_LOCAL_LISTEN) and a line of the configuration file (local_listen=…), in that order of precedence. Secrets are not taken as flags.',
      0,
    ),
    '',
    'What to do',
    ...COMMAND_FLAGS.flatMap(({ flag, description }) => ['', `  ${flag}`, ...wrap(description, indent)]),
  ];
  for (const group of Object.keys(GROUPS) as Group[]) {
    lines.push('', GROUPS[group]);
    for (const option of OPTIONS) if (option.group === group) lines.push('', ...describe(option));
  }
  return `${lines.join('\n')}\n`;
}

function describe(option: NamedOption): string[] {
  const { name, isSwitch, placeholder = 'VALUE', secret } = option;
  const flag = isSwitch ? `--[no-]${name.replaceAll('_', '-')}` : `${flagName(name)} ${placeholder}`;
  const values = isSwitch ? '' : `Value: ${valuesOf(option)}. `;
  const sentences = [
    secret === 'always' ? `${name}=${placeholder} (in a file only)` : flag,
    ...wrap(option.type.note, indent),
    ...wrap(`${values}Default: ${defaultOf(option)}.`, indent),
  ];
  return [`  ${sentences[0]}`, ...sentences.slice(1)];
}

function wrap(text: string, margin: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && margin + line.length + 1 + word.length > widthMax) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => ' '.repeat(margin) + each);
}
