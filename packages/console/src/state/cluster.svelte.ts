// What is known of the cluster, asked again and again at the pace that what is in sight needs: graph, traffic, history, flags.

import { type GraphDocument, mergeGraphs } from '@snapcommunicator/network/atlas';
import { goneServices, type History, machinesOf, type Traffic } from '@snapcommunicator/network/story';
import type { Flag } from 'snapcommunicator/contract';
import { BusError } from '../bus/bus.ts';
import type { DaemonReport, Daemons, ServiceRow } from '../bus/daemon.ts';
import { type MapTraffic, mergeTraffic } from '../map/model.ts';
import type { PageName } from './address.ts';
import { mergeHistories, withoutLearned } from './history.ts';
import { EMPTY_MEMORY, graphAt, type Memory, remember } from './past.ts';
import { askEach, type Task } from './scheduler.ts';

/** How often each is asked, in ms; of other machines longer, the more there are. */
const PACE = {
  graph: 500,
  graphOfMany: 800,
  traffic: 2000,
  history: 2000,
  flags: 4000,
  others: 5000,
  details: 5000,
  perMachine: 30,
};

/** With more machines the graph is a long document. */
const MANY = 60;

/** So much traffic that was seen is kept for looking back at it. */
const SNAPSHOTS_MAX = 450;
/** Traffic of a moment that is further away than this says nothing about it, in seconds. */
const SNAPSHOT_SECONDS_MAX = 6;

/** Machines that are asked for the graph in a round, beside one of each data centre: they add what only they measure. */
const GRAPH_ROUND = { countMax: 24, rowsMax: 2500 };

/** What nobody knows better than a machine itself: its own links. */
const ownPart = (graph: GraphDocument): GraphDocument => ({
  ...graph,
  dataCenters: [],
  servers: graph.servers.filter(({ name }) => name === graph.seenFrom),
  links: graph.links.filter(({ from, to }) => from === graph.seenFrom || to === graph.seenFrom),
});

const SEES_LINKS: readonly PageName[] = ['map', 'ask', 'links', 'machines', 'services'];
const SEES_TRAFFIC: readonly PageName[] = ['map', 'ask', 'links', 'machines', 'services'];

/** What must be known to decide what is wanted. */
export interface Sight {
  readonly page: PageName;
  readonly time: number | undefined;
}

export class Cluster {
  /** As it is now; undefined until the first answer. */
  live = $state.raw<GraphDocument | undefined>(undefined);
  traffic = $state.raw<ReadonlyMap<string, Traffic>>(new Map());
  history = $state.raw<History | undefined>(undefined);
  flags = $state.raw<readonly Flag[]>([]);
  hasFlags = $state(true);
  /** By machine. */
  services = $state.raw<ReadonlyMap<string, readonly ServiceRow[]>>(new Map());
  reports = $state.raw<ReadonlyMap<string, DaemonReport>>(new Map());
  /** Why the daemon does not tell its graph, if it does not. */
  problem = $state('');

  readonly #daemons: Daemons;
  readonly #sight: () => Sight;
  #own: GraphDocument | undefined;
  /** What other daemons told of the graph, by machine. */
  #others: ReadonlyMap<string, GraphDocument> = new Map();
  /** Where the round of those that are asked for the sake of their links goes on. */
  #next = 0;
  #memory: Memory = EMPTY_MEMORY;
  #ownHistory: History | undefined;
  #otherHistories: readonly History[] = [];
  #snapshots: MapTraffic[] = [];

  readonly mapTraffic = $derived(mergeTraffic(this.traffic));

  constructor(daemons: Daemons, sight: () => Sight) {
    this.#daemons = daemons;
    this.#sight = sight;
  }

