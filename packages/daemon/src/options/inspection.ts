// What checks of the options look at, and how their sentences name an option.

import type { Machine } from './machine.ts';
import { findOption, type NamedOption, type OptionName, type OptionValues } from './options.ts';
import { type Origin, subject } from './sources.ts';

/** Values with their origins, and where what is wrong with them is gathered. */
export interface Inspection {
  readonly values: OptionValues;
  readonly origins: ReadonlyMap<OptionName, Origin>;
  readonly machine: Machine;
  readonly problems: string[];
  readonly warnings: string[];
}

/** `/etc/x.conf:12: local_listen`, `--local-listen` or `local_listen`: the beginning of a sentence about a value. */
export function named({ origins }: Inspection, name: OptionName): string {
  return subject(findOption(name) as NamedOption, origins.get(name) ?? { kind: 'default' });
}

export const isGiven = ({ origins }: Inspection, name: OptionName): boolean =>
  (origins.get(name)?.kind ?? 'default') !== 'default';
