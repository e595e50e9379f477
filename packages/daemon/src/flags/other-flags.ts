// The flags of other machines as they told them, remembered also while those cannot be reached. Pure.

import { compareFlags, type Flag, readFlag } from 'snapcommunicator/contract';

/** What is known of the flags of one machine. */
export interface MachineFlags {
  readonly server: string;
  /** The life in which it said so, and a number that grew with each change in it: what is older does not hold. */
  readonly incarnation: number;
  readonly number: number;
  /** When it could last be reached, in seconds since 1970. */
  readonly seenAt: number;
  readonly flags: readonly Flag[];
}

export interface OtherFlagsOptions {
  /** Flags of all other machines that are remembered. */
  readonly countMax: number;
  /** How long those of a machine that is lost are remembered, in seconds. */
  readonly lostS: number;
  /** Who can be reached and has said nothing for so long is asked, in seconds. */
  readonly staleS: number;
}

interface Entry extends MachineFlags {
  /** When its word came, in seconds since 1970. */
  readonly heardAt: number;
}

/** Machines of which is remembered that they have none, so that older news are not believed. */
const EMPTY_MAX = 10_000;

export class OtherFlags {
  readonly #options: OtherFlagsOptions;
  readonly #machines = new Map<string, Entry>();
  #count = 0;

  constructor(options: OtherFlagsOptions) {
    this.#options = options;
  }

  /** Flags that are remembered, of all machines. */
  get count(): number {
    return this.#count;
  }

  has(server: string): boolean {
    return this.#machines.has(server);
  }

  /** What another machine says, of itself or of a third one. @returns whether that changes what people see */
  learn(news: MachineFlags, nowS: number): boolean {
    const { server, incarnation, number, seenAt } = news;
    const before = this.#machines.get(server);
    if (before !== undefined && !isLater(news, before)) {
      // It is no news, but it shows that the machine is there.
      const isSame = incarnation === before.incarnation && number === before.number;
      if (isSame) this.#machines.set(server, { ...before, heardAt: nowS, seenAt: Math.max(seenAt, before.seenAt) });
      return false;
    }
    if (before === undefined && this.#machines.size >= this.#options.countMax + EMPTY_MAX) return false;
    const room = this.#options.countMax - this.#count + (before?.flags.length ?? 0);
    const flags = [...news.flags].sort(compareFlags).slice(0, room);
    this.#count += flags.length - (before?.flags.length ?? 0);
    this.#machines.set(server, { server, incarnation, number, seenAt: Math.min(seenAt, nowS), flags, heardAt: nowS });
    return JSON.stringify(flags) !== JSON.stringify(before?.flags ?? []);
  }

  /** A machine is not expected to come back. @returns whether it had flags */
  forget(server: string): boolean {
    const entry = this.#machines.get(server);
    this.#machines.delete(server);
    this.#count -= entry?.flags.length ?? 0;
    return (entry?.flags.length ?? 0) > 0;
  }

  /** Flags as people are to see them. */
  *list(isReachable: (server: string) => boolean): Generator<Flag> {
    for (const { server, flags } of this.#machines.values()) {
      const isLost = flags.length > 0 && !isReachable(server);
      for (const flag of flags) yield isLost ? { ...flag, isLost } : flag;
    }
  }

  /** What is known of each machine, for who has just come. */
  *machines(): Generator<MachineFlags> {
    for (const { heardAt: _own, ...machine } of this.#machines.values()) yield machine;
  }

  /** Notes who is there, forgets who was lost for too long. @returns who has been silent for too long and can be asked */
  look(isReachable: (server: string) => boolean, nowS: number): string[] {
    const silent: string[] = [];
    const { lostS, staleS } = this.#options;
    for (const entry of this.#machines.values()) {
      const { server, seenAt, heardAt, flags } = entry;
      if (isReachable(server)) {
        this.#machines.set(server, { ...entry, seenAt: nowS });
        // Who has none says so once; who has some says so every so often.
        if (flags.length > 0 && nowS - heardAt > staleS) silent.push(server);
      } else if (nowS - seenAt > lostS) this.forget(server);
    }
    return silent;
  }
}

const isLater = (a: MachineFlags, b: MachineFlags): boolean =>
  a.incarnation === b.incarnation ? a.number > b.number : a.incarnation > b.incarnation;

/** What a daemon says of machines; what is none is left out. */
export function readMachines(text: string): MachineFlags[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(list) ? list.flatMap((entry) => readMachine(entry) ?? []) : [];
}

const SERVER = /^[a-z_][a-z0-9_]{0,63}$/;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readMachine(entry: unknown): MachineFlags | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { server, incarnation, number, seenAt, flags } = entry as Partial<Record<keyof MachineFlags, unknown>>;
  if (typeof server !== 'string' || !SERVER.test(server) || !isCount(incarnation) || !isCount(number)) return undefined;
  if (typeof seenAt !== 'number' || !(seenAt >= 0) || !Array.isArray(flags)) return undefined;
  const read = flags.flatMap((flag) => readFlag(flag) ?? []);
  return { server, incarnation, number, seenAt, flags: read.map((flag) => ({ ...flag, server })) };
}
