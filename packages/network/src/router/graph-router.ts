// The router's other nodes: takes links and what neighbours say, and keeps database, graph, routes and directory in step.

import { type Instance, instanceOf, type NodeId, nodeOf } from '../frame/frame.ts';
import { Adjacency, type AdjacencyAction, type AdjacencyEvent, type Peer } from './adjacency.ts';
import { Alarms } from './alarms.ts';
import { Anycast, type Candidate } from './anycast.ts';
import { type Change, Database } from './database.ts';
import { claimsBefore, Directory } from './directory.ts';
import type { GraphEffect, GraphInput } from './effects.ts';
import { Flooding } from './flooding.ts';
import { Graph } from './graph.ts';
import { hashText } from './hash.ts';
import { COST_MAX, KEY, LinkState } from './link-state.ts';
import type { Machine, Port } from './machine.ts';
import type { RouterOptions } from './options.ts';
import { Origination } from './origination.ts';
import { Routes } from './routes.ts';
import { Timers } from './timers.ts';

export interface GraphSnapshot {
  /** Every node that is known, this one included, with the cost of the path to it. */
  readonly nodes: readonly {
    readonly state: LinkState;
    readonly distance: number;
    readonly nextHops: readonly NodeId[];
  }[];
  readonly links: readonly {
    readonly link: Port;
    readonly peer: Peer;
    readonly state: string;
    readonly cost: number;
    readonly roundTripMs: number | undefined;
  }[];
}

/** Without a computation for so long, the next one is the first after a calm. */
const CALM_MS = 500;

type NodeDecision = {
  readonly kind: 'node';
  readonly node: NodeId;
  readonly instance: Instance;
  readonly destination: string;
};

export class GraphRouter {
  readonly database: Database;
  readonly routes: Routes;
  readonly flooding: Flooding;
  readonly #server: string;
  readonly #options: RouterOptions;
  readonly #machine: Machine;
  readonly #nextVersion: () => number;
  readonly #adjacencies = new Map<Port, Adjacency>();
  /** When each adjacency is to say hello, or to be given up. */
  readonly #alarms = new Alarms<Port>();
  readonly #directory = new Directory();
  readonly #graph = new Graph();
  readonly #anycast: Anycast;
  readonly #origination: Origination;
  readonly #timers = new Timers<'compute' | 'age' | 'name'>();
  /** The life of each node that can be reached, as others were told. */
  readonly #reached = new Map<NodeId, Instance>();
  #computedAtMs = Number.NEGATIVE_INFINITY;
  #computePauseMs: number;
  #isDraining = false;
  /** Whether another node took the name away. */
  #isNameless = false;
  #effects: GraphEffect[] = [];