  /** The graph of the moment that is looked at. */
  readonly graph = $derived.by(() => {
    const { time } = this.#sight();
    if (this.live === undefined || time === undefined) return this.live;
    return graphAt(this.live, this.history?.events ?? [], time, this.#memory);
  });

  /** Services that are, or at that moment were, on no machine any more, though their machines are there. */
  readonly gone = $derived.by(() => {
    if (this.graph === undefined || this.history === undefined) return [];
    return goneServices(this.graph, this.history.events, this.#sight().time);
  });

  /** What went over the links at that moment: of the past, what this page saw itself. */
  readonly trafficThen = $derived.by((): MapTraffic => {
    const { time } = this.#sight();
    const now = this.mapTraffic;
    if (time === undefined) return now;
    const near = this.#snapshots.reduce<MapTraffic | undefined>(
      (best, each) => (best === undefined || Math.abs(each.time - time) < Math.abs(best.time - time) ? each : best),
      undefined,
    );
    const isNear = near !== undefined && Math.abs(near.time - time) <= SNAPSHOT_SECONDS_MAX;
    return isNear ? near : { time, flows: [], links: [] };
  });

  /** Machines whose daemons can be asked, but the own one. */
  get others(): string[] {
    const { live } = this;
    if (live === undefined) return [];
    return machinesOf(live)
      .filter(({ isOwn, silence }) => !isOwn && silence === undefined)
      .map(({ server }) => server);
  }

  get tasks(): Task[] {
    // Nothing of others can be asked before it is known who they are.
    const isOn = (pages: readonly PageName[]) => (): boolean =>
      this.live !== undefined && pages.includes(this.#sight().page);
    const hasOthers = (): boolean => this.others.length > 0;
    const each = (ms: number) => (): number => Math.max(ms, this.others.length * PACE.perMachine);
    const always = (): boolean => true;
    return [
      {
        everyMs: () => (this.others.length > MANY ? PACE.graphOfMany : PACE.graph),
        isWanted: always,
        run: () => this.#askGraph(),
      },
      {
        everyMs: () => PACE.others,
        isWanted: () => hasOthers() && isOn(SEES_LINKS)(),
        run: () => this.#askOtherGraphs(),
      },
      { everyMs: each(PACE.traffic), isWanted: isOn(SEES_TRAFFIC), run: () => this.#askTraffic() },
      { everyMs: () => PACE.history, isWanted: always, run: () => this.#askHistory() },
      { everyMs: each(2 * PACE.others), isWanted: hasOthers, run: () => this.#askOtherHistories() },
      { everyMs: () => PACE.flags, isWanted: () => this.hasFlags, run: () => this.#askFlags() },
      { everyMs: each(PACE.details), isWanted: isOn(['services']), run: () => this.#askServices() },
      { everyMs: each(PACE.details), isWanted: isOn(['machines']), run: () => this.#askReports() },
    ];
  }

  /** Another daemon may answer now, or the same one again. */
  reconnected(): void {
    this.hasFlags = true;
    this.#others = new Map();
  }

  async #askGraph(): Promise<void> {
    try {
      this.#own = await this.#daemons.graph();
      this.#merge();
      this.problem = '';
    } catch (error) {
      if (error instanceof BusError && error.fault !== 'lost') this.problem = error.message;
      throw error;
    }
  }

  async #askOtherGraphs(): Promise<void> {
    const witnesses = this.#witnesses();
    const others = this.others.filter((server) => !witnesses.has(server));
    // The larger the cluster, the longer each answer.
    const fitting = Math.max(2, Math.floor(GRAPH_ROUND.rowsMax / Math.max(1, others.length)));
    const size = Math.min(GRAPH_ROUND.countMax, fitting, others.length);
    const round = Array.from({ length: size }, (_, at) => others[(this.#next + at) % others.length] as string);
    this.#next += size;
    const answers = await askEach([...witnesses, ...round], (server) => this.#daemons.graph(server));
    const told = new Map(this.#others);
    for (const [server, graph] of answers) told.set(server, witnesses.has(server) ? graph : ownPart(graph));
    const present = new Set(this.others);
    this.#others = new Map([...told].filter(([server]) => present.has(server)));
    this.#merge();
  }

  /** One machine of each other data centre: it knows that one whole. */
  #witnesses(): Set<string> {
    const own = this.live?.dataCenters.find(({ isOwn }) => isOwn)?.name;
    const present = new Set(this.others);
    const byCenter = new Map<string, string>();
    for (const { name, dataCenter } of this.live?.servers ?? []) {
      if (dataCenter !== own && present.has(name) && !byCenter.has(dataCenter)) byCenter.set(dataCenter, name);
    }
    return new Set(byCenter.values());
  }

  #merge(): void {
    if (this.#own === undefined) return;
    const known = new Set(this.#own.servers.map(({ name }) => name));
    this.live = mergeGraphs(
      this.#own,
      [...this.#others.values()].filter(({ seenFrom }) => known.has(seenFrom)),
    );
    this.#memory = remember(this.#memory, this.live);
  }

  async #askTraffic(): Promise<void> {
    const own = this.live?.seenFrom;
    if (own === undefined) return;
    const [mine, others] = await Promise.all([
      this.#daemons.traffic(),
      askEach(this.others, (server) => this.#daemons.traffic(server)),
    ]);
    this.traffic = new Map([[own, mine], ...others]);
    this.#snapshots = [...this.#snapshots.slice(1 - SNAPSHOTS_MAX), this.mapTraffic];
  }

  async #askHistory(): Promise<void> {
    this.#ownHistory = await this.#daemons.history();
    this.history = mergeHistories(this.#ownHistory, this.#otherHistories);
  }

  async #askOtherHistories(): Promise<void> {
    const answers = await askEach(this.others, (server) => this.#daemons.history(server));
    this.#otherHistories = [...answers].map(([server, history]) => withoutLearned(server, history));
    if (this.#ownHistory !== undefined) this.history = mergeHistories(this.#ownHistory, this.#otherHistories);
  }

  async #askFlags(): Promise<void> {
    try {
      this.flags = await this.#daemons.flags();
    } catch (error) {
      if (error instanceof BusError && error.fault === 'unknown') this.hasFlags = false;
      throw error;
    }
  }

  async #askServices(): Promise<void> {
    const own = this.live?.seenFrom;
    if (own === undefined) return;
    const all = await askEach(['', ...this.others], (server) => this.#daemons.services(server));
    // Of its own services a daemon knows most.
    this.services = new Map(
      [...all].map(([server, rows]) => [server || own, rows.filter((row) => row.server === (server || own))]),
    );
  }

  async #askReports(): Promise<void> {
    const own = this.live?.seenFrom;
    if (own === undefined) return;
    const all = await askEach(['', ...this.others], (server) => this.#daemons.report(server));
    this.reports = new Map([...all].map(([server, report]) => [server || own, report]));
  }
}
