// What an option is: one row of the table, from which flags, environment, files, help and the configuration's type come.

import { hidePassword } from 'snapcommunicator';
import { ParameterType } from 'snapcommunicator/contract';
import type { Machine } from './machine.ts';

/** What a computed default may look at. */
export interface Surroundings {
  readonly machine: Machine;
  /** Whether a configuration file of the C++ daemon is in use. */
  readonly isCppConfiguration: boolean;
}

/** Headings of `--help`, in its order. */
export const GROUPS = {
  machine: 'This machine',
  listeners: 'Listeners for the services of this machine',
  rights: 'Who may do what',
  links: 'Links to other machines',
  console: 'Console',
  log: 'Log',
  times: 'Times',
  connections: 'Limits of connections',
  messages: 'Limits of messages and queues',
  cache: 'Limits of kept messages',
  watching: 'Recorder and sniffers',
  flags: 'Flags',
} as const;
export type Group = keyof typeof GROUPS;

/** What a row of the table says besides name and type. */
export interface OptionTraits<T> {
  readonly group: Group;
  /** The word for the value in `--help`. */
  readonly placeholder?: string;
  /** A default that depends on the machine, and how to say so in `--help`. */
  readonly computed?: { readonly description: string; readonly value: (surroundings: Surroundings) => T };
  /** `always`: the value is a secret. `password`: it is one if it has a password in it, `user:password@`. */
  readonly secret?: 'always' | 'password';
}

/** One option: its type says what values there are, what they mean and the default. */
export interface Option<T = unknown> extends OptionTraits<T> {
  // biome-ignore lint/suspicious/noExplicitAny: a table of options holds types of every kind
  readonly type: ParameterType<any>;
  /** Whether the value is true or false, so that its flag needs none. */
  readonly isSwitch: boolean;
  /** Only there for the configuration's type. */
  readonly valueType?: T;
}

type Presence = 'required' | 'optional' | 'default';
type ValueOf<T, P extends Presence> = P extends 'optional' ? T | undefined : T;

/**
 * A row of the table. A type that is `optional()` gives undefined without a value; every other has a default, its own or a
 * computed one.
 */
export function option<T, P extends Presence>(
  type: ParameterType<T, P>,
  traits: OptionTraits<ValueOf<T, P>>,
): Option<ValueOf<T, P>> {
  if (type.presence === 'required' && traits.computed === undefined) throw new TypeError('an option needs a default');
  return { ...traits, type, isSwitch: type.description === 'true or false' };
}

/** The same type, for which `none` is the empty list: how a listener is turned off. */
export function orNone<T>(type: ParameterType<readonly T[]>): ParameterType<readonly T[], 'required'> {
  const description = `${type.description}; or none`;
  return new ParameterType<readonly T[], 'required'>(
    {
      description,
      read: (text) => {
        if (text === 'none') return { value: [] };
        const reading = type.read(text);
        return 'value' in reading ? reading : { expected: `${reading.expected}; or none` };
      },
      write: (values) => (values.length === 0 ? 'none' : type.write(values)),
    },
    'required',
  );
}

type Camel<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;

/** A table's values under their names in camelCase. */
export type ValuesOf<T> = {
  readonly [K in keyof T & string as Camel<K>]: T[K] extends Option<infer V> ? V : never;
};

/** `local_listen` → `localListen`. */
export const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
/** `local_listen` → `--local-listen`. */
export const flagName = (name: string): string => `--${name.replaceAll('_', '-')}`;
/** `local_listen` → `SNAPCOMMUNICATORD_LOCAL_LISTEN`. */
export const environmentName = (name: string): string => `SNAPCOMMUNICATORD_${name.toUpperCase()}`;

const PASSWORD = /^(?:[a-z]{1,8}:\/\/)?[^@:/]*:(?!\/\/)[^@]*@/i;

/** Whether this text for this option would give away a secret to who sees it. */
export function isSecret(option: Option, text: string): boolean {
  if (option.secret === undefined || text === '') return false;
  return option.secret === 'always' || text.split(',').some((item) => PASSWORD.test(item.trim()));
}

/** The text without its secrets. */
export function hideSecrets(option: Option, text: string): string {
  if (!isSecret(option, text)) return text;
  return option.secret === 'always' ? '(hidden)' : text.split(',').map(hidePassword).join(',');
}

/** A value for people: secrets hidden, nothing as `none`. */
export function displayValue(option: Option, value: unknown): string {
  const text = value === undefined ? '' : option.type.write(value);
  return text === '' ? 'none' : hideSecrets(option, text);
}
