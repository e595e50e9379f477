// All options in order and by name, as they come from the table.

import type { Option, ValuesOf } from './option.ts';
import { TABLE } from './table.ts';

export type OptionName = keyof typeof TABLE;
export type OptionValues = ValuesOf<typeof TABLE>;

/** An option with its name. */
export interface NamedOption extends Option {
  readonly name: OptionName;
}

/** Every option of the daemon, in the order in which help shows them. */
export const OPTIONS: readonly NamedOption[] = Object.entries(TABLE).map(([name, row]) => ({
  ...(row as Option),
  name: name as OptionName,
}));

const BY_NAME = new Map<string, NamedOption>(OPTIONS.map((row) => [row.name, row]));

/** The option of that name. */
export const findOption = (name: string): NamedOption | undefined => BY_NAME.get(name);
