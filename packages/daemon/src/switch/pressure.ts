// What happens when a destination is slow: its senders are paused, then their messages refused, until half is gone.

import type { Arena } from './arena.ts';
import { type Destination, heldBytes, seal } from './destination.ts';
import type { Source } from './source.ts';

export interface PressureLimits {
  /** From so many bytes before a destination's socket on, its senders are paused. */
  readonly pauseBytes: number;
  /** Longest time that a source is paused at a stretch. */
  readonly pauseMs: number;
  /** A full destination that takes nothing for so long refuses. */
  readonly stallMs: number;
}

interface Pressed {
  /** When it became full, and when it last took something. */
  readonly sinceMs: number;
  progressMs: number;
  pendingBytes: number;
  /** How often it was looked at since, and had taken nothing. */
  idleLooks: number;
}

/** How often full destinations are looked at. */
const CHECK_INTERVAL_MS = 20;
/** A daemon that had no time itself must not think that its destinations were idle: so often at least it has looked. */
const IDLE_LOOKS_MIN = 3;

export class Pressure {
  readonly #arena: Arena;
  readonly #limits: PressureLimits;
  readonly #now: () => number;
  readonly #onReopen: (destination: Destination) => void;
  readonly #pressed = new Map<Destination, Pressed>();
  #timer: NodeJS.Timeout | undefined;

  constructor(arena: Arena, limits: PressureLimits, now: () => number, onReopen: (destination: Destination) => void) {
    this.#arena = arena;
    this.#limits = limits;
    this.#now = now;
    this.#onReopen = onReopen;
  }

  /** Something was queued: an open destination may be full now. */
  feel(destination: Destination): void {
    if (destination.state !== 'open' || heldBytes(destination) < this.#limits.pauseBytes) return;
    destination.state = 'full';
    seal(this.#arena, destination.slot);
    const now = this.#now();
    const pendingBytes = destination.outlet.pendingBytes();
    this.#pressed.set(destination, { sinceMs: now, progressMs: now, pendingBytes, idleLooks: 0 });
    this.#timer ??= setInterval(this.#check, CHECK_INTERVAL_MS).unref();
  }

  /** Something was taken: half empty, the destination is open again. */
  ease(destination: Destination): void {
    const { state } = destination;
    if ((state !== 'full' && state !== 'refusing') || heldBytes(destination) > this.#limits.pauseBytes / 2) return;
    destination.state = 'open';
    this.#pressed.delete(destination);
    this.#onReopen(destination);
    this.#release(destination);
  }

  /** Pauses a source that writes to a full destination. */
  block(source: Source, destination: Destination): void {
    // Two that answer each other would wait for each other: then neither is paused, and the limit decides.
    const other = destination.source;
    if (other !== undefined && source.destination !== undefined && other.blockedBy?.has(source.destination)) return;
    source.blockedBy ??= new Set();
    if (source.blockedBy.has(destination)) return;
    source.blockedBy.add(destination);
    destination.waiters ??= new Set();
    destination.waiters.add(source);
    if (source.blockedBy.size === 1) source.pause();
  }

  /** The destination is gone: nobody waits for it any more. */
  forget(destination: Destination): void {
    this.#pressed.delete(destination);
    this.#release(destination);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #check = (): void => {
    const now = this.#now();
    const { pauseMs, stallMs } = this.#limits;
    for (const [destination, pressed] of this.#pressed) {
      const pendingBytes = destination.outlet.pendingBytes();
      pressed.idleLooks++;
      if (pendingBytes < pressed.pendingBytes) {
        pressed.progressMs = now;
        pressed.idleLooks = 0;
      }
      pressed.pendingBytes = pendingBytes;
      const isIdle = now - pressed.progressMs >= stallMs && pressed.idleLooks >= IDLE_LOOKS_MIN;
      const isStalled = isIdle && destination.outlet.windowBytes === undefined;
      const isOver = isStalled || now - pressed.sinceMs >= pauseMs;
      if (destination.state === 'full' && isOver) {
        destination.state = 'refusing';
        this.#release(destination);
      }
    }
    if (this.#pressed.size === 0) this.close();
  };

  #release(destination: Destination): void {
    const { waiters } = destination;
    destination.waiters = undefined;
    for (const source of waiters ?? []) {
      source.blockedBy?.delete(destination);
      if (source.blockedBy?.size === 0) source.resume();
    }
  }
}
