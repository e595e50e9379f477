// The messages that pass: watched on every machine while somebody looks, with what the recorders held before.

import { compileFilter, type Filter, type FilterError } from '@snapcommunicator/network/filter';
import {
  betterClock,
  type ClockEstimate,
  clockFrom,
  machinesOf,
  type Story,
  tellStory,
  type Witness,
} from '@snapcommunicator/network/story';
import type { Message } from 'snapcommunicator/wire';
import { BusError } from '../bus/bus.ts';
import { type Daemons, type RecordsAnswer, silenceOf } from '../bus/daemon.ts';
import type { Cluster } from './cluster.svelte.ts';
import { isConsoleTalk, isMeant, MessageLog, type MessageRow } from './message-log.ts';
import { askEach } from './scheduler.ts';

/** What was before somebody looked, in seconds. */
const BEFORE_SECONDS = 60;
const RECORDS_PER_MACHINE = 1000;
/** Daemons of other machines show traffic for 15 s. */
const RENEW_MS = 5000;
const RENDER_MS = 100;

/** What is watched: a filter, and the moment that is looked at. */
export interface Watch {
  readonly filter: string;
  /** Unix seconds; undefined: now. */
  readonly time: number | undefined;
}

export class Messages {
  /** Grows when rows have changed, a few times a second at most. */
  version = $state(0);
  error = $state.raw<FilterError | undefined>(undefined);
  /** What a daemon says against the filter, or against looking at all. */
  refusal = $state('');
  /** Machines that do not show their messages, and why. */
  silent = $state.raw<ReadonlyMap<string, string>>(new Map());
  isLoading = $state(false);
  /** Messages that daemons left out because they were too many. */
  skipped = $state(0);
  /** Before this moment, in Unix seconds, there were more than a daemon told: nothing of that is shown. */
  since = $state<number | undefined>(undefined);
  /** While paused these are shown, and nothing moves. */
  frozen = $state.raw<readonly MessageRow[] | undefined>(undefined);
  readonly log = new MessageLog();

  readonly #daemons: Daemons;
  readonly #cluster: Cluster;
  readonly #clocks = new Map<string, ClockEstimate>();
  readonly #watched = new Set<string>();
  #watch: Watch | undefined;
  #filter: Filter | undefined;
  #round = 0;
  #renewTimer: ReturnType<typeof setInterval> | undefined;
  #isRenderDue = false;

  constructor(daemons: Daemons, cluster: Cluster) {
    this.#daemons = daemons;
    this.#cluster = cluster;
  }

  /** Watches something else from now on; undefined: nothing. */
  async watch(watch: Watch | undefined): Promise<void> {
    const before = this.#watch;
    if (
      before?.filter === watch?.filter &&
      before?.time === watch?.time &&
      (before === undefined) === (watch === undefined)
    )
      return;
    this.#watch = watch;
    const round = ++this.#round;
    this.#stop();
    if (watch === undefined) return;
    const { filter, error } = compileFilter(watch.filter);
    this.error = error;
    this.#filter = filter;
    if (filter === undefined) return;
    this.log.clear();
    this.frozen = undefined;
    this.skipped = 0;
    this.since = undefined;
    this.refusal = '';
    this.isLoading = true;
    this.#show();
    const isCurrent = (): boolean => round === this.#round;
    if (watch.time === undefined) {
      this.#renewTimer = setInterval(() => void this.#sniffAll(filter.text, isCurrent), RENEW_MS);
      void this.#sniffAll(filter.text, isCurrent);
    }
    // What is told twice is joined by its id.
    await this.#recall(filter.text, watch.time ?? Date.now() / 1000, isCurrent);
    if (isCurrent()) this.isLoading = false;
  }

  /** The connection is back: what was watched is watched again. */
  again(): void {
    const watch = this.#watch;
    this.#watch = undefined;
    this.#watched.clear();
    void this.watch(watch);
  }

  pause(): void {
    this.frozen ??= [...this.log.rows];
  }

  goOn(): void {
    this.frozen = undefined;
  }

