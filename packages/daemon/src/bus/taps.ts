// Who looks at the traffic: sniffers with their filters, and what they are sent.

import type { Filter } from '@snapcommunicator/network/filter';
import { decodeLine, encodeMessage } from 'snapcommunicator/wire';
import type { Connection } from '../connections/connection.ts';
import type { Output } from '../switch/output.ts';
import type { Speaker } from './speaker.ts';

export interface Sniffed {
  /** `server:service`; either part may be empty. */
  readonly from: string;
  readonly to: string;
  readonly command: string;
  /** The line as it goes on, without its LF. */
  readonly line: Uint8Array;
  readonly outcome: string;
  readonly reason: string;
  readonly id: string;
}

interface Sniffer {
  readonly connection: Connection;
  readonly filter: Filter | undefined;
  readonly isHeadersOnly: boolean;
  skipped: number;
}

export interface TapLimits {
  readonly countMax: number;
  /** More than this before a sniffer, and lines are skipped and counted. */
  readonly queueBytesMax: number;
}

const SECRETS = ['password', 'secret_code'];

export class Taps {
  readonly #sniffers = new Map<Connection, Sniffer>();
  readonly #limits: TapLimits;
  readonly #speaker: Speaker;
  readonly #output: Output;
  /** Who looks has changed, so verdicts may no longer hold. */
  onChange: () => void = () => undefined;

  constructor(limits: TapLimits, speaker: Speaker, output: Output) {
    this.#limits = limits;
    this.#speaker = speaker;
    this.#output = output;
  }

  get count(): number {
    return this.#sniffers.size;
  }

  /** @returns false when too many look already */
  add(connection: Connection, filter: Filter | undefined, isHeadersOnly: boolean): boolean {
    if (!this.#sniffers.has(connection) && this.#sniffers.size >= this.#limits.countMax) return false;
    this.#sniffers.set(connection, { connection, filter, isHeadersOnly, skipped: 0 });
    this.onChange();
    return true;
  }

  remove(connection: Connection): void {
    if (this.#sniffers.delete(connection)) this.onChange();
  }

  /** Whether somebody may want lines with this head. */
  wants(from: string, to: string, command: string): boolean {
    for (const { filter } of this.#sniffers.values()) {
      if (filter === undefined || filter.mayMatchHead({ from, to, command }) !== 'no') return true;
    }
    return false;
  }

  /** Shows a line to those whose filter takes it. */
  show(sniffed: Sniffed): void {
    if (this.#sniffers.size === 0) return;
    const record = this.#recordOf(sniffed);
    for (const sniffer of this.#sniffers.values()) {
      if (sniffer.filter === undefined || sniffer.filter.matches(record)) this.#send(sniffer, sniffed);
    }
  }

  #recordOf({ from, to, command, line, outcome, reason, id }: Sniffed) {
    const needsParameters = [...this.#sniffers.values()].some(({ filter }) => filter?.needsParameters);
    const read = needsParameters ? decodeLine(line, 0, line.length) : undefined;
    const parameters = read?.kind === 'message' ? read.message.parameters : {};
    return { from, to, command, size: line.length + 1, outcome, reason, id, parameters };
  }

  #send(sniffer: Sniffer, { from, to, command, line, outcome, reason, id }: Sniffed): void {
    const { destination } = sniffer.connection;
    if (destination === undefined || this.#output.waitingBytes(destination) > this.#limits.queueBytesMax) {
      sniffer.skipped++;
      return;
    }
    this.#speaker.tell(sniffer.connection, 'SNIFFED', {
      time: Date.now() / 1000,
      from,
      to,
      command,
      size: line.length + 1,
      outcome,
      reason: reason || undefined,
      id: id || undefined,
      line: sniffer.isHeadersOnly ? undefined : redact(line),
      skipped: sniffer.skipped > 0 ? sniffer.skipped : undefined,
    });
    sniffer.skipped = 0;
  }
}

/** The line as text, passwords left out. */
function redact(line: Uint8Array): string {
  const text = Buffer.from(line).toString('utf8');
  if (!SECRETS.some((name) => text.includes(`${name}=`))) return text;
  const read = decodeLine(line, 0, line.length);
  if (read.kind !== 'message') return text.split(' ').slice(0, 2).join(' ');
  const parameters = { ...read.message.parameters };
  for (const name of SECRETS) if (name in parameters) parameters[name] = '***';
  return encodeMessage({ ...read.message, parameters });
}
