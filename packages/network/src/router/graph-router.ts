// The router's other nodes: takes links and what neighbours say, and keeps database, graph, routes and directory in step.

import { type Instance, type NodeId, nodeOf, type ScopeMark } from '../frame/frame.ts';
import { Adjacencies, type LinkSnapshot } from './adjacencies.ts';
import type { Peer } from './adjacency.ts';
import { Anycast } from './anycast.ts';
import { Areas } from './areas.ts';
import { type Change, Database } from './database.ts';
import { Directory } from './directory.ts';
import type { GraphEffect, GraphInput, GraphSnapshot } from './effects.ts';
import { Exchange } from './exchange.ts';
import { Flooding } from './flooding.ts';
import { Graph } from './graph.ts';
import { hashText } from './hash.ts';
import { KEY, LinkState } from './link-state.ts';
import type { Machine, Port } from './machine.ts';
import { Naming } from './naming.ts';
import { OpaqueDirectory } from './opaque-directory.ts';
import type { RouterOptions } from './options.ts';
import { Origination } from './origination.ts';
import { Pace } from './pace.ts';
import { Routes } from './routes.ts';
import { Timers } from './timers.ts';
import { Whereabouts } from './whereabouts.ts';

/** Without a computation for so long, the next one is the first after a calm. */
const CALM_MS = 500;

export class GraphRouter {
  readonly database: Database;
  readonly routes: Routes;
  readonly flooding: Flooding;
  readonly areas: Areas;
  readonly whereabouts: Whereabouts;
  readonly opaque: OpaqueDirectory;
  readonly #server: string;
  readonly #options: RouterOptions;
  readonly #machine: Machine;
  readonly #nextVersion: () => number;
  readonly #adjacencies: Adjacencies;
  readonly #directory = new Directory();
  readonly #graph = new Graph();
  readonly #origination: Origination;
  readonly #exchange: Exchange;
  readonly #naming: Naming;
  readonly #timers = new Timers<'compute' | 'age'>();
  /** The life of each node that can be reached, as others were told. */
  readonly #reached = new Map<NodeId, Instance>();
  readonly #pace: Pace;
  /** Nobody has ever been linked: a machine alone with very many services keeps no second list of them. */
  #isUnheard = true;
  #nowMs = 0;
  #effects: GraphEffect[] = [];

  constructor(server: string, options: RouterOptions, machine: Machine, nextVersion: () => number, now: number) {
    this.#server = server;
    this.#options = options;
    this.#machine = machine;
    this.#nextVersion = nextVersion;
    this.#adjacencies = new Adjacencies(options);
    this.#pace = new Pace(options.computeIntervalMs, options.computeIntervalMsMax, CALM_MS);
    this.database = new Database(LinkState.first(options.node, options.incarnation), options);
    this.routes = new Routes(this.#graph, options.node, (neighbour) => this.#adjacencies.bestLinksTo(neighbour));
    this.opaque = new OpaqueDirectory({
      hasService: (service) => this.#directory.has(service),
      distanceTo: (node) => (this.#reached.has(node) ? this.routes.distanceTo(node) : undefined),
      decide: (node, destination) => this.whereabouts.decide(node, destination),
    });
    this.#origination = new Origination(this.database, options.originateIntervalMs, options.random);
    this.flooding = new Flooding({
      about: 'update',
      self: options.node,
      options,
      database: this.database,
      adjacencies: this.#adjacencies,
      send: (link, frame) => this.#effects.push({ kind: 'send', link, frame }),
      changed: (change, now) => this.#changed(change, now),
      outbid: (heard) => this.#outbid(heard),
      lifeTaken: (heard) => this.#lifeTaken(heard),
    });
    this.areas = new Areas({
      options,
      database: this.database,
      directory: this.#directory,
      routes: this.routes,
      adjacencies: this.#adjacencies,
      emit: (effect) => this.#effects.push(effect),
      serviceChanged: (service) => this.#serviceChanged(service),
      wantCompute: () => this.#wantCompute(),
      heardOf: (border, time) => this.#exchange.heardOf(border, time),
      lifeTaken: (heard) => this.#lifeTaken(heard),
    });
    this.whereabouts = new Whereabouts({
      self: options.node,
      database: this.database,
      directory: this.#directory,
      routes: this.routes,
      areas: this.areas,
      anycast: new Anycast(options),
      reached: this.#reached,
    });
    this.#exchange = new Exchange({
      adjacencies: this.#adjacencies,
      database: this.database,
      flooding: this.flooding,
      areas: this.areas,
      emit: (effect) => this.#effects.push(effect),
      linkChanged: (peer, time) => this.#tellLink(peer, time),
    });
    this.#naming = new Naming({ ...options, server, whereabouts: this.whereabouts });
    this.#origination.tell(KEY.area, options.area === '' ? undefined : options.area);
    this.#tellName();
    this.#timers.set('age', now + options.ageIntervalMs);
  }

