// What this node says in its own summary, if it is a border or speaks for its part of the area.

import type { NodeId } from '../frame/frame.ts';
import type { Adjacencies } from './adjacencies.ts';
import type { Database } from './database.ts';
import { type Claim, claimsBefore, type Directory } from './directory.ts';
import type { LinkState } from './link-state.ts';
import type { Routes } from './routes.ts';
import { SUMMARY_KEY, type Summary, serverValue, serviceValue, summaryOf } from './summary.ts';

export interface SummarizerParts {
  readonly self: NodeId;
  readonly area: string;
  /** The link states of the own area. */
  readonly database: Database;
  readonly directory: Directory;
  readonly routes: Routes;
  readonly adjacencies: Adjacencies;
  readonly summaries: Database;
}

export type SummaryFacts = ReadonlyMap<string, string>;

export const NOTHING: SummaryFacts = new Map();

export class Summarizer {
  readonly #parts: SummarizerParts;

  constructor(parts: SummarizerParts) {
    this.#parts = parts;
  }

  /** How the areas hang together, as seen from here; empty if this node is no border and speaks for nobody. */
  shape(): SummaryFacts {
    const { self, area, adjacencies, routes } = this.#parts;
    const across = adjacencies.costs(({ isInArea }) => !isInArea);
    if (across.size === 0 && this.#own.speaker !== self) return NOTHING;
    const facts = new Map<string, string>();
    for (const [border, cost] of across) facts.set(SUMMARY_KEY.across(border), String(cost));
    const others = this.#others();
    if (across.size > 0) {
      for (const [node, summary] of others) {
        if (summary.across.size > 0) facts.set(SUMMARY_KEY.inside(node), String(routes.distanceTo(node)));
      }
    }
    const speaker = this.#speaker(across.size > 0, others);
    if (speaker !== undefined) facts.set(SUMMARY_KEY.speaker, speaker);
    if (facts.size > 0) facts.set(SUMMARY_KEY.area, area);
    return facts;
  }

  /** Whether this node has to say who and what is in its part of the area: it is the speaker, or still taken for it. */
  isSpeaking(shape: SummaryFacts): boolean {
    if (shape.get(SUMMARY_KEY.speaker) === this.#parts.self) return true;
    return this.#own.servers.size > 0 && this.#isNamed(this.#others());
  }

  /** Who and what is in this part of the area. */
  content(): SummaryFacts {
    const { self, database, directory, routes } = this.#parts;
    const named = new Map<string, LinkState>();
    let machines = 0;
    for (const state of database.states()) {
      if (state.origin !== self && !routes.isReachable(state.origin)) continue;
      machines++;
      const { name } = state.facts;
      const rival = named.get(name);
      if (name !== '' && (rival === undefined || claimsBefore(claimOf(state), claimOf(rival)))) named.set(name, state);
    }
    const facts = new Map<string, string>();
    for (const [name, { instance, facts: said }] of named) {
      facts.set(SUMMARY_KEY.server(name), serverValue({ instance, nameSince: said.nameSince }));
    }
    for (const service of directory.services()) {
      const node = this.#nearest(directory.nodesWith(service));
      const cost = node === self ? 0 : routes.distanceTo(node ?? self);
      if (node !== undefined) facts.set(SUMMARY_KEY.service(service), serviceValue({ node, cost }));
    }
    return facts.set(SUMMARY_KEY.machines, String(machines));
  }

  get #own(): Summary {
    return summaryOf(this.#parts.summaries.own);
  }

  /** What the other borders and speakers of this part of the area say. */
  #others(): Map<NodeId, Summary> {
    const { self, area, routes, summaries } = this.#parts;
    const others = new Map<NodeId, Summary>();
    for (const state of summaries.states()) {
      if (state.origin === self || !routes.isReachable(state.origin)) continue;
      const summary = summaryOf(state);
      if (summary.area === area) others.set(state.origin, summary);
    }
    return others;
  }

  /** Whether another border takes this node for the speaker. */
  #isNamed(others: ReadonlyMap<NodeId, Summary>): boolean {
    for (const { speaker, across } of others.values()) {
      if (speaker === this.#parts.self && across.size > 0) return true;
    }
    return false;
  }

  /**
   * Of those who speak already the one with the least id, also if it is no border any more, as long as a border listens
   * to it; else the border with the least id begins. So all borders agree, and a new one changes nothing.
   */
  #speaker(isBorder: boolean, others: ReadonlyMap<NodeId, Summary>): NodeId | undefined {
    const { self } = this.#parts;
    const wasSpeaking = this.#own.speaker === self;
    if (!isBorder) return wasSpeaking && this.#isNamed(others) ? self : undefined;
    const speaking = [...others].filter(([node, { speaker }]) => speaker === node).map(([node]) => node);
    if (wasSpeaking) speaking.push(self);
    if (speaking.length > 0) return speaking.sort()[0];
    const borders = [...others].filter(([, { across }]) => across.size > 0).map(([node]) => node);
    return borders.every((border) => self < border) ? self : undefined;
  }

  /** The nearest of some nodes, by the least id; one that is draining only if there is no other. */
  #nearest(nodes: Iterable<NodeId>): NodeId | undefined {
    const { self, database, routes } = this.#parts;
    let best: NodeId | undefined;
    let bestRank: readonly [number, number] = [0, 0];
    for (const node of nodes) {
      if (node !== self && !routes.isReachable(node)) continue;
      const rank = [
        Number(database.get(node)?.facts.isDraining ?? false),
        node === self ? 0 : routes.distanceTo(node),
      ] as const;
      const order = rank[0] - bestRank[0] || rank[1] - bestRank[1];
      if (best !== undefined && (order > 0 || (order === 0 && node > best))) continue;
      best = node;
      bestRank = rank;
    }
    return best;
  }
}

const claimOf = ({ origin, facts }: LinkState): Claim => ({ node: origin, nameSince: facts.nameSince });
