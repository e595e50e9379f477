// The router's other areas: exchanges summaries with the world, says this part's own if it is a border, and knows by them
// the ways to foreign nodes and services.

import { type Instance, incarnationOf, type NodeId, nodeOf } from '../frame/frame.ts';
import type { Adjacencies } from './adjacencies.ts';
import type { Candidate } from './anycast.ts';
import { type Change, Database } from './database.ts';
import type { Directory } from './directory.ts';
import type { GraphEffect } from './effects.ts';
import { Flooding } from './flooding.ts';
import { Interest } from './interest.ts';
import { KEY, LinkState } from './link-state.ts';
import type { Port } from './machine.ts';
import type { RouterOptions } from './options.ts';
import { Origination } from './origination.ts';
import { Pace } from './pace.ts';
import type { Routes } from './routes.ts';
import { UNREACHABLE } from './shortest-path.ts';
import { NOTHING, Summarizer } from './summarizer.ts';
import { type ForeignServer, subjectOf, summaryOf } from './summary.ts';
import { Timers } from './timers.ts';
import { type Part, WideRoutes, type WideRoutesParts } from './wide-routes.ts';

export interface AreasParts {
  readonly options: RouterOptions;
  /** The link states, names and routes of the own area. */
  readonly database: Database;
  readonly directory: Directory;
  readonly routes: Routes;
  readonly adjacencies: Adjacencies;
  readonly emit: (effect: GraphEffect) => void;
  readonly serviceChanged: (service: string) => void;
  /** The ways to other areas may have changed: `compute` is to be called soon. */
  readonly wantCompute: () => void;
  /** A border has said something. */
  readonly heardOf: (border: NodeId, now: number) => void;
  /** Another life of this node bore the number of this one. */
  readonly lifeTaken: (heardIncarnation: number) => void;
}

/** Where a broadcast goes on from here: within the area by the tree of `root`, and over these links to other areas. */
export interface BroadcastWay {
  readonly root: NodeId;
  readonly across: readonly NodeId[];
}

const isContent = (key: string): boolean => key === 'machines' || Object.keys(subjectOf(key)).length > 0;

export class Areas {
  readonly summaries: Database;
  readonly flooding: Flooding;
  readonly interest: Interest;
  readonly #parts: AreasParts;
  readonly #origination: Origination;
  readonly #summarizer: Summarizer;
  readonly #wideParts: WideRoutesParts;
  /** Made when somebody asks, and given up when nobody has to do with other areas any more. */
  #made: WideRoutes | undefined;
  readonly #timers = new Timers<'shape' | 'content'>();
  /** What is said of the own area is heard in the whole world: not often. */
  readonly #contentPace: Pace;
  /** What was known when it was last looked whom to forget. */
  #agedState = '';
  /** Services that were asked for and about which summaries changed since the last computation. */
  #touched = new Set<string>();

  constructor(parts: AreasParts) {
    const { options, database, directory, routes, adjacencies } = parts;
    this.#parts = parts;
    const limits = { itemsMax: options.summaryItemsMax, nodesMax: options.bordersMax };
    const first = LinkState.first(options.node, options.incarnation);
    this.summaries = new Database(first, { ...options, ...limits }, 'summary');
    this.#contentPace = new Pace(options.originateIntervalMs, options.summaryIntervalMs, options.summaryIntervalMs);
    this.#origination = new Origination(this.summaries, options.originateIntervalMs, options.random);
    this.flooding = new Flooding({
      about: 'summary',
      self: options.node,
      options,
      database: this.summaries,
      adjacencies,
      send: (link, frame) => parts.emit({ kind: 'send', link, frame }),
      changed: (change, now) => {
        this.#changed(change);
        parts.heardOf((change.after ?? change.before)?.origin ?? '', now);
      },
      outbid: (heard) => void this.#origination.outbid(heard),
      lifeTaken: parts.lifeTaken,
    });
    const common = { self: options.node, database, directory, routes, adjacencies, summaries: this.summaries };
    this.#summarizer = new Summarizer({ ...common, area: options.area });
    this.#wideParts = common;
    this.interest = new Interest(
      {
        lifeOf: (node) => this.#serverOf(node)?.instance,
        isReachable: (instance) => this.isReachable(instance),
        emit: parts.emit,
        serviceChanged: parts.serviceChanged,
      },
      options,
    );
  }

