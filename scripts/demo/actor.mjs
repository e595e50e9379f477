// One service of the demo on one machine: it can come and go, and does some things again and again while it is there.

const leaveMsMax = 1000;

export class Actor {
  #open;
  #live;
  #bus;
  #timers = new Set();

  /**
   * @param open connects it
   * @param live is called each time it has come, with `on` for its commands and `again` for what it does by itself
   */
  constructor(service, machine, open, live) {
    this.service = service;
    this.machine = machine;
    this.#open = open;
    this.#live = live;
  }

  async join() {
    if (this.#bus !== undefined) return;
    const bus = await this.#open();
    this.#bus = bus;
    this.#live({
      bus,
      // One who has gone meanwhile cannot be answered, and that is all.
      on: (command, handler) =>
        bus.on(command, async (message, context) => {
          await Promise.resolve(handler(message, context)).catch(() => {});
        }),
      again: (pauseMs, act) => this.#again(pauseMs, act),
    });
  }

  async leave() {
    const bus = this.#bus;
    this.#bus = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await bus?.close({ timeout: leaveMsMax }).catch(() => {});
  }

  /** Does something after each pause, whether it has ended by then or not. */
  #again(pauseMs, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#again(pauseMs, act);
      if (this.#bus?.isConnected) void Promise.resolve(act()).catch(() => {});
    }, pauseMs());
    this.#timers.add(timer);
  }
}

export const now = () => performance.now();
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** A whole number from 0, below the bound. */
export const chance = (bound) => Math.floor(Math.random() * bound);
export const pick = (list) => list[chance(list.length)];
