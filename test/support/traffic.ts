// Steady traffic of numbered messages between two daemons, and what became of it: lost, doubled, out of order, how late.
//
// Sender and receiver are in this process, on the sockets of two daemons, so one clock measures both.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface TrafficPlan {
  /** Where the sender's daemon listens: the path of its Unix socket. */
  readonly from: string;
  readonly to: string;
  /** Of the receiving service; the sender is called so too, with `_sender` behind. */
  readonly name: string;
  /** The sender says `name` or what stands here, as in `beta:name`. */
  readonly address?: string;
  readonly perSecond?: number;
  /** So many more at once, every so often. */
  readonly bursts?: { readonly messages: number; readonly everyMs: number };
  /** What else the messages bear: `transmission_report=failure`, `cache="durable"`. Each bears a message_id then. */
  readonly parameters?: string;
  /** Characters of a parameter that only takes room; default 0. */
  readonly padding?: number;
}

/** What became of the messages. All is well if everything but `sent` and `received` is empty or 0. */
export interface Outcome {
  readonly sent: number;
  readonly received: number;
  /** Numbers that neither came nor were reported as failed, at most 20. */
  readonly lost: readonly number[];
  readonly doubled: readonly number[];
  /** Those that came behind a greater one. */
  readonly late: readonly number[];
  /** By number: the status and reason that the sender was told. */
  readonly refused: Readonly<Record<number, string>>;
  /** Whatever else the sender was told. */
  readonly complaints: readonly string[];
}

const tickMs = 1;
const settledMsMax = 30_000;
const listMax = 20;
const registerMsMax = 10_000;
const NUMBER = /\bnumber=(\d+)/;
const REPORT = /TRANSMISSION_REPORT\b/;

/** Connects, registers and hands over each line with the time at which it came. */
async function register(path: string, service: string, take: (line: string, now: number) => void): Promise<Socket> {
  const socket = connect({ path });
  await once(socket, 'connect');
  let rest = '';
  let isReady = false;
  const ready = new Promise<void>((resolve, reject) => {
    socket.on('close', () => (isReady ? undefined : reject(new Error(`${service} was not registered at ${path}`))));
    setTimeout(() => reject(new Error(`no READY for ${service} from ${path}`)), registerMsMax).unref();
    socket.setEncoding('latin1').on('data', (text: string) => {
      const now = performance.now();
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isReady) take(line, now);
        else if (/ READY /.test(line)) {
          isReady = true;
          resolve();
        }
      }
    });
  });
  socket.on('error', () => undefined);
  socket.write(`REGISTER service=${service};version=1\n`);
  await ready;
  return socket;
}

export class Traffic {
  readonly plan: TrafficPlan;
  #sender: Socket | undefined;
  #receiver: Socket | undefined;
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();
  #sent = 0;
  /** Numbers as they came, and when; without those that bear `redelivered` and had come before. */
  readonly #numbers: number[] = [];
  readonly #times: number[] = [];
  readonly #seen = new Set<number>();
  readonly #refused = new Map<number, string>();
  readonly #complaints: string[] = [];
  #longestPauseMs = 0;

  private constructor(plan: TrafficPlan) {
    this.plan = plan;
  }

  /** Both ends registered, and messages going. */
  static async start(plan: TrafficPlan): Promise<Traffic> {
    const traffic = new Traffic(plan);
    await traffic.receive();
    traffic.#sender = await register(plan.from, `${plan.name}_sender`, (line) => traffic.#hear(line));
    traffic.#isSending = true;
    traffic.#sending = traffic.#send();
    return traffic;
  }

  /** Registers the receiving service, the first time or again. */
  async receive(path = this.plan.to): Promise<void> {
    this.#receiver = await register(path, this.plan.name, (line, now) => this.#take(line, now));
  }