  /** Whether a life of a node is known, so that its frames may be believed. */
  knows(instance: Instance): boolean {
    const node = nodeOf(instance);
    if (this.database.knows(instance, node)) return true;
    // What is within reach in the own area, no other area is believed about.
    return !this.whereabouts.isInArea(node) && this.areas.knows(instance);
  }

  /** Whether a service runs on a node, as far as is known. */
  hasService(node: NodeId, service: string): boolean {
    return this.whereabouts.hasService(node, service);
  }

  /** A node returned a message for a service. That is news unless it says itself what it has. */
  returned(instance: Instance, service: string, now: number): void {
    const node = nodeOf(instance);
    const isListed = this.whereabouts.isInArea(node) && this.whereabouts.hasService(node, service);
    if (!isListed) this.areas.interest.returned(node, service, now);
  }

  isReachable(instance: Instance): boolean {
    const known = this.#reached.get(nodeOf(instance));
    return known === undefined ? this.areas.isReachable(instance) : known === instance;
  }

  step(input: GraphInput, now: number): GraphEffect[] {
    this.#nowMs = now;
    switch (input.kind) {
      case 'link-up':
        this.#openLink(input.link, input.peer, now);
        break;
      case 'link-down':
        this.#exchange.close(input.link, now);
        break;
      case 'heard':
        this.#exchange.heard(input.link, now);
        break;
      case 'frame':
        this.#exchange.receive(input.link, input.frame, now);
        break;
      case 'load':
        this.#origination.tell(KEY.load, input.load === 0 ? undefined : String(input.load));
        break;
      case 'fact':
        this.#origination.tell(input.key, input.value);
        break;
      case 'drain':
        this.#drain(input.isDraining, now);
        break;
      case 'expected':
        this.opaque.expect(input.services);
        break;
      case 'opaque':
        this.#beHeard();
        this.#opaqueChanged(this.opaque.set(input.link, input.fact, this.#origination));
        break;
      case 'in-doubt':
        if (this.#timers.take('compute', Number.POSITIVE_INFINITY)) this.#compute(now);
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
    if (this.#effects.length > 0) return now;
    const { areas } = this;
    const own = Math.min(this.#timers.next(), this.#origination.dueMs(now), this.#adjacencies.nextDeadline());
    return Math.min(own, areas.nextDeadline(now), this.#naming.nextDeadline());
  }

  /** A service of this machine changed: others are to be told, if there have ever been any. */
  announce(service: string): void {
    if (this.#isUnheard) return;
    const commands = this.#naming.isNameless ? undefined : this.#machine.announcement(service);
    this.#origination.tell(KEY.service(service), commands);
  }

  /** The port by which frames from one node to another leave here. Each pair keeps to one path while it stands. */
  slotFor(origin: NodeId, last: NodeId): Port | undefined {
    let slots = this.routes.slotsTo(last);
    if (slots.length === 0) slots = this.areas.slotsTo(last);
    if (slots.length <= 1) return slots[0];
    // With the own id in it, daemons one behind the other do not all choose alike.
    return slots[hashText(origin + last + this.#options.node) % slots.length];
  }

  /** The links that a broadcast of a node leaves by: one to each child in its tree, which all nodes compute alike. */
  childLinks(origin: NodeId, scope: ScopeMark): readonly Port[] {
    const isOwn = this.whereabouts.isInArea(origin);
    const way = scope === '?' ? { root: origin, across: [] } : this.areas.broadcastWay(origin, isOwn);
    const children = way === undefined ? undefined : this.routes.childrenIn(way.root);
    if (way === undefined || children === undefined) return this.fullLinks(scope);
    return [...children, ...way.across].flatMap((next) => this.#adjacencies.bestLinksTo(next).slice(0, 1));
  }

  /** Links over which the adjacency is full, of those that a scope does not end at. */
  fullLinks(scope: ScopeMark): Port[] {
    return this.#adjacencies.full(({ isInArea }) => isInArea || scope === '*');
  }

  /** Whether broadcasts of a scope go over a link. */
  isWithin(link: Port, scope: ScopeMark): boolean {
    return scope === '*' || this.#adjacencies.get(link)?.peer.isInArea === true;
  }

  /** Who bears a name and can be reached, in this area or another. */
  nodeNamed(name: string): NodeId | undefined {
    return this.whereabouts.nodeNamed(name);
  }

  /** The name of a node, in this area or another; empty if it has none. */
  nameOf(node: NodeId): string {
    return this.whereabouts.nameOf(node);
  }

  snapshot(): GraphSnapshot {
    const { routes } = this;
    const nodes = [...this.database.states()].map((state) => ({
      state,
      distance: routes.distanceTo(state.origin),
      nextHops: routes.nextHops(state.origin),
    }));
    return { nodes, links: this.links(), parts: [...this.areas.parts()] };
  }

  /** The links of this node. */
  links(): readonly LinkSnapshot[] {
    return this.#adjacencies.snapshot();
  }

  #openLink(link: Port, peer: Peer, now: number): void {
    this.#beHeard();
    if (this.#naming.isNameless) {
      this.#naming.isNameless = false;
      this.#tellName();
      for (const [service] of this.#machine.services()) this.announce(service);
    }
    this.#exchange.open(link, peer, now);
  }

  /** From now on somebody listens: what was not said, for nobody was there, is said. */
  #beHeard(): void {
    if (!this.#isUnheard) return;
    this.#isUnheard = false;
    for (const [service] of this.#machine.services()) this.announce(service);
  }

  /** The links to a neighbour changed: the own graph follows at once, the others hear of it. */
  #tellLink({ node, isInArea }: Peer, now: number): void {
    if (isInArea) {
      const costs = this.#adjacencies.costs((peer) => peer.isInArea);
      const lives = this.#adjacencies.lives();
      const cost = costs.get(node);
      this.#origination.tell(KEY.link(node), cost === undefined ? undefined : `${cost} ${lives.get(node)}`);
      this.#graph.advertise(this.#options.node, costs, this.#options.incarnation, lives);
    }
    this.areas.areaChanged(now);
    this.#wantCompute();
  }

  /** The database has changed. */
  #changed(change: Change, now: number): void {
    const { before, after } = change;
    const node = (after ?? before)?.origin as NodeId;
    const services = this.#directory.update(change);
    for (const service of services) this.#serviceChanged(service);
    const isRenamed = before?.facts.name !== after?.facts.name;
    if (services.length > 0 || isRenamed || before?.instance !== after?.instance) this.areas.areaChanged(now);
    const behind = node === this.#options.node ? undefined : this.opaque.update(node, before?.facts, after?.facts);
    if (behind !== undefined) this.#opaqueChanged(behind);
    if (before !== undefined && isRenamed) this.#allServicesOf(before);
    if (after !== undefined && before?.facts.isDraining !== after.facts.isDraining) {
      this.#allServicesOf(after);
      this.areas.areaChanged(now);
    }
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
      const { links, start, linkLives } = after?.facts ?? {};
      if (this.#graph.advertise(node, links, start, linkLives)) this.#wantCompute();
    }
    if (after !== undefined && !this.#reached.has(node) && this.routes.isReachable(node)) this.#wantCompute();
    if (after?.facts.name === this.#server && node !== this.#options.node) this.#wantCompute();
  }

  #wantCompute(): void {
    this.#timers.setNoLater('compute', this.#pace.nextMs);
  }

  #wake(now: number): void {
    this.#exchange.wake(now);
    if (this.#timers.take('age', now)) {
      this.#timers.set('age', now + this.#options.ageIntervalMs);
      for (const change of this.database.age((node) => this.#reached.has(node), now)) this.#changed(change, now);
      this.areas.age(now);
    }
    this.#originate(now);
    if (this.#timers.take('compute', now)) this.#compute(now);
    this.areas.wake(now);
    const rival = this.#naming.yieldTo(now);
    if (rival !== undefined) this.#withdraw(rival);
  }

  #originate(now: number): void {
    const change = this.#origination.originate(now);
    if (change?.after === undefined) return;
    const { before, after } = change;
    const services = this.#directory.update(change);
    for (const service of services) this.opaque.changed(service, now);
    if (services.length > 0) this.areas.areaChanged(now);
    const isSameLife = before !== undefined && before.incarnation === after.incarnation;
    this.flooding.spread(after.since(isSameLife ? before.sequence : 0), undefined);
  }

  #compute(now: number): void {
    this.#pace.done(now);
    const { changes, broken, hasMoved } = this.routes.compute();
    for (const { node, slots } of changes) {
      this.#effects.push({ kind: 'route', node, slots, version: this.#nextVersion() });
    }
    for (const state of this.database.states()) this.#updateReach(state);
    for (const node of broken) {
      const instance = this.#reached.get(node);
      if (instance !== undefined) this.#effects.push({ kind: 'broken', instance });
    }
    if (hasMoved || changes.length > 0 || broken.length > 0) this.areas.areaChanged(now);
    this.areas.compute(now);
    this.#naming.watch(now);
  }

  #updateReach(state: LinkState): void {
    const { origin, instance } = state;
    if (origin === this.#options.node) return;
    const before = this.#reached.get(origin);
    const after = this.routes.isReachable(origin) ? instance : undefined;
    if (before === after) return;
    if (before !== undefined) this.#effects.push({ kind: 'reach', instance: before, isReachable: false });
    if (after === undefined) {
      this.#reached.delete(origin);
      // It may be in another part of the area, within reach by way of others.
      this.areas.interest.watch(instance, false);
    } else {
      this.areas.interest.unwatch(after);
      this.#reached.set(origin, after);
      this.#effects.push({ kind: 'reach', instance: after, isReachable: true });
    }
    this.#allServicesOf(state);
  }

  #allServicesOf({ facts }: LinkState): void {
    for (const service of facts.services.keys()) this.#serviceChanged(service);
  }

  #opaqueChanged(services: readonly string[]): void {
    for (const service of services) this.#serviceChanged(service);
    this.#effects.push({ kind: 'opaque' });
  }

  #serviceChanged(service: string): void {
    this.opaque.changed(service, this.#nowMs);
    this.#effects.push({ kind: 'service', service, version: this.#nextVersion() });
  }

  /** Gives the name up to another. */
  #withdraw(rival: NodeId): void {
    this.#effects.push({ kind: 'name-lost', name: this.#server, to: rival });
    this.#tellName();
    for (const [service] of this.#machine.services()) this.announce(service);
    for (const [link] of this.#adjacencies.entries()) this.#effects.push({ kind: 'hang-up', link, reason: 'name' });
  }

  #tellName(): void {
    this.#origination.tell(KEY.name, this.#naming.isNameless ? undefined : this.#server);
    this.#origination.tell(KEY.nameSince, this.#naming.isNameless ? undefined : String(this.#options.nameSince));
  }

  #outbid(heard: number): void {
    this.#effects.push({ kind: 'outbid', incarnation: this.#origination.outbid(heard) });
  }

  #lifeTaken(heard: number): void {
    this.#effects.push({ kind: 'life-taken', incarnation: this.#origination.outbid(heard) });
  }

  #drain(isDraining: boolean, now: number): void {
    this.#adjacencies.isDraining = isDraining;
    this.#origination.tell(KEY.draining, isDraining ? '1' : undefined);
    for (const [, { peer }] of this.#adjacencies.entries()) this.#tellLink(peer, now);
  }
}
