// A flag as a program raises and lowers it: what it wants is told again when a connection was lost before it was heard.

import { type FlagWords, flagTitle, flagWord } from './contract/flags.ts';
import { CommunicatorError } from './errors.ts';
import type { Listener } from './events.ts';
import type { CommunicatorEvents } from './settings.ts';
import type { Message } from './wire/message.ts';

/** What is said besides the message when a flag is raised. */
export interface FlagOptions {
  /** From 0 to 100 (5); from 50 on somebody is to be called. */
  readonly priority?: number;
  /** To group flags by. */
  readonly tags?: readonly string[];
  /** A person is to lower it, with `snapcom flag down`; `down()` leaves it up (false). */
  readonly manual?: boolean;
}

/** What became of it. */
export interface FlagState {
  readonly isUp: boolean;
  /** How often it has been raised since it is up; was, if it is down now. */
  readonly count: number;
}

/** What a flag needs of its communicator. */
export interface FlagLine {
  request(command: string, parameters: Readonly<Record<string, string>>): Promise<Message>;
  onConnected(listener: Listener<CommunicatorEvents['connected']>): () => void;
}

/** Made by `Communicator.flag()`. */
export class BusFlag {
  readonly #words: FlagWords;
  readonly #options: FlagOptions;
  readonly #line: FlagLine;
  /** Listens for the next connection, for what was not heard. */
  #stopListening: (() => void) | undefined;

  /** @throws CommunicatorError INVALID_MESSAGE when a word of it is none */
  constructor({ unit, section, name }: FlagWords, options: FlagOptions, line: FlagLine) {
    this.#words = { unit: checked(unit), section: checked(section), name: checked(name) };
    this.#options = options;
    this.#line = line;
  }

  /** `unit/section/name`. */
  toString(): string {
    return flagTitle(this.#words);
  }

  /**
   * Raises it: the condition holds. Raised again, it is counted, and the last message holds. Without a connection it is
   * raised as soon as there is one. Resolves once the communicator has it on disk.
   * @throws CommunicatorError REFUSED or INVALID_MESSAGE when it is not taken; TIMEOUT, DISCONNECTED when nobody has heard
   * it yet: it is told again with the next connection
   */
  up(message: string, options: FlagOptions = {}): Promise<FlagState> {
    const { priority, tags, manual } = { ...this.#options, ...options };
    return this.#tell('FLAG_UP', {
      ...this.#words,
      message,
      ...(priority !== undefined && { priority: String(priority) }),
      ...(tags !== undefined && { tags: tags.join(',') }),
      ...(manual !== undefined && { manual: String(manual) }),
      ...placeOf(new Error().stack),
    });
  }

  /** Lowers it: the condition is over. One that is not up is no error. @throws CommunicatorError as `up` */
  down(): Promise<FlagState> {
    return this.#tell('FLAG_DOWN', { ...this.#words });
  }

  async #tell(command: string, parameters: Readonly<Record<string, string>>): Promise<FlagState> {
    this.#stopListening?.();
    this.#stopListening = undefined;
    try {
      const answer = await this.#line.request(command, parameters);
      return { isUp: answer.parameters['state'] === 'up', count: Number(answer.parameters['count'] ?? 0) };
    } catch (error) {
      if (isUnheard(error)) this.#tellLater(command, parameters);
      throw error;
    }
  }

  #tellLater(command: string, parameters: Readonly<Record<string, string>>): void {
    this.#stopListening = this.#line.onConnected(() => {
      // Should this one fail too, it has listened again.
      void this.#tell(command, parameters).catch(() => {});
    });
  }
}

const isUnheard = (error: unknown): boolean =>
  error instanceof CommunicatorError && (error.code === 'TIMEOUT' || error.code === 'DISCONNECTED');

function checked(word: string): string {
  const reading = flagWord().read(word);
  if ('value' in reading) return reading.value;
  throw new CommunicatorError('INVALID_MESSAGE', `${JSON.stringify(word)} is not ${reading.expected}`);
}

/** Where `up()` was called, as far as the engine tells. */
function placeOf(stack = ''): Readonly<Record<string, string>> {
  const caller = stack.split('\n')[2] ?? '';
  const parts = /^\s*at (?:(.+?) \()?(?:async )?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/.exec(caller);
  if (parts === null) return {};
  const [, place, file = '', line = '0'] = parts;
  return { source_file: file.slice(-200), line, ...(place !== undefined && { function: place.slice(0, 200) }) };
}