  /** A message of the bus that is no answer. */
  receive({ command, sentFromServer: server, sentFromService, parameters }: Message): void {
    // Only the word of a daemon that was asked: any service could send a message of that name.
    if (command !== 'SNIFFED' || sentFromService !== 'communicatord' || !this.#watched.has(server)) return;
    this.skipped += Number(parameters['skipped'] ?? 0) || 0;
    const { from = '', to = '', command: what = '', outcome = '', reason = '', id = '', line = '' } = parameters;
    if (this.#isHidden(from, to)) return;
    const time = this.#ownTime(server, Number(parameters['time']) || Date.now() / 1000);
    const size = Number(parameters['size']) || 0;
    const sighting = { time, at: server, from, to, command: what, size, outcome, reason, id, line };
    // Daemons choose by the filter; but what one chose by the filter before may come after it was changed.
    if (this.#filter === undefined || !isMeant(this.#filter, sighting)) return;
    this.log.add(sighting);
    this.#show();
  }

  /** What became of a message, asked of every machine. */
  async story(id: string): Promise<Story | undefined> {
    const { live } = this.#cluster;
    if (live === undefined) return undefined;
    const witnesses = await Promise.all(
      machinesOf(live).map(async ({ server, isOwn, node, upSince, silence }): Promise<Witness> => {
        const known = { server, node, upSince, records: [] };
        if (silence !== undefined) return { ...known, silence };
        try {
          const answer = await this.#daemons.records(isOwn ? '' : server, { id });
          this.#learnClock(server, answer);
          return { ...known, clock: this.#clocks.get(server), oldest: answer.oldest, records: answer.records };
        } catch (error) {
          return { ...known, silence: silenceOf(error) };
        }
      }),
    );
    return tellStory(id, witnesses, Date.now() / 1000);
  }

  #stop(): void {
    clearInterval(this.#renewTimer);
    const own = this.#cluster.live?.seenFrom;
    for (const server of this.#watched) this.#daemons.stopSniffing(server === own ? '' : server);
    this.#watched.clear();
    this.silent = new Map();
  }

  async #sniffAll(filter: string, isCurrent: () => boolean): Promise<void> {
    const own = this.#cluster.live?.seenFrom;
    if (own === undefined) return;
    await askEach([own, ...this.#cluster.others], async (server) => {
      if (!isCurrent()) return;
      // The first message may be here before the answer is.
      this.#watched.add(server);
      try {
        await this.#daemons.sniff(server === own ? '' : server, filter, false);
      } catch (error) {
        // Who is only slow may have begun to show.
        if (!(error instanceof BusError) || error.fault === 'lost' || error.fault === 'timeout' || !isCurrent()) return;
        this.#watched.delete(server);
        if (server === own) this.refusal = error.message;
        else this.silent = new Map(this.silent).set(server, error.message);
      }
    });
  }

  /** What the recorders held of the time before. */
  async #recall(filter: string, until: number, isCurrent: () => boolean): Promise<void> {
    const own = this.#cluster.live?.seenFrom;
    if (own === undefined) return;
    const begins: number[] = [];
    await askEach([own, ...this.#cluster.others], async (server) => {
      const ahead = this.#clocks.get(server)?.aheadSeconds ?? 0;
      const answer = await this.#daemons.records(server === own ? '' : server, {
        filter,
        since: until - BEFORE_SECONDS + ahead,
        until: until + ahead,
        count: RECORDS_PER_MACHINE,
        isNewest: true,
      });
      if (!isCurrent()) return;
      this.#learnClock(server, answer);
      if (answer.since !== undefined) begins.push(this.#ownTime(server, answer.since));
      for (const {
        number: _number,
        cameBy: _cameBy,
        wentBy: _wentBy,
        parameters: _parameters,
        ...record
      } of answer.records) {
        if (this.#isHidden(record.from, record.to)) continue;
        const time = this.#ownTime(server, record.time);
        this.log.add({ ...record, time, at: server, reason: record.reason ?? '', id: record.id ?? '', line: '' });
      }
    });
    if (!isCurrent()) return;
    if (begins.length > 0) {
      // Before that only machines with little to do have told all: that is a picture of nothing that ever was.
      this.since = Math.max(...begins);
      this.log.dropBefore(this.since);
    }
    this.log.sort();
    this.#show();
  }

  #learnClock(server: string, { askedAt, answeredAt, now }: RecordsAnswer): void {
    if (now === undefined) return;
    const better = betterClock(this.#clocks.get(server), clockFrom(askedAt, answeredAt, now));
    if (better !== undefined) this.#clocks.set(server, better);
  }

  #ownTime(server: string, time: number): number {
    return time - (this.#clocks.get(server)?.aheadSeconds ?? 0);
  }

  /** What consoles and daemons say to each other is not what anybody looks for, unless the filter names a console. */
  #isHidden(from: string, to: string): boolean {
    return isConsoleTalk(from, to) && !this.#watch?.filter.includes('console');
  }

  #show(): void {
    if (this.#isRenderDue) return;
    this.#isRenderDue = true;
    setTimeout(() => {
      this.#isRenderDue = false;
      this.version++;
    }, RENDER_MS);
  }
}
