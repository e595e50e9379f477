// A message that passed, as sniff shows, writes and reads it.

import type { FilterRecord } from '@snapcommunicator/network/filter';
import { decodeText, encodeParameters, type Parameters } from 'snapcommunicator/wire';
import { type Output, printable } from './output.ts';
import { formatBytes, formatClock } from './text.ts';

/** One line of `--json`, `--write` and `--read`. */
export interface Sniffed {
  /** Seconds since 1970. */
  readonly time: number;
  /** The machine on which it was seen, where several are looked at. */
  readonly at?: string;
  /** `server:service`; either part may be empty. */
  readonly from: string;
  readonly to: string;
  readonly command: string;
  /** Bytes of the line. */
  readonly size: number;
  readonly outcome: string;
  readonly reason?: string;
  readonly id?: string;
  /** Absent with `--headers`. */
  readonly parameters?: Parameters;
}

/** What the daemon says of a message, as SNIFFED. */
export interface SniffedParameters {
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly command: string;
  readonly size: number;
  readonly outcome: string;
  readonly reason?: string | undefined;
  readonly id?: string | undefined;
  readonly line?: string | undefined;
}

/** The same with the parameters of the message read; malformed ones are left out. @param at the machine that said so */
export function sniffedOf(said: SniffedParameters, at?: string): Sniffed {
  const read = said.line === undefined ? undefined : decodeText(said.line);
  return seen(said, read?.kind === 'message' ? read.message.parameters : undefined, at);
}

/** Only what is known, in the order in which it is shown. @param at the machine that said so */
export function seen(
  { time, from, to, command, size, outcome, reason, id }: Omit<SniffedParameters, 'line'>,
  parameters: Parameters | undefined,
  at: string | undefined,
): Sniffed {
  return {
    time,
    ...(at !== undefined && { at }),
    from,
    to,
    command,
    size,
    outcome,
    ...(reason !== undefined && { reason }),
    ...(id !== undefined && { id }),
    ...(parameters !== undefined && { parameters }),
  };
}

/** A line of a file that `--write` made; undefined if it is something else. */
export function readSniffed(text: string): Sniffed | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Partial<Record<keyof Sniffed, unknown>>;
  const texts = [fields.from, fields.to, fields.command, fields.outcome];
  const isSound =
    Number.isFinite(fields.time) &&
    Number.isFinite(fields.size) &&
    texts.every((field) => typeof field === 'string') &&
    isOptionalText(fields.at) &&
    isOptionalText(fields.reason) &&
    isOptionalText(fields.id) &&
    isParameters(fields.parameters);
  return isSound ? (value as Sniffed) : undefined;
}

export const recordOf = (sniffed: Sniffed): FilterRecord => ({ ...sniffed, parameters: sniffed.parameters ?? {} });

const FINE = new Set(['delivered', 'kept', 'sent']);

/** One line for people: time, from → to, command, size, outcome, parameters. */
export function formatSniffed(sniffed: Sniffed, output: Output): string {
  const { time, at, from, to, command, size, outcome, reason, parameters = {} } = sniffed;
  const isFine = FINE.has(outcome);
  const end = reason === undefined ? outcome : `${outcome} (${reason})`;
  const parts = [
    output.paint('dim', formatClock(time)),
    ...(at === undefined ? [] : [output.paint('cyan', at)]),
    `${from === '' ? '-' : from} → ${to}`,
    output.paint('bold', command),
    output.paint('dim', formatBytes(size)),
    output.paint(isFine ? 'green' : 'red', printable(end)),
  ];
  const text = encodeParameters(parameters).trimStart();
  if (text !== '') parts.push(printable(text));
  return parts.join('  ');
}

const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === 'string';

const isParameters = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string'));
