// Everything about the graph that can be set, with its defaults.

import type { NodeId } from '../frame/frame.ts';
import type { AdjacencyOptions } from './adjacency.ts';
import { ANYCAST_OPTIONS, type AnycastOptions } from './anycast.ts';
import type { DatabaseOptions } from './database.ts';
import { FLOODING_OPTIONS, type FloodingOptions } from './flooding.ts';
import { LINK_STATE_LIMITS } from './link-state.ts';

export interface RouterOptions extends AdjacencyOptions, AnycastOptions, DatabaseOptions, FloodingOptions {
  readonly node: NodeId;
  /** Of this life of the node: it stands in its frames, and does not change. */
  readonly incarnation: number;
  /** The data centre; empty for the one without a name. */
  readonly area: string;
  /** Since when this node bears its name, in Unix seconds, as kept on disk. */
  readonly nameSince: number;
  /** Least time between two link states of this node. */
  readonly originateIntervalMs: number;
  /** Least time between two computations of the routes; it doubles while changes go on, up to the second. */
  readonly computeIntervalMs: number;
  readonly computeIntervalMsMax: number;
  /** Another node by the same name, with the older claim, is given way to when it has been there for so long. */
  readonly nameConflictMs: number;
  /** How often it is looked for nodes to forget. */
  readonly ageIntervalMs: number;
  /** While changes go on, the time between two summaries of who and what is in the own area grows up to this. */
  readonly summaryIntervalMs: number;
  /** Facts in one summary, and borders of all areas whose summaries are remembered. */
  readonly summaryItemsMax: number;
  readonly bordersMax: number;
  /** A node of another area that returned a message is not asked for that service again for so long. */
  readonly absenceMs: number;
}

/** The defaults; who a node is, and where its randomness comes from, has none. */
export const ROUTER_OPTIONS: Omit<RouterOptions, 'node' | 'incarnation' | 'nameSince' | 'random'> = {
  ...ANYCAST_OPTIONS,
  ...FLOODING_OPTIONS,
  ...LINK_STATE_LIMITS,
  area: '',
  helloIntervalMs: 500,
  deadIntervalMs: 2000,
  nodesMax: 20_000,
  forgetMs: 3_600_000,
  originateIntervalMs: 100,
  computeIntervalMs: 10,
  computeIntervalMsMax: 40,
  nameConflictMs: 1000,
  ageIntervalMs: 60_000,
  summaryIntervalMs: 1000,
  summaryItemsMax: 50_000,
  bordersMax: 5000,
  absenceMs: 1000,
};
