// The flags that this daemon knows: its own on disk, those of others as told, and what is told to others when.

import { compareFlags, type Flag, type FlagWords } from 'snapcommunicator/contract';
import type { Values } from '../bus/speaker.ts';
import { type Fitting, fitting } from './fitting.ts';
import { FlagFile } from './flag-file.ts';
import { OtherFlags, readMachines } from './other-flags.ts';
import { DAEMON, type FlagRaising, type Lowered, OwnFlags, type Raised } from './own-flags.ts';
import { Telling } from './telling.ts';

export interface FlagsOptions {
  readonly server: string;
  /** Of this life of the daemon. */
  readonly incarnation: number;
  readonly dataPath: string;
  readonly maxFlags: number;
  /** Characters. */
  readonly maxFlagMessage: number;
  readonly maxRemoteFlags: number;
  /** How often this machine tells its flags again, in ms. */
  readonly flagInterval: number;
  /** How long flags of a lost machine are remembered, in ms. */
  readonly lostFlagTime: number;
  /** Bytes. */
  readonly maxMessageSize: number;
}

export interface FlagsParts {
  /** Seconds since 1970. */
  readonly nowS: () => number;
  readonly isReachable: (server: string) => boolean;
  readonly tell: (server: string, command: 'FLAG_NEWS', values: Values) => void;
  readonly tellAll: (command: 'FLAG_NEWS', values: Values) => void;
  /** Tells the services of this machine that there is news. */
  readonly announce: () => void;
  /** The file cannot be written. */
  readonly failed: (error: Error) => void;
}

/** What the daemon itself says about one of its conditions; without a message it is over. */
export interface Condition {
  readonly section: string;
  readonly name: string;
  readonly message: string | undefined;
  readonly priority: number;
  readonly tags?: readonly string[];
}

/** Who has said nothing for so many intervals is asked. */
const STALE_INTERVALS = 3;
/** So many are asked at a time. */
const ASKED_MAX = 100;
const TOO_MANY_PRIORITY = 97;
const NOT_KEPT_PRIORITY = 90;

export class Flags {
  readonly #options: FlagsOptions;
  readonly #parts: FlagsParts;
  readonly #own: OwnFlags;
  readonly #others: OtherFlags;
  readonly #file: FlagFile;
  readonly #telling: Telling;
  readonly #timer: NodeJS.Timeout;
  /** Grows with each change of the own flags in this life; 0: there has never been one. */
  #number: number;
  /** Only a count has changed since it was written. */
  #isStale = false;
  #isAnnounced = false;
  #hasAsked = false;

