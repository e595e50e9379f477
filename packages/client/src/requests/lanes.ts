// Which services give correlation ids back, and the order of requests to those that do not: one after the other, never guessed.

import type { Message } from '../wire/message.ts';

/** What a lane needs to know of a request. */
export interface LaneRequest {
  readonly server: string;
  readonly service: string;
  readonly command: string;
  /** The commands that answer it; empty when nobody said, so that only its id can find its answer. */
  readonly expect: readonly string[];
}

/** Whether a service gives correlation ids back. */
export type Echo = 'unknown' | 'yes' | 'no';

interface Lane<R extends LaneRequest> {
  echo: Echo;
  /** The request whose answer may come without its id. */
  active: R | undefined;
  readonly waiting: R[];
  /** How many have been sent and are not over. */
  underWay: number;
  /** A request that was given up and whose answer may still come, until then. */
  late: { readonly request: R; readonly timer: ReturnType<typeof setTimeout> } | undefined;
  /** How many requests are under way of which nobody knows the answer's command. */
  unnamed: number;
  /** The last command that came from the service without an id, for the error of an unnamed request. */
  lastUnnamedAnswer: string | undefined;
  probedAt: number;
}

export interface LaneEvents<R> {
  /** The request may go out now. */
  send(request: R): void;
  /** Asks the service whether it gives ids back, by an ALIVE with one. */
  probe(service: string): void;
}

/** How a message without an id stands to the requests: the answer to one, the late answer to one given up, or nothing. */
export type Match<R> = { readonly answered: R } | 'late' | undefined;

const probeIntervalMs = 1000;

/**
 * A lane per service. A service that gives ids back (every one that uses this library) has an open lane. For any other, and
 * for one of which nothing is known yet, a request that names its answer waits for the one before it: then the answer, which
 * is recognised by its sender and command, can belong to one request alone. A request that was given up blocks the lane until
 * its late answer has come or cannot come any more. The first one that has to wait asks the service by an ALIVE with an id,
 * so that a service that does give ids back is known as soon as it answers that.
 */
export class Lanes<R extends LaneRequest> {
  readonly #lanes = new Map<string, Lane<R>>();
  readonly #events: LaneEvents<R>;
  readonly #lateMs: number;
  readonly #lanesMax: number;

  constructor(events: LaneEvents<R>, options: { readonly lateAnswerMs: number; readonly lanesMax?: number }) {
    this.#events = events;
    this.#lateMs = options.lateAnswerMs;
    this.#lanesMax = options.lanesMax ?? 1000;
  }

  echoOf(service: string): Echo {
    return this.#lanes.get(service)?.echo ?? 'unknown';
  }

  lastUnnamedAnswer(service: string): string | undefined {
    return this.#lanes.get(service)?.lastUnnamedAnswer;
  }

  /** A request sets out: it is sent now, or when its turn comes. @returns whether it was sent */
  enter(request: R): boolean {
    const lane = this.#laneOf(request.service);
    if (lane.echo !== 'yes' && request.expect.length === 0) lane.unnamed++;
    else if (lane.echo !== 'yes') {
      if (lane.active !== undefined || lane.late !== undefined) {
        lane.waiting.push(request);
        this.#probe(request.service, lane);
        return false;
      }
      lane.active = request;
    }
    this.#dispatch(lane, request);
    return true;
  }

