// Durable messages that another node has taken: they stay on this disk until that node says that their service has them.
//
// The acknowledgement of a stream says only that the last daemon queued a line, in memory. What must survive its death
// is confirmed end to end, by a line of the last daemon: CONFIRM id=…;status=…

import type { Instance } from '@snapcommunicator/network/frame';
import type { KeptEntry } from '@snapcommunicator/network/keeper';
import type { Keeping } from '../bus/keeping.ts';

/** What the last daemon says: its service has it; it found no room there; it may have it or not. */
export type Confirmation = 'delivered' | 'refused' | 'lost';

export interface ConfirmationsParts {
  readonly keeping: Keeping;
  readonly nameOf: (instance: Instance) => string;
  /** Something waits in this queue again. */
  readonly changed: (queue: string) => void;
  readonly now: () => number;
}

interface Unconfirmed {
  readonly entry: KeptEntry;
  readonly instance: Instance;
  readonly sinceMs: number;
}

/** Without a word for so long, the word is lost, and the message goes out again. */
const PATIENCE_MS = 60_000;
const CHECK_MS = 5000;
/** So many words are remembered that came before the acknowledgement of what they are about. */
const EARLY_MAX = 4096;
/** What was refused is tried again so much later. */
const RETRY_MS = 1000;

export class Confirmations {
  readonly #parts: ConfirmationsParts;
  readonly #unconfirmed = new Map<string, Unconfirmed>();
  /** The last daemon is mostly quicker to say that its service has a message than to acknowledge it. */
  readonly #early = new Map<string, { readonly status: Confirmation; readonly server: string }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ConfirmationsParts) {
    this.#parts = parts;
  }

  /** A node has taken a durable message. */
  await(entry: KeptEntry, instance: Instance): void {
    const id = String(entry.id);
    this.#unconfirmed.set(id, { entry, instance, sinceMs: this.#parts.now() });
    this.#timer ??= setInterval(this.#check, CHECK_MS).unref();
    const early = this.#early.get(id);
    this.#early.delete(id);
    if (early !== undefined) this.confirmed(id, early.status, early.server);
  }

  /** A daemon has said what became of a message. Only the one that took it is believed. */
  confirmed(id: string, status: Confirmation, server: string): void {
    const known = this.#unconfirmed.get(id);
    if (known === undefined) return this.#remember(id, status, server);
    if (this.#parts.nameOf(known.instance) !== server) return;
    this.#unconfirmed.delete(id);
    const { keeping, changed } = this.#parts;
    const { entry } = known;
    if (status === 'delivered') return keeping.confirm(entry, true);
    keeping.takeBack([entry], status === 'lost', 'unconfirmed');
    setTimeout(() => changed(entry.destination), RETRY_MS).unref();
  }

  #remember(id: string, status: Confirmation, server: string): void {
    this.#early.delete(id);
    this.#early.set(id, { status, server });
    for (const oldest of this.#early.keys()) {
      if (this.#early.size <= EARLY_MAX) break;
      this.#early.delete(oldest);
    }
  }

  /** A life of a node is over: what it had taken may have been delivered or not. */
  end(instance: Instance): void {
    for (const [id, known] of this.#unconfirmed) if (known.instance === instance) this.#sendAgain(id, known);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  readonly #check = (): void => {
    const oldest = this.#parts.now() - PATIENCE_MS;
    for (const [id, known] of this.#unconfirmed) {
      if (known.sinceMs > oldest) break;
      this.#sendAgain(id, known);
    }
    if (this.#unconfirmed.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };

  #sendAgain(id: string, { entry }: Unconfirmed): void {
    this.#unconfirmed.delete(id);
    this.#parts.keeping.takeBack([entry], true, 'unconfirmed');
    this.#parts.changed(entry.destination);
  }
}
