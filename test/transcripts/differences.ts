// Reads and compares the table of differences.md: where the protocol wants something else than the recorded daemon did.

import { readFileSync } from 'node:fs';
import type { Difference } from './replay.ts';

const NOTHING = '—';
const ROW = /^\| (\d\d(?:n\d)?) \| (\d+) \| ([\w@]+) \| (.+) \| (.+) \| (.+) \|$/;

/** The rows of the table. @throws Error for a row of another form */
export function readDifferences(path: URL): Difference[] {
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  return rows.map((row) => {
    const [, transcript, line, connection, recorded, instead] = ROW.exec(row) ?? [];
    if (transcript === undefined || connection === undefined || recorded === undefined || instead === undefined) {
      throw new Error(`this row of differences.md has another form than the others:\n${row}`);
    }
    return { transcript, line: Number(line), connection, recorded: linesOf(recorded), instead: linesOf(instead) };
  });
}

/** A difference as a row, its reason still to be written. */
export function formatDifference({ transcript, line, connection, recorded, instead }: Difference): string {
  return `| ${transcript} | ${line} | ${connection} | ${cellOf(recorded)} | ${cellOf(instead)} | why? |`;
}

/** Whether they are at one place of the record. */
export const isSamePlace = (left: Difference, right: Difference): boolean =>
  left.transcript === right.transcript && left.line === right.line && left.connection === right.connection;

/** Whether what happened is what the row says. `…` in the row stands for any text. */
export function isAsWritten(happened: Difference, row: Difference): boolean {
  return (
    isSamePlace(happened, row) &&
    areAsWritten(happened.recorded, row.recorded) &&
    areAsWritten(happened.instead, row.instead)
  );
}

function areAsWritten(lines: readonly string[], patterns: readonly string[]): boolean {
  return (
    lines.length === patterns.length && patterns.every((pattern, at) => asExpression(pattern).test(lines[at] ?? ''))
  );
}

const asExpression = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('…')
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

const linesOf = (cell: string): string[] =>
  cell === NOTHING ? [] : cell.split('<br>').map((line) => line.replace(/^`|`$/g, '').replaceAll('\\|', '|'));

const cellOf = (lines: readonly string[]): string =>
  lines.length === 0 ? NOTHING : lines.map((line) => `\`${line.replaceAll('|', '\\|')}\``).join('<br>');
