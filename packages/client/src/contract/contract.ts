// What a service understands: its commands with the types of their parameters and answers, checked when compiled and when run.

import { COMMAND, NAME, type Parameters } from '../wire/message.ts';
import type { ParameterType } from './types.ts';

// biome-ignore lint/suspicious/noExplicitAny: a table of parameters holds types of every kind
export type ParameterTable = Readonly<Record<string, ParameterType<any>>>;

/** One command of a service. */
export interface CommandContract {
  /** What the command does, for people and documents. */
  readonly description?: string;
  readonly parameters?: ParameterTable;
  /** The command, or commands, that answer it. */
  readonly reply?: string | readonly string[];
}

export type CommandTable = Readonly<Record<string, CommandContract>>;

export interface ServiceContract<T extends CommandTable = CommandTable> {
  readonly service: string;
  readonly commands: T;
}

type Value<P> = P extends ParameterType<infer T> ? T : never;
type KeysOf<T extends ParameterTable, P> = { [K in keyof T]: T[K]['presence'] extends P ? K : never }[keyof T];

/** What a sender gives: required parameters, and the others if it likes. */
export type Given<T extends ParameterTable> = { readonly [K in KeysOf<T, 'required'>]: Value<T[K]> } & {
  readonly [K in KeysOf<T, 'optional' | 'default'>]?: Value<T[K]> | undefined;
};

/** What a receiver gets: required parameters and those with a default; optional ones may be undefined. */
export type Received<T extends ParameterTable> = { readonly [K in KeysOf<T, 'required' | 'default'>]: Value<T[K]> } & {
  readonly [K in KeysOf<T, 'optional'>]?: Value<T[K]>;
};

/** The parameters of command `C` in contract `S`; an empty table where it has none. */
export type ParametersOf<S extends ServiceContract, C extends keyof S['commands']> = S['commands'][C] extends {
  readonly parameters: infer P extends ParameterTable;
}
  ? P
  : Record<never, never>;

/**
 * Declares a service: its name and its commands.
 *
 *     const images = defineService('images', {
 *       RESIZE: { parameters: { uri: string(), size: integer().optional() }, reply: 'RESIZED' },
 *       RESIZED: { parameters: { uri: string() } },
 *     });
 *
 * @throws TypeError when a name has characters that names do not have
 */
export function defineService<const T extends CommandTable>(service: string, commands: T): ServiceContract<T> {
  if (!NAME.test(service)) throw new TypeError(`${JSON.stringify(service)} is not a service name`);
  for (const [command, { parameters = {}, reply = [] }] of Object.entries(commands)) {
    for (const word of [command, ...[reply].flat()]) {
      if (!COMMAND.test(word)) throw new TypeError(`${JSON.stringify(word)} is not a command`);
    }
    for (const parameter of Object.keys(parameters)) {
      if (!NAME.test(parameter))
        throw new TypeError(`${command}: ${JSON.stringify(parameter)} is not a parameter name`);
    }
  }
  return { service, commands };
}

/** What was wrong with one parameter. */
export interface ParameterProblem {
  readonly parameter: string;
  /** A sentence: "size is "big", expected a whole number". */
  readonly problem: string;
}

/** The text parameters of a message as values, or every problem with them. Parameters that the table does not name are left alone. */
export function readParameters<T extends ParameterTable>(
  table: T,
  parameters: Parameters,
): { readonly values: Received<T> } | { readonly problems: readonly ParameterProblem[] } {
  const values: Record<string, unknown> = {};
  const problems: ParameterProblem[] = [];
  for (const [parameter, type] of Object.entries(table)) {
    const text = parameters[parameter];
    if (text === undefined) {
      if (type.presence === 'required') problems.push({ parameter, problem: `${parameter} is missing` });
      else if (type.presence === 'default') values[parameter] = type.defaultValue;
      continue;
    }
    const reading = type.read(text);
    if ('value' in reading) values[parameter] = reading.value;
    else
      problems.push({
        parameter,
        problem: `${parameter} is ${JSON.stringify(text.slice(0, 80))}, expected ${reading.expected}`,
      });
  }
  return problems.length > 0 ? { problems } : { values: values as Received<T> };
}

/** The values as text parameters. @throws RangeError naming the parameter that is missing or out of its limits */
export function writeParameters<T extends ParameterTable>(table: T, values: Given<T>): Record<string, string> {
  const parameters: Record<string, string> = {};
  const given = values as Readonly<Record<string, unknown>>;
  for (const [parameter, type] of Object.entries(table)) {
    const value = given[parameter];
    if (value === undefined) {
      if (type.presence === 'required') throw new RangeError(`${parameter} is missing`);
      continue;
    }
    try {
      parameters[parameter] = type.write(value);
    } catch (error) {
      throw new RangeError(`${parameter}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const parameter of Object.keys(given)) {
    if (!Object.hasOwn(table, parameter) && given[parameter] !== undefined)
      throw new RangeError(`${parameter} is not a parameter of this command`);
  }
  return parameters;
}
