// What goes into the graph and what comes out of it.

import type { Frame, Instance, LinkFrame, NodeId } from '../frame/frame.ts';
import type { OpaqueFact } from '../legacy/opaque.ts';
import type { LinkSnapshot } from './adjacencies.ts';
import type { Peer } from './adjacency.ts';
import type { LinkState } from './link-state.ts';
import type { Port } from './machine.ts';
import type { Part } from './wide-routes.ts';

export type GraphInput =
  /** A link stands: the handshake is done. */
  | { readonly kind: 'link-up'; readonly link: Port; readonly peer: Peer }
  | { readonly kind: 'link-down'; readonly link: Port }
  /** Any bytes came over it. */
  | { readonly kind: 'heard'; readonly link: Port }
  | { readonly kind: 'frame'; readonly link: Port; readonly frame: Frame }
  /** How busy this machine is, 0 to 100. */
  | { readonly kind: 'load'; readonly load: number }
  /** Something that others may like to know of this node, such as its address; undefined takes it back. */
  | { readonly kind: 'fact'; readonly key: string; readonly value: string | undefined }
  /** No new traffic through this node, or again. */
  | { readonly kind: 'drain'; readonly isDraining: boolean }
  /** A link to a C++ daemon: what is behind it, which may change; undefined: it is gone. */
  | { readonly kind: 'opaque'; readonly link: Port; readonly fact: OpaqueFact | undefined }
  /** Services that belong on this machine also while they are down: they are looked for nowhere else. */
  | { readonly kind: 'expected'; readonly services: readonly string[] }
  /** A frame finds no way on, or only the one that it came by: if routes wait to be computed, they are now. */
  | { readonly kind: 'in-doubt' }
  /** Time has passed. */
  | { readonly kind: 'wake' };

export type GraphEffect =
  | { readonly kind: 'send'; readonly link: Port; readonly frame: LinkFrame }
  /** Close the link. */
  | { readonly kind: 'hang-up'; readonly link: Port; readonly reason: 'silence' | 'name' }
  | { readonly kind: 'adjacency'; readonly link: Port; readonly isFull: boolean }
  /** A node is reached by these ports, of equal cost. */
  | { readonly kind: 'route'; readonly node: NodeId; readonly slots: readonly Port[]; readonly version: number }
  /** Where a service runs has changed: what was decided about it must be decided anew. */
  | { readonly kind: 'service'; readonly service: string; readonly version: number }
  /** What lies behind C++ daemons has changed: what waits for a server there may go now. */
  | { readonly kind: 'opaque' }
  /** A life of a node can be reached, or not any more. */
  | { readonly kind: 'reach'; readonly instance: Instance; readonly isReachable: boolean }
  /** The path to a life of a node lost a link: what is under way may be lost. */
  | { readonly kind: 'broken'; readonly instance: Instance }
  /** A life of a node is over, or the node is forgotten. */
  | { readonly kind: 'ended'; readonly instance: Instance }
  /** Another node has borne this name for longer: this one withdraws, and has no name until a link comes up again. */
  | { readonly kind: 'name-lost'; readonly name: string; readonly to: NodeId }
  /** A later life of this node was heard of; the next start must be later than this. */
  | { readonly kind: 'outbid'; readonly incarnation: number }
  /**
   * Another life of this node bore the number of this one, and went further: others take what this one sends for what
   * they have had. It is to end, and the next one must be later than this.
   */
  | { readonly kind: 'life-taken'; readonly incarnation: number };

/** The graph as seen from a node. */
export interface GraphSnapshot {
  /** Every node that is known, this one included, with the cost of the path to it. */
  readonly nodes: readonly {
    readonly state: LinkState;
    readonly distance: number;
    readonly nextHops: readonly NodeId[];
  }[];
  readonly links: readonly LinkSnapshot[];
  /** Parts of other areas, or of this one that were cut off, that can be reached. */
  readonly parts: readonly Part[];
}

/** A message goes to a node. `destination` names the queue in which it may wait. */
export type NodeDecision = {
  readonly kind: 'node';
  readonly node: NodeId;
  readonly instance: Instance;
  readonly destination: string;
  /** There are others that could be chosen: the choice holds as long as the sender goes on (`AnycastOptions.stickyMs`). */
  readonly isOneOfSeveral?: true;
  /** What it is for lies behind a C++ peer of that node, or may. */
  readonly isBehind?: true;
};