  /**
   * A request is over.
   * @param mayStillBeAnswered whether the service may have it: then nobody is taken for its answer for a while
   */
  leave(request: R, mayStillBeAnswered: boolean): void {
    const lane = this.#lanes.get(request.service);
    if (lane === undefined) return;
    const at = lane.waiting.indexOf(request);
    if (at >= 0) return void lane.waiting.splice(at, 1);
    lane.underWay--;
    // Perhaps another instance answers now, which gives no ids back: with nothing else under way it can be asked anew.
    if (mayStillBeAnswered && lane.echo === 'yes' && lane.underWay === 0) {
      lane.echo = 'unknown';
      if (request.expect.length === 0) lane.unnamed = 1;
      else lane.active = request;
    }
    const isMarked = mayStillBeAnswered && lane.echo !== 'yes';
    if (request.expect.length === 0) {
      if (isMarked) setTimeout(() => this.#forgetUnnamed(lane), this.#lateMs).unref?.();
      else this.#forgetUnnamed(lane);
    } else if (lane.active === request) {
      lane.active = undefined;
      if (isMarked) this.#block(lane, request);
      else this.#advance(lane);
    }
  }

  /** The service has given an id back. */
  echoes(service: string): void {
    const lane = this.#laneOf(service);
    if (lane.echo === 'yes') return;
    lane.echo = 'yes';
    clearTimeout(lane.late?.timer);
    lane.late = undefined;
    lane.active = undefined;
    lane.unnamed = 0;
    for (const request of lane.waiting.splice(0)) this.#dispatch(lane, request);
  }

  /** The service has answered an ALIVE without its id. */
  doesNotEcho(service: string): void {
    const lane = this.#laneOf(service);
    if (lane.echo === 'unknown') lane.echo = 'no';
  }

  /** Looks at a message without an id. */
  match(message: Message): Match<R> {
    const lane = this.#lanes.get(message.sentFromService);
    if (lane === undefined || lane.echo === 'yes') return undefined;
    if (lane.unnamed > 0) lane.lastUnnamedAnswer = message.command;
    const { active, late } = lane;
    if (late !== undefined && couldAnswer(late.request, message)) {
      clearTimeout(late.timer);
      lane.late = undefined;
      lane.echo = 'no';
      this.#advance(lane);
      return 'late';
    }
    // The answer of a request that did not name it might look the same: then it stays open whose this is.
    if (active === undefined || lane.unnamed > 0 || !couldAnswer(active, message)) return undefined;
    lane.echo = 'no';
    return { answered: active };
  }

  /** Another daemon, perhaps other services: what was known of them is asked again. */
  forgetEchoes(): void {
    for (const [service, lane] of this.#lanes) {
      if (isIdle(lane)) this.#lanes.delete(service);
    }
  }

  close(): void {
    for (const lane of this.#lanes.values()) clearTimeout(lane.late?.timer);
    this.#lanes.clear();
  }

  #laneOf(service: string): Lane<R> {
    let lane = this.#lanes.get(service);
    if (lane === undefined) {
      if (this.#lanes.size >= this.#lanesMax) this.#evict();
      lane = {
        echo: 'unknown',
        active: undefined,
        waiting: [],
        underWay: 0,
        late: undefined,
        unnamed: 0,
        lastUnnamedAnswer: undefined,
        probedAt: Number.NEGATIVE_INFINITY,
      };
      this.#lanes.set(service, lane);
    }
    return lane;
  }

  /** Makes room by forgetting the oldest service of which nothing is under way. */
  #evict(): void {
    for (const [service, lane] of this.#lanes) {
      if (isIdle(lane)) return void this.#lanes.delete(service);
    }
  }

  #probe(service: string, lane: Lane<R>): void {
    const now = performance.now();
    if (lane.echo !== 'unknown' || now - lane.probedAt < probeIntervalMs) return;
    lane.probedAt = now;
    this.#events.probe(service);
  }

  #block(lane: Lane<R>, request: R): void {
    const timer = setTimeout(() => {
      lane.late = undefined;
      this.#advance(lane);
    }, this.#lateMs);
    timer.unref?.();
    lane.late = { request, timer };
  }

  #advance(lane: Lane<R>): void {
    const next = lane.waiting.shift();
    if (next === undefined) return;
    lane.active = next;
    this.#dispatch(lane, next);
  }

  #dispatch(lane: Lane<R>, request: R): void {
    lane.underWay++;
    this.#events.send(request);
  }

  #forgetUnnamed(lane: Lane<R>): void {
    // The count is set back when the service turns out to give ids back.
    lane.unnamed = Math.max(0, lane.unnamed - 1);
  }
}

const isIdle = <R extends LaneRequest>(lane: Lane<R>): boolean =>
  lane.underWay === 0 && lane.late === undefined && lane.waiting.length === 0 && lane.unnamed === 0;

/** Whether a message without an id can be the answer, by its sender and command. */
function couldAnswer(request: LaneRequest, { sentFromServer, sentFromService, command, parameters }: Message): boolean {
  if (sentFromService !== request.service) return false;
  const isOneServer = /^\w/.test(request.server);
  if (isOneServer && sentFromServer.toLowerCase() !== request.server.toLowerCase()) return false;
  if (command === 'UNKNOWN' || command === 'INVALID') return parameters['command'] === request.command;
  return request.expect.includes(command);
}