  constructor(options: FlagsOptions, parts: FlagsParts) {
    const { server, dataPath, maxFlags, maxFlagMessage, maxRemoteFlags, flagInterval, lostFlagTime } = options;
    this.#options = options;
    this.#parts = parts;
    const stored = FlagFile.read(dataPath);
    this.#number = stored === undefined ? 0 : 1;
    this.#own = new OwnFlags({ server, countMax: maxFlags, messageLengthMax: maxFlagMessage }, stored ?? []);
    const staleS = (STALE_INTERVALS * flagInterval) / 1000;
    this.#others = new OtherFlags({ countMax: maxRemoteFlags, lostS: lostFlagTime / 1000, staleS });
    this.#file = new FlagFile(
      dataPath,
      () => this.#own.list(),
      (error) => this.#written(error),
    );
    this.#telling = new Telling(flagInterval, {
      tell: (to) => parts.tell(to, 'FLAG_NEWS', { machines: this.#news() }),
      tellAll: () => parts.tellAll('FLAG_NEWS', { machines: this.#news() }),
    });
    this.#timer = setInterval(() => this.#look(), flagInterval).unref();
  }

  /** Raises a flag of this machine. Resolves once it is on disk. */
  async raise(raising: FlagRaising): Promise<Raised> {
    const raised = this.#own.raise(raising, this.#nowS());
    if (raised.kind === 'full') this.#tooMany(true);
    else if (raised.kind === 'again') this.#isStale = true;
    else await this.#changed();
    return raised;
  }

  /** Lowers a flag of this machine. Resolves once that is on disk. @param isByHand a person does */
  async lower(words: FlagWords, isByHand: boolean): Promise<Lowered> {
    const lowered = this.#own.lower(words, isByHand);
    if (lowered.kind === 'lowered') {
      if (!this.#own.isFull) this.#tooMany(false);
      await this.#changed();
    }
    return lowered;
  }

  /** The daemon itself has found that something is wrong, or that it is not any more. */
  note({ section, name, message, priority, tags = [] }: Condition): void {
    const words = { unit: DAEMON, section, name };
    if (message === undefined) void this.lower(words, true);
    else void this.raise({ ...words, message, priority, tags, isManual: false, raisedBy: DAEMON });
  }

  /** All that is known, the urgent first, as JSON that goes into a message. */
  list(): Fitting {
    const flags: Flag[] = [...this.#own.list(), ...this.#others.list(this.#parts.isReachable)];
    return fitting(flags.sort(compareFlags), this.#options.maxMessageSize);
  }

  /** How many are up that are known of. */
  get count(): number {
    return this.#own.size + this.#others.count;
  }

  /** What is known of all machines, for who asks. */
  answer(): string {
    return this.#news([...this.#others.machines()]);
  }

  /** Another daemon tells flags, its own or, asked, those that it knows of. */
  learn(text: string, from: string): void {
    const nowS = this.#nowS();
    let isNews = false;
    for (const machine of readMachines(text)) {
      if (machine.server === this.#options.server) continue;
      const seenAt = machine.server === from ? nowS : machine.seenAt;
      isNews = this.#others.learn({ ...machine, seenAt }, nowS) || isNews;
    }
    if (isNews) this.#announce();
  }

  /** A machine can be reached, or not any more. */
  reachChanged(server: string, isReachable: boolean): void {
    if (server === '' || server === this.#options.server) return;
    if (this.#others.has(server)) this.#announce();
    if (!isReachable) return;
    if (this.#number > 0) this.#telling.newcomer(server);
    if (this.#hasAsked) return;
    // The first one knows what was said before this daemon came, also of machines that are lost.
    this.#hasAsked = true;
    this.#parts.tell(server, 'FLAG_NEWS', {});
  }

  /** A machine is not expected to come back. */
  forget(server: string): boolean {
    const hadFlags = this.#others.forget(server);
    if (hadFlags) this.#announce();
    return hadFlags;
  }

  /** Writes what has not been written. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#telling.close();
    if (this.#isStale) await this.#save();
  }

  #nowS(): number {
    return Math.round(this.#parts.nowS() * 1000) / 1000;
  }

  /** The flags of this machine, and of others, as daemons tell them. */
  #news(others: readonly unknown[] = []): string {
    const { server, incarnation, maxMessageSize } = this.#options;
    const [seenAt, number] = [this.#nowS(), this.#number];
    const flags = fitting(this.#own.list(), maxMessageSize);
    const own = { server, incarnation, number, seenAt, flags: JSON.parse(flags.text) as unknown };
    const all = this.#number > 0 ? [own, ...others] : others;
    return fitting(all, maxMessageSize).text;
  }

  #changed(): Promise<void> {
    this.#number++;
    this.#telling.changed();
    this.#announce();
    return this.#save();
  }

  #save(): Promise<void> {
    this.#isStale = false;
    return this.#file.save();
  }

  #written(error: Error | undefined): void {
    const words = { unit: DAEMON, section: 'flags', name: 'not-on-disk' };
    if (error === undefined) {
      if (this.#own.lower(words, true).kind === 'lowered') void this.#changed();
      return;
    }
    this.#parts.failed(error);
    this.#isStale = true;
    // This flag is not written: that would fail again, for ever.
    const message = `the flags of ${this.#options.server} cannot be written: ${error.message}`;
    const raising = { ...words, message, priority: NOT_KEPT_PRIORITY, tags: ['disk'], isManual: false };
    if (this.#own.raise({ ...raising, raisedBy: DAEMON }, this.#nowS()).kind === 'again') return;
    this.#number++;
    this.#telling.changed();
    this.#announce();
  }

  #tooMany(isSo: boolean): void {
    const { maxFlags, server } = this.#options;
    this.note({
      section: 'flags',
      name: 'too-many',
      message: isSo ? `${maxFlags} flags are up on ${server}, and no more are taken (max_flags)` : undefined,
      priority: TOO_MANY_PRIORITY,
    });
  }

  /** Several news of one turn are announced together. */
  #announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    setImmediate(() => {
      this.#isAnnounced = false;
      this.#parts.announce();
    });
  }

  /** Now and then: counts are written, flags told again, and who has been silent is asked. */
  #look(): void {
    if (this.#isStale) void this.#save();
    if (this.#own.size > 0) this.#telling.again();
    const before = this.#others.count;
    const silent = this.#others.look(this.#parts.isReachable, this.#nowS());
    if (this.#others.count !== before) this.#announce();
    for (const server of silent.slice(0, ASKED_MAX)) this.#parts.tell(server, 'FLAG_NEWS', {});
  }
}
