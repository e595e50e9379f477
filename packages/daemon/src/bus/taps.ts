// Who looks at the traffic: sniffers with their filters, and what they are sent.

import type { Filter } from '@snapcommunicator/network/filter';
import { decodeLine } from 'snapcommunicator/wire';
import type { Connection } from '../connections/connection.ts';
import type { Redaction } from '../recorder/redaction.ts';
import type { Output } from '../switch/output.ts';
import type { Speaker, Values } from './speaker.ts';

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

/** Who is shown what passes, here or on another machine. */
export interface Viewer {
  /** The same for the same viewer: its connection, or `server:service`. */
  readonly key: Connection | string;
  /** For so long it is shown messages without asking again; undefined: until it leaves. */
  readonly leaseMs: number | undefined;
  /** What waits on the way to it; infinite: there is no way. */
  waitingBytes(): number;
  tell(values: Values): void;
}

interface Sniffer {
  readonly viewer: Viewer;
  readonly filter: Filter | undefined;
  readonly isHeadersOnly: boolean;
  readonly endsAtMs: number;
  skipped: number;
}

export interface TapLimits {
  readonly countMax: number;
  /** More than this before a sniffer, and lines are skipped and counted. */
  readonly queueBytesMax: number;
}

/** Of daemons about sniffing itself: who is shown a message is not shown that, or it would never end. */
const OF_SNIFFING = new Set(['SNIFF', 'SNIFFING', 'SNIFFED']);
const DAEMON = ':communicatord';

export class Taps {
  readonly #sniffers = new Map<Viewer['key'], Sniffer>();
  readonly #limits: TapLimits;
  readonly #speaker: Speaker;
  readonly #output: Output;
  readonly #now: () => number;
  readonly #redaction: Redaction;
  /** Who looks has changed, so verdicts may no longer hold. */
  onChange: () => void = () => undefined;

  constructor(limits: TapLimits, speaker: Speaker, output: Output, now: () => number, redaction: Redaction) {
    this.#limits = limits;
    this.#speaker = speaker;
    this.#output = output;
    this.#now = now;
    this.#redaction = redaction;
  }

  get count(): number {
    return this.#sniffers.size;
  }

  /** A connection of this machine as a viewer. */
  viewerAt(connection: Connection): Viewer {
    return {
      key: connection,
      leaseMs: undefined,
      waitingBytes: () => {
        const { destination } = connection;
        return destination === undefined ? Number.POSITIVE_INFINITY : this.#output.waitingBytes(destination);
      },
      tell: (values) => this.#speaker.tell(connection, 'SNIFFED', values),
    };
  }

  /** Shows what passes from now on; to who looks already, with another filter, or for longer. @returns false when too many look */
  add(viewer: Viewer, filter: Filter | undefined, isHeadersOnly: boolean): boolean {
    const before = this.#sniffers.get(viewer.key);
    if (before === undefined && this.#sniffers.size >= this.#limits.countMax) return false;
    const endsAtMs = this.#now() + (viewer.leaseMs ?? Number.POSITIVE_INFINITY);
    this.#sniffers.set(viewer.key, { viewer, filter, isHeadersOnly, endsAtMs, skipped: before?.skipped ?? 0 });
    if (before === undefined || before.filter?.text !== filter?.text) this.onChange();
    return true;
  }

  remove(key: Viewer['key']): void {
    if (this.#sniffers.delete(key)) this.onChange();
  }

  /** Whether somebody may want lines with this head. */
  wants(from: string, to: string, command: string): boolean {
    if (isOfSniffing(from, to, command)) return false;
    for (const { filter } of this.#sniffers.values()) {
      if (filter === undefined || filter.mayMatchHead({ from, to, command }) !== 'no') return true;
    }
    return false;
  }

  /** Shows a line to those whose filter takes it. */
  show(sniffed: Sniffed): void {
    if (this.#sniffers.size === 0 || isOfSniffing(sniffed.from, sniffed.to, sniffed.command)) return;
    const now = this.#now();
    for (const [key, { endsAtMs }] of this.#sniffers) if (endsAtMs <= now) this.remove(key);
    const record = this.#recordOf(sniffed);
    for (const sniffer of this.#sniffers.values()) {
      if (sniffer.filter === undefined || sniffer.filter.matches(record)) this.#send(sniffer, sniffed);
    }
  }

  #recordOf({ from, to, command, line, outcome, reason, id }: Sniffed) {
    const needsParameters = [...this.#sniffers.values()].some(({ filter }) => filter?.needsParameters);
    const read = needsParameters ? decodeLine(line, 0, line.length) : undefined;
    const parameters = read?.kind === 'message' ? this.#redaction.parameters(read.message.parameters) : {};
    return { from, to, command, size: line.length + 1, outcome, reason, id, parameters };
  }

  #send(sniffer: Sniffer, { from, to, command, line, outcome, reason, id }: Sniffed): void {
    if (sniffer.viewer.waitingBytes() > this.#limits.queueBytesMax) {
      sniffer.skipped++;
      return;
    }
    sniffer.viewer.tell({
      time: Date.now() / 1000,
      from,
      to,
      command,
      size: line.length + 1,
      outcome,
      reason: reason || undefined,
      id: id || undefined,
      line: sniffer.isHeadersOnly ? undefined : this.#redaction.line(line),
      skipped: sniffer.skipped > 0 ? sniffer.skipped : undefined,
    });
    sniffer.skipped = 0;
  }
}

const isOfSniffing = (from: string, to: string, command: string): boolean =>
  OF_SNIFFING.has(command) && (from.endsWith(DAEMON) || to.endsWith(DAEMON));
