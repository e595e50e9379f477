// What `--check-config` prints: every value that holds, and where it came from.

import type { Loaded } from './configuration.ts';
import { camelCase, displayValue } from './option.ts';
import { OPTIONS } from './options.ts';
import { formatOrigin } from './sources.ts';

/** A longer value pushes its origin aside, and nobody else's. */
const valueColumnMax = 36;

/** A table of name, value and origin; secrets hidden. */
export function printCheckConfig({ configuration, origins }: Loaded): string {
  const held = configuration as unknown as Readonly<Record<string, unknown>>;
  const rows = OPTIONS.map((option) => ({
    name: option.name,
    value: displayValue(option, held[camelCase(option.name)]),
    origin: formatOrigin(origins.get(option.name) ?? { kind: 'default' }),
  }));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.min(valueColumnMax, Math.max(...rows.map(({ value }) => value.length)));
  const files = configuration.configurationFiles;
  return [
    files.length === 0 ? 'No configuration file is in use.' : `Files, later ones winning: ${files.join(', ')}`,
    configuration.isCppConfiguration ? 'They are read as files of the C++ daemon.\n' : '',
    ...rows.map(({ name, value, origin }) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin}`),
    '',
  ].join('\n');
}