  /** The receiving service leaves. */
  async leave(): Promise<void> {
    const socket = this.#receiver;
    if (socket === undefined) return;
    socket.end('UNREGISTER\n');
    await once(socket, 'close');
  }

  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#numbers.length;
  }

  /** The longest time since `resetPause` in which this process itself did nothing; what is measured is no finer. */
  get longestPauseMs(): number {
    return this.#longestPauseMs;
  }

  resetPause(): void {
    this.#longestPauseMs = 0;
  }

  /** Waits until so many more have come than had now. */
  async more(count: number, msMax = settledMsMax): Promise<void> {
    const until = this.received + count;
    const deadline = performance.now() + msMax;
    while (this.received < until) {
      if (performance.now() > deadline) throw new Error(`${this.plan.name}: ${this.#summary()}, waited for ${until}`);
      await pause(tickMs);
    }
  }

  /** The longest time without an arrival, of those that ended after `since` (as of `performance.now()`). */
  longestGapMs(since = 0): number {
    let longest = 0;
    let [last = 0] = this.#times;
    for (const now of this.#times) {
      if (now >= since) longest = Math.max(longest, now - last);
      last = now;
    }
    return longest;
  }

  /** Ends the sending, waits until every message is accounted for or nothing has come for long, and leaves. */
  async finish(): Promise<Outcome> {
    this.#isSending = false;
    await this.#sending;
    let progress = this.received + this.#refused.size;
    let deadline = performance.now() + settledMsMax;
    while (this.#seen.size + this.#refused.size < this.#sent && performance.now() < deadline) {
      await pause(tickMs);
      const now = this.received + this.#refused.size;
      if (now > progress) deadline = performance.now() + settledMsMax;
      progress = now;
    }
    this.abandon();
    return this.#outcome();
  }

  /** Ends at once, whatever is still under way. */
  abandon(): void {
    this.#isSending = false;
    this.#sender?.destroy();
    this.#receiver?.destroy();
  }

  #outcome(): Outcome {
    const lost: number[] = [];
    for (let number = 0; number < this.#sent && lost.length < listMax; number++) {
      if (!this.#seen.has(number) && !this.#refused.has(number)) lost.push(number);
    }
    const doubled: number[] = [];
    const late: number[] = [];
    const seen = new Set<number>();
    let greatest = -1;
    for (const number of this.#numbers) {
      if (seen.has(number)) doubled.push(number);
      else if (number < greatest) late.push(number);
      seen.add(number);
      greatest = Math.max(greatest, number);
    }
    return {
      sent: this.#sent,
      received: this.received,
      lost,
      doubled: doubled.slice(0, listMax),
      late: late.slice(0, listMax),
      refused: Object.fromEntries([...this.#refused].slice(0, listMax)),
      complaints: this.#complaints.slice(0, listMax),
    };
  }

  #summary(): string {
    return `${this.#sent} sent, ${this.received} received, ${this.#refused.size} refused`;
  }

  async #send(): Promise<void> {
    const { perSecond = 1000, bursts } = this.plan;
    const socket = this.#sender as Socket;
    const began = performance.now();
    let steady = 0;
    let nextBurst = began + (bursts?.everyMs ?? Number.POSITIVE_INFINITY);
    let last = began;
    while (this.#isSending && !socket.destroyed) {
      await pause(tickMs);
      const now = performance.now();
      this.#longestPauseMs = Math.max(this.#longestPauseMs, now - last);
      last = now;
      // The daemon pauses who sends too much.
      if (socket.writableNeedDrain) continue;
      const due = Math.floor(((now - began) * perSecond) / 1000);
      let count = due - steady;
      steady = due;
      if (now >= nextBurst && bursts !== undefined) {
        count += bursts.messages;
        nextBurst += bursts.everyMs;
      }
      if (count > 0) socket.write(this.#lines(count));
    }
  }

  #lines(count: number): string {
    const { name, address = name, parameters, padding = 0 } = this.plan;
    const room = padding > 0 ? `;room=${'x'.repeat(padding)}` : '';
    let text = '';
    for (let left = count; left > 0; left--) {
      const number = this.#sent++;
      const asked = parameters === undefined ? '' : `;message_id=${name}_${number};${parameters}`;
      text += `${address}/NOTE number=${number}${asked}${room}\n`;
    }
    return text;
  }

  #take(line: string, now: number): void {
    const number = Number(NUMBER.exec(line)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) return;
    // A durable message may come again, if it says so.
    if (this.#seen.has(number) && line.includes('redelivered=1')) return;
    this.#seen.add(number);
    this.#numbers.push(number);
    this.#times.push(now);
  }

  #hear(line: string): void {
    const status = /\bstatus="?(\w+)/.exec(line)?.[1];
    if (!REPORT.test(line) || status === undefined) {
      if (!line.endsWith(' HELP')) this.#complaints.push(line);
      return;
    }
    const number = Number(/\bmessage_id="?\w+_(\d+)/.exec(line)?.[1] ?? Number.NaN);
    if (status === 'cached' || status === 'delivered') return;
    this.#refused.set(number, `${status} ${/\breason="?([\w-]+)/.exec(line)?.[1] ?? ''}`.trim());
  }
}
