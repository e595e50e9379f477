// The page's one state: connection, view, cluster and messages, joined.

import type { Flag } from 'snapcommunicator/contract';
import type { Message } from 'snapcommunicator/wire';
import { Bus, type BusState } from '../bus/bus.ts';
import { Daemons } from '../bus/daemon.ts';
import { browserSurroundings } from '../bus/surroundings.ts';
import { Cluster } from './cluster.svelte.ts';
import { healthLine } from './health.ts';
import { Messages } from './messages.svelte.ts';
import { Navigation } from './navigation.svelte.ts';
import { Scheduler } from './scheduler.ts';

const TICK_MS = 250;

export class Console {
  readonly navigation = new Navigation();
  readonly daemons: Daemons;
  readonly cluster: Cluster;
  readonly messages: Messages;
  connection = $state.raw<BusState>({ kind: 'connecting' });
  /** Unix seconds, once a second. */
  clock = $state(Date.now() / 1000);
  isVisible = $state(!document.hidden);

  readonly #bus: Bus;
  readonly #scheduler: Scheduler;

  constructor() {
    this.#bus = new Bus(browserSurroundings(location));
    this.daemons = new Daemons(this.#bus);
    this.cluster = new Cluster(this.daemons, () => ({
      page: this.navigation.view.page,
      time: this.navigation.view.time,
    }));
    this.messages = new Messages(this.daemons, this.cluster);
    this.#scheduler = new Scheduler(this.cluster.tasks);
    this.#bus.onState = (state) => this.#changed(state);
    this.#bus.onMessage = (message) => this.messages.receive(message);
    document.addEventListener('visibilitychange', () => this.#looked(!document.hidden));
    setInterval(() => this.#tick(), TICK_MS);
    this.#bus.start();
  }

  get view() {
    return this.navigation.view;
  }

  /** Unix seconds of the moment that is looked at, by the clock of the daemon. */
  get time(): number {
    return this.view.time ?? this.cluster.live?.time ?? this.clock;
  }

  /** Whether what is shown may not hold any more. */
  readonly isStale = $derived(this.connection.kind !== 'ready');

  readonly health = $derived.by(() => {
    const { graph, gone } = this.cluster;
    if (graph === undefined) return undefined;
    return healthLine(graph, this.view.time === undefined ? this.cluster.flags : [], gone);
  });

  /** Asks somebody by hand. @throws BusError */
  ask(question: Parameters<Bus['ask']>[0]): Promise<Message> {
    return this.#bus.ask(question);
  }

  /** Lowers a flag by hand. @throws BusError saying why not */
  async lower({ server, unit, section, name }: Flag): Promise<void> {
    const isOwn = server === this.cluster.live?.seenFrom;
    await this.#bus.ask({
      server: isOwn ? '' : server,
      command: 'FLAG_DOWN',
      parameters: { unit, section, name, by_hand: 'true' },
    });
    this.#scheduler.hurry();
  }

  /** Something else is in sight: what it needs is asked at once. */
  hurry(): void {
    this.#scheduler.hurry();
  }

  #tick(): void {
    const now = Date.now();
    if (Math.floor(now / 1000) !== Math.floor(this.clock)) this.clock = now / 1000;
    if (this.connection.kind === 'ready' && this.isVisible) this.#scheduler.tick(now);
  }

  #changed(state: BusState): void {
    const isBack = state.kind === 'ready';
    this.connection = state;
    if (!isBack) return;
    this.cluster.reconnected();
    this.#scheduler.hurry();
    this.#tick();
    this.messages.again();
  }

  #looked(isVisible: boolean): void {
    this.isVisible = isVisible;
    if (!isVisible) return;
    this.#bus.hurry();
    this.#scheduler.hurry();
    this.#tick();
  }
}