  /** Whether anything is known of other areas. */
  get isAlone(): boolean {
    return this.summaries.isEmpty;
  }

  /** Something changed in the own area: the summary may have to say something else. */
  areaChanged(now: number): void {
    this.#timers.setNoLater('shape', now);
    this.#timers.setNoLater('content', Math.max(now, this.#contentPace.nextMs));
  }

  nextDeadline(now: number): number {
    return Math.min(this.#timers.next(), this.#origination.dueMs(now), this.interest.nextDeadline());
  }

  wake(now: number): void {
    this.interest.wake(now);
    const isShapeDue = this.#timers.take('shape', now);
    const isContentDue = this.#timers.take('content', now);
    if (isShapeDue || isContentDue) this.#summarize(isContentDue, now);
    const change = this.#origination.originate(now);
    if (change?.after === undefined) return;
    const { before, after } = change;
    const isSameLife = before?.incarnation === after.incarnation;
    this.flooding.spread(after.since(isSameLife ? before.sequence : 0), undefined);
    this.#changed(change);
  }

  /** Brings the ways up to date, and tells what changed for those with whom this machine has to do. */
  compute(now: number): void {
    const { interest } = this;
    if (interest.isEmpty || this.isAlone) {
      this.#made = undefined;
      return;
    }
    const { changed, broken } = this.#wide.compute();
    interest.follow((node) => broken.has(this.#wide.partOf(node)?.speaker ?? ''), now);
    for (const part of changed) this.#touchAll(part);
    for (const service of this.#touched) this.#parts.serviceChanged(service);
    this.#touched.clear();
  }

  /** Forgets borders that could not be reached for long, and those with whom nobody has to do any more. */
  age(now: number): void {
    if (this.isAlone) return;
    // To know who can be reached all ways have to be computed: not as long as nothing has changed anywhere.
    const state = `${this.summaries.hash} ${this.#parts.database.hash}`;
    const isSame = this.summaries.isComplete && this.#agedState === state;
    this.#agedState = state;
    if (!isSame) this.#ageSummaries(now);
    this.interest.age(now);
    if (this.interest.isEmpty) this.#made = undefined;
  }

  #ageSummaries(now: number): void {
    const speakers = new Set(Array.from(this.#wide.all(), ({ speaker }) => speaker));
    const { routes } = this.#parts;
    const isReachable = (node: NodeId): boolean =>
      speakers.has(node) || routes.isReachable(node) || this.#wide.distanceTo(node) < UNREACHABLE;
    for (const change of this.summaries.age(isReachable, now)) this.#changed(change);
  }

  /** Whether the summaries know that life of a node. */
  knows(instance: Instance): boolean {
    if (this.interest.isWatched(instance)) return true;
    if (this.#serverOf(nodeOf(instance))?.instance !== instance) return false;
    this.interest.watch(instance);
    return true;
  }

  /** Whether what is known of a border was said in a former life of it. */
  isBehind(border: Instance): boolean {
    const known = this.summaries.get(nodeOf(border));
    return known !== undefined && known.incarnation < incarnationOf(border);
  }

  isReachable(instance: Instance): boolean {
    return this.instanceOf(nodeOf(instance)) === instance;
  }

  /** The life of a foreign node that can be reached. */
  instanceOf(node: NodeId): Instance | undefined {
    return this.partOf(node)?.content?.servers.get(node)?.instance;
  }

  nameOf(node: NodeId): string | undefined {
    return this.#serverOf(node)?.name;
  }

  slotsTo(node: NodeId): readonly Port[] {
    return this.partOf(node)?.slots ?? [];
  }

  /** Parts of other areas, and of this one that were cut off, that can be reached. */
  parts(): Iterable<Part> {
    return this.isAlone ? [] : this.#wide.reachable();
  }

  /** The part of another area in which a node is; undefined if none can be reached. */
  partOf(node: NodeId): Part | undefined {
    return this.isAlone ? undefined : this.#wide.partOf(node);
  }

  /** Of each part the instance of a service that its summary names. */
  candidates(service: string): Candidate[] {
    const candidates: Candidate[] = [];
    for (const { content, distance } of this.parts()) {
      const found = content?.services.get(service);
      if (found === undefined || !content?.servers.has(found.node)) continue;
      if (this.interest.isAbsent(found.node, service)) continue;
      candidates.push({ node: found.node, distance: distance + found.cost, load: 0 });
    }
    return candidates;
  }

  /** Who else bears a name in other areas and can be reached; mostly one. */
  named(name: string): ForeignServer[] {
    const found: ForeignServer[] = [];
    // Names are looked for first: to know who can be reached, all ways have to be computed.
    for (const state of this.summaries.states()) {
      const server = summaryOf(state).names.get(name);
      if (server === undefined || nodeOf(server.instance) === this.#parts.options.node) continue;
      if (this.isReachable(server.instance)) found.push(server);
    }
    return found;
  }

  /** The way of a broadcast to all areas; undefined while it cannot be told. @param isOwn whether it began in this part */
  broadcastWay(origin: NodeId, isOwn: boolean): BroadcastWay | undefined {
    if (this.isAlone) return { root: origin, across: this.#acrossLinks };
    const first = isOwn ? [...this.#wide.all()].find((part) => part.isOwn) : this.#wide.partOf(origin);
    if (first === undefined && isOwn) return { root: origin, across: this.#acrossLinks };
    const crossing = first === undefined ? undefined : this.#wide.crossingFrom(first.speaker);
    const root = isOwn ? origin : crossing?.entry;
    return crossing === undefined || root === undefined ? undefined : { root, across: crossing.across };
  }

  /** The neighbours in other areas. */
  get #acrossLinks(): NodeId[] {
    return [...this.#parts.adjacencies.costs(({ isInArea }) => !isInArea).keys()];
  }

  get #wide(): WideRoutes {
    this.#made ??= new WideRoutes(this.#wideParts);
    return this.#made;
  }

  /** What the summaries say of a node: in the nearest part that can be reached, else in any. */
  #serverOf(node: NodeId): ForeignServer | undefined {
    const reached = this.partOf(node)?.content?.servers.get(node);
    if (reached !== undefined) return reached;
    let latest: ForeignServer | undefined;
    for (const state of this.summaries.states()) {
      const server = summaryOf(state).servers.get(node);
      if (server === undefined) continue;
      if (latest === undefined || incarnationOf(server.instance) > incarnationOf(latest.instance)) latest = server;
    }
    return latest;
  }

  #summarize(isContentDue: boolean, now: number): void {
    const shape = this.#summarizer.shape();
    this.#origination.replace(shape, (key) => !isContent(key) && key !== KEY.start);
    const isSpeaking = this.#summarizer.isSpeaking(shape);
    // Who begins to speak says at once what there is: others take it for the speaker from that moment.
    const isFirst = isSpeaking && summaryOf(this.summaries.own).servers.size === 0;
    if (!isContentDue && !isFirst) return;
    this.#contentPace.done(now);
    this.#origination.replace(isSpeaking ? this.#summarizer.content() : NOTHING, isContent);
  }

  #changed({ before, after }: Change): void {
    this.#timers.setNoLater('shape', 0);
    this.#parts.wantCompute();
    if (this.interest.isEmpty) return;
    const isSameLife = before !== undefined && before.incarnation === after?.incarnation;
    const since = isSameLife ? before.sequence : 0;
    for (const { key, sequence } of after?.items.values() ?? []) if (sequence > since) this.#touch(key);
    for (const { key } of before?.items.values() ?? []) if (after?.items.get(key) === undefined) this.#touch(key);
  }

  #touch(key: string): void {
    const { service, server } = subjectOf(key);
    if (service !== undefined && this.interest.isAsked(service)) this.#touched.add(service);
    if (server !== undefined) for (const asked of this.interest.askedOn(server)) this.#touched.add(asked);
  }

  #touchAll(part: Part | undefined): void {
    if (part?.content === undefined || part.isOwn) return;
    for (const service of this.interest.services()) {
      if (part.content.services.has(service)) this.#touched.add(service);
    }
    for (const server of part.content.names.keys()) {
      for (const asked of this.interest.askedOn(server)) this.#touched.add(asked);
    }
  }
}
