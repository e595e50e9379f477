// Tells the communicator which commands this program understands: all when it asks, new ones once a turn.

import { encodeMessage } from '../wire/encoder.ts';

const commandsLine = (commands: readonly string[]): string =>
  encodeMessage({ command: 'COMMANDS', parameters: { list: [...commands].sort().join(',') } });

/** What the communicator of the present connection has been told. */
export class Announcement {
  readonly #commands: () => readonly string[];
  readonly #told = new Set<string>();
  #isScheduled = false;
  #write: ((line: string) => void) | undefined;

  /** @param commands all that is understood at the moment */
  constructor(commands: () => readonly string[]) {
    this.#commands = commands;
  }

  /** A new communicator knows nothing yet. */
  reset(): void {
    this.#told.clear();
    this.#write = undefined;
  }

  /** Tells everything, ahead of all that waits. @param write writes to the present connection at once */
  tellAll(write: (line: string) => void): void {
    this.#write = write;
    const commands = this.#commands();
    for (const command of commands) this.#told.add(command);
    write(commandsLine(commands));
  }

  /** The registration holds: whoever did not ask is told now. */
  ready(write: (line: string) => void): void {
    if (this.#write === undefined) this.tellAll(write);
  }

  /** Another command may be understood. It is told at the end of the turn, with those that come until then. */
  changed(): void {
    if (this.#isScheduled || this.#write === undefined) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      const fresh = this.#commands().filter((command) => !this.#told.has(command));
      if (fresh.length === 0 || this.#write === undefined) return;
      for (const command of fresh) this.#told.add(command);
      this.#write(commandsLine(fresh));
    });
  }
}