  constructor(server: string, options: RouterOptions, machine: Machine, nextVersion: () => number, now: number) {
    this.#server = server;
    this.#options = options;
    this.#machine = machine;
    this.#nextVersion = nextVersion;
    this.#anycast = new Anycast(options);
    this.#computePauseMs = options.computeIntervalMs;
    this.database = new Database(LinkState.first(options.node, options.incarnation), options);
    this.routes = new Routes(this.#graph, options.node, (neighbour) => this.#bestLinksTo(neighbour));
    this.#origination = new Origination(this.database, options.originateIntervalMs);
    this.flooding = new Flooding({
      self: options.node,
      options,
      database: this.database,
      adjacencies: this.#adjacencies,
      send: (link, frame) => this.#effects.push({ kind: 'send', link, frame }),
      changed: (change) => this.#changed(change),
      outbid: (heard) => this.#outbid(heard),
    });
    this.#origination.tell(KEY.area, options.area === '' ? undefined : options.area);
    this.#tellName();
    this.#timers.set('age', now + options.ageIntervalMs);
  }

  /** Whether a life of a node is known, so that its frames may be believed. */
  knows(instance: Instance): boolean {
    return this.database.knows(instance, nodeOf(instance));
  }

  /** Whether a node says that a service runs on it. */
  hasService(node: NodeId, service: string): boolean {
    return this.#directory.nodesWith(service).has(node);
  }

  isReachable(instance: Instance): boolean {
    return this.#reached.get(nodeOf(instance)) === instance;
  }

  step(input: GraphInput, now: number): GraphEffect[] {
    switch (input.kind) {
      case 'link-up':
        this.#openLink(input.link, input.peer, now);
        break;
      case 'link-down':
        this.#event(input.link, 'close');
        break;
      case 'heard':
        this.#adjacencies.get(input.link)?.heard(now);
        break;
      case 'frame':
        this.#receive(input.link, input.frame, now);
        break;
      case 'load':
        this.#origination.tell(KEY.load, input.load === 0 ? undefined : String(input.load));
        break;
      case 'drain':
        this.#drain(input.isDraining);
        break;
      case 'wake':
        this.#wake(now);
        break;
    }
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  nextDeadline(now: number): number {
    return Math.min(this.#timers.next(), this.#origination.dueMs(now), this.#alarms.next());
  }

  /** A service of this machine changed: others are to be told. */
  announce(service: string): void {
    const commands = this.#isNameless ? undefined : this.#machine.announcement(service);
    this.#origination.tell(KEY.service(service), commands);
  }

  /** The port by which frames from one node to another leave here. Each pair keeps to one path while it stands. */
  slotFor(origin: NodeId, last: NodeId): Port | undefined {
    const slots = this.routes.slotsTo(last);
    if (slots.length <= 1) return slots[0];
    // With the own id in it, daemons one behind the other do not all choose alike.
    return slots[hashText(origin + last + this.#options.node) % slots.length];
  }

  /** The links that a broadcast of a node leaves by: one to each child in its tree of shortest paths. */
  childLinks(origin: NodeId): readonly Port[] {
    const children = this.routes.childrenIn(origin);
    if (children === undefined) return this.fullLinks();
    return children.flatMap((child) => this.#bestLinksTo(child).slice(0, 1));
  }

  /** Links over which the adjacency is full. */
  fullLinks(): Port[] {
    return [...this.#adjacencies].flatMap(([link, { state }]) => (state === 'full' ? [link] : []));
  }

  /** The nearest other node with a service. */
  nearest(service: string, destination: string, sender: string, now: number): NodeDecision | undefined {
    const candidates: Candidate[] = [];
    for (const node of this.#directory.nodesWith(service)) {
      if (node === this.#options.node || !this.#reached.has(node)) continue;
      const { load, isDraining } = this.database.get(node)?.facts ?? { load: 0, isDraining: false };
      candidates.push({ node, distance: this.routes.distanceTo(node), load: isDraining ? 1000 : load });
    }
    const node = this.#anycast.choose(sender, destination, candidates, now);
    return node === undefined ? undefined : this.#decision(node, destination);
  }

  /** The node of that name, if it can be reached and has the service. */
  onServer(name: string, destination: string, service?: string): NodeDecision | undefined {
    const node = this.nodeNamed(name);
    if (node === undefined || node === this.#options.node) return undefined;
    if (service !== undefined && !this.#directory.nodesWith(service).has(node)) return undefined;
    return this.#decision(node, destination);
  }

  /** Who bears a name and can be reached; should several, the one with the older claim. */
  nodeNamed(name: string): NodeId | undefined {
    let found: LinkState | undefined;
    for (const node of this.#directory.nodesNamed(name)) {
      const state = this.database.get(node) as LinkState;
      if (node !== this.#options.node && !this.#reached.has(node)) continue;
      if (found === undefined || claimsBefore(state.facts, node, found.facts, found.origin)) found = state;
    }
    return found?.origin;
  }

  snapshot(): GraphSnapshot {
    const { routes } = this;
    const nodes = [...this.database.states()].map((state) => ({
      state,
      distance: routes.distanceTo(state.origin),
      nextHops: routes.nextHops(state.origin),
    }));
    return { nodes, links: this.links() };
  }

  /** The links of this node. */
  links(): GraphSnapshot['links'] {
    return [...this.#adjacencies].map(([link, { peer, state, cost }]) => {
      return { link, peer, state, cost: cost.cost, roundTripMs: cost.roundTripMs };
    });
  }

  #decision(node: NodeId, destination: string): NodeDecision {
    return { kind: 'node', node, instance: this.#reached.get(node) ?? instanceOf(node, 0), destination };
  }

  #openLink(link: Port, peer: Peer, now: number): void {
    if (this.#isNameless) {
      this.#isNameless = false;
      this.#tellName();
      for (const [service] of this.#machine.services()) this.announce(service);
    }
    const adjacency = new Adjacency(peer, this.#options, now);
    this.#adjacencies.set(link, adjacency);
    this.#alarms.setNoLater(link, adjacency.nextDeadline());
    if (peer.isInArea) this.flooding.sendDigest(link, false);
  }

  #receive(link: Port, frame: (GraphInput & { kind: 'frame' })['frame'], now: number): void {
    const adjacency = this.#adjacencies.get(link);
    if (adjacency === undefined) return;
    adjacency.heard(now);
    if (frame.kind === 'update') {
      if (adjacency.peer.isInArea) this.flooding.receiveUpdate(link, frame, now);
    } else if (frame.kind === 'digest') {
      if (!adjacency.peer.isInArea) return;
      this.flooding.receiveDigest(link, frame);
      if (frame.isWhole) this.#event(link, 'digest');
    } else if (frame.kind === 'hello') {
      const { costChanged, differs } = adjacency.greeted(frame, this.database.hash, now);
      if (costChanged) this.#tellLink(adjacency.peer.node);
      if (differs && adjacency.peer.isInArea) this.flooding.sendDigest(link, true);
    }
  }

  /** An event of an adjacency: makes its transition and does what belongs to it. */
  #event(link: Port, event: AdjacencyEvent): void {
    const adjacency = this.#adjacencies.get(link);
    if (adjacency === undefined) return;
    const before = adjacency.state;
    const actions = adjacency.on(event);
    if (adjacency.state === 'closed') {
      this.#adjacencies.delete(link);
      this.#alarms.clear(link);
    }
    for (const action of actions) this.#act(action, link, adjacency, before !== adjacency.state);
  }

  #act(action: AdjacencyAction, link: Port, { peer }: Adjacency, isNew: boolean): void {
    if (action === 'hang-up') this.#effects.push({ kind: 'hang-up', link, reason: 'silence' });
    if (!isNew || (action !== 'advertise' && action !== 'withdraw')) return;
    this.#effects.push({ kind: 'adjacency', link, isFull: action === 'advertise' });
    this.#tellLink(peer.node);
  }

  /** The links to a neighbour changed: the own graph follows at once, the others hear of it. */
  #tellLink(neighbour: NodeId): void {
    const cost = this.#costTo(neighbour);
    this.#origination.tell(KEY.link(neighbour), cost === undefined ? undefined : String(cost));
    const links = new Map<NodeId, number>();
    for (const { peer, state } of this.#adjacencies.values()) {
      if (state === 'full' && peer.isInArea) links.set(peer.node, this.#costTo(peer.node) as number);
    }
    this.#graph.advertise(this.#options.node, links);
    this.#wantCompute();
  }

  #costTo(neighbour: NodeId): number | undefined {
    let least: number | undefined;
    for (const { peer, state, cost } of this.#adjacencies.values()) {
      if (peer.node !== neighbour || state !== 'full' || !peer.isInArea) continue;
      least = Math.min(least ?? COST_MAX, cost.cost);
    }
    return least !== undefined && this.#isDraining ? COST_MAX : least;
  }

  #bestLinksTo(neighbour: NodeId): Port[] {
    let least = Number.POSITIVE_INFINITY;
    let links: Port[] = [];
    for (const [link, { peer, state, cost }] of this.#adjacencies) {
      if (peer.node !== neighbour || state !== 'full' || !peer.isInArea) continue;
      if (cost.cost < least) links = [];
      least = Math.min(least, cost.cost);
      if (cost.cost === least) links.push(link);
    }
    return links.sort((a, b) => a - b);
  }

  /** The database has changed. */
  #changed(change: Change): void {
    const { before, after } = change;
    const node = (after ?? before)?.origin as NodeId;
    for (const service of this.#directory.update(change)) this.#serviceChanged(service);
    if (before !== undefined && before.facts.name !== after?.facts.name) this.#allServicesOf(before);
    const isNewLife = before !== undefined && before.instance !== after?.instance && before.facts.start > 0;
    if (isNewLife && before.sequence > 0) {
      this.#graph.loseAll(node);
      if (this.#reached.get(node) === before.instance) {
        this.#reached.delete(node);
        this.#effects.push({ kind: 'reach', instance: before.instance, isReachable: false });
      }
      this.#effects.push({ kind: 'ended', instance: before.instance });
      this.#wantCompute();
    }
    if (node !== this.#options.node && before?.facts.links !== after?.facts.links) {
      if (this.#graph.advertise(node, after?.facts.links)) this.#wantCompute();
    }
    if (after !== undefined && !this.#reached.has(node) && this.routes.isReachable(node)) this.#wantCompute();
    if (after?.facts.name === this.#server && node !== this.#options.node) this.#wantCompute();
  }

  #wantCompute(): void {
    this.#timers.setNoLater('compute', this.#computedAtMs + this.#computePauseMs);
  }

  #wake(now: number): void {
    for (let link = this.#alarms.take(now); link !== undefined; link = this.#alarms.take(now)) this.#greet(link, now);
    if (this.#timers.take('age', now)) {
      this.#timers.set('age', now + this.#options.ageIntervalMs);
      for (const change of this.database.age((node) => this.#reached.has(node), now)) this.#changed(change);
    }
    this.#originate(now);
    if (this.#timers.take('compute', now)) this.#compute(now);
    if (this.#timers.take('name', now)) {
      const rival = this.#rival();
      if (rival !== undefined) this.#withdraw(rival);
    }
  }

  /** Says hello over a link if it is time to, or gives it up if it is silent. */
  #greet(link: Port, now: number): void {
    const adjacency = this.#adjacencies.get(link) as Adjacency;
    if (adjacency.isSilent(now)) return this.#event(link, 'silence');
    const frame = adjacency.hello(this.database.hash, now);
    if (frame !== undefined) this.#effects.push({ kind: 'send', link, frame });
    this.#alarms.setNoLater(link, adjacency.nextDeadline());
  }

  #originate(now: number): void {
    const change = this.#origination.originate(now);
    if (change?.after === undefined) return;
    const { before, after } = change;
    this.#directory.update(change);
    const isSameLife = before !== undefined && before.incarnation === after.incarnation;
    this.flooding.spread(after.since(isSameLife ? before.sequence : 0), undefined);
  }

  #compute(now: number): void {
    const { computeIntervalMs, computeIntervalMsMax } = this.#options;
    // The first change after a calm is followed at once; while changes go on, several are taken together.
    const isCalm = now - this.#computedAtMs > CALM_MS;
    this.#computePauseMs = isCalm ? computeIntervalMs : Math.min(this.#computePauseMs * 2, computeIntervalMsMax);
    this.#computedAtMs = now;
    const { changes, broken } = this.routes.compute();
    for (const { node, slots } of changes) {
      this.#effects.push({ kind: 'route', node, slots, version: this.#nextVersion() });
    }
    for (const state of this.database.states()) this.#updateReach(state);
    for (const node of broken) {
      const instance = this.#reached.get(node);
      if (instance !== undefined) this.#effects.push({ kind: 'broken', instance });
    }
    this.#watchName(now);
  }

  #updateReach(state: LinkState): void {
    const { origin, instance } = state;
    if (origin === this.#options.node) return;
    const before = this.#reached.get(origin);
    const after = this.routes.isReachable(origin) ? instance : undefined;
    if (before === after) return;
    if (before !== undefined) this.#effects.push({ kind: 'reach', instance: before, isReachable: false });
    if (after === undefined) this.#reached.delete(origin);
    else {
      this.#reached.set(origin, after);
      this.#effects.push({ kind: 'reach', instance: after, isReachable: true });
    }
    this.#allServicesOf(state);
  }

  #allServicesOf({ facts }: LinkState): void {
    for (const service of facts.services.keys()) this.#serviceChanged(service);
  }

  #serviceChanged(service: string): void {
    this.#effects.push({ kind: 'service', service, version: this.#nextVersion() });
  }

  /** Looks whether another node that can be reached bears the same name, and has the older claim. */
  #rival(): NodeId | undefined {
    if (this.#isNameless) return undefined;
    const mine = { ...this.database.own.facts, nameSince: this.#options.nameSince };
    for (const node of this.#directory.nodesNamed(this.#server)) {
      const other = this.database.get(node);
      if (node === this.#options.node || !this.#reached.has(node) || other === undefined) continue;
      if (claimsBefore(other.facts, node, mine, this.#options.node)) return node;
    }
    return undefined;
  }

  /** A rival must stay for a while: half of a database, old and new mixed, may show one that has long gone. */
  #watchName(now: number): void {
    if (this.#rival() === undefined) this.#timers.clear('name');
    else this.#timers.setNoLater('name', now + this.#options.nameConflictMs);
  }

  /** Gives the name up to another. */
  #withdraw(rival: NodeId): void {
    this.#isNameless = true;
    this.#effects.push({ kind: 'name-lost', name: this.#server, to: rival });
    this.#tellName();
    for (const [service] of this.#machine.services()) this.announce(service);
    for (const link of this.#adjacencies.keys()) this.#effects.push({ kind: 'hang-up', link, reason: 'name' });
  }

  #tellName(): void {
    this.#origination.tell(KEY.name, this.#isNameless ? undefined : this.#server);
    this.#origination.tell(KEY.nameSince, this.#isNameless ? undefined : String(this.#options.nameSince));
  }

  #outbid(heard: number): void {
    this.#origination.outbid(heard);
    this.#effects.push({ kind: 'outbid', incarnation: heard + 1 });
  }

  #drain(isDraining: boolean): void {
    this.#isDraining = isDraining;
    this.#origination.tell(KEY.draining, isDraining ? '1' : undefined);
    for (const { peer } of this.#adjacencies.values()) this.#tellLink(peer.node);
  }
}
