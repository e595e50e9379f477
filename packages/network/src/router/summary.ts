// What borders tell the world about their areas: the facts of a summary, and how they are read.
//
// A border is a node with a link to another area. Each says where its links lead and how far it is from the other borders
// of its part of the area; one of them, the speaker, says who and what is there. Who hears them all can compute the way to
// each area, and needs to know nothing of what is between the borders.

import { type Instance, type NodeId, nodeOf } from '../frame/frame.ts';
import { COST_MAX, type LinkState } from './link-state.ts';

export interface ForeignServer {
  readonly name: string;
  readonly instance: Instance;
  /** Since when it bears the name, in Unix seconds. */
  readonly nameSince: number;
}

export interface ForeignService {
  readonly node: NodeId;
  /** From the speaker to that node, the nearest to it that has the service. */
  readonly cost: number;
}

export interface Summary {
  readonly area: string;
  /** Who speaks for this part of the area. */
  readonly speaker: NodeId | undefined;
  /** Links to borders of other areas, with their costs. */
  readonly across: ReadonlyMap<NodeId, number>;
  /** The other borders of this part of the area, and how far they are. */
  readonly inside: ReadonlyMap<NodeId, number>;
  /** Machines in this part of the area. */
  readonly machines: number;
  readonly servers: ReadonlyMap<NodeId, ForeignServer>;
  readonly names: ReadonlyMap<string, ForeignServer>;
  readonly services: ReadonlyMap<string, ForeignService>;
}

const ACROSS = 'across.';
const INSIDE = 'inside.';
const SERVER = 'server.';
const SERVICE = 'service.';

/** The keys of a summary's facts. */
export const SUMMARY_KEY = {
  area: 'area',
  speaker: 'speaker',
  machines: 'machines',
  across: (border: NodeId): string => ACROSS + border,
  inside: (border: NodeId): string => INSIDE + border,
  server: (name: string): string => SERVER + name,
  service: (name: string): string => SERVICE + name,
} as const;

export const serverValue = ({ instance, nameSince }: Omit<ForeignServer, 'name'>): string => `${instance} ${nameSince}`;
export const serviceValue = ({ node, cost }: ForeignService): string => `${cost} ${node}`;

/** The service or the server that a fact is about. */
export function subjectOf(key: string): { readonly service?: string; readonly server?: string } {
  if (key.startsWith(SERVICE)) return { service: key.slice(SERVICE.length) };
  return key.startsWith(SERVER) ? { server: key.slice(SERVER.length) } : {};
}

const read = new WeakMap<LinkState, Summary>();

/** What a border says; read once for each state. */
export function summaryOf(state: LinkState): Summary {
  let summary = read.get(state);
  if (summary === undefined) {
    summary = readSummary(state);
    read.set(state, summary);
  }
  return summary;
}

const INSTANCE = /^[0-9a-f]{16}~\d{1,16}$/;
const NODE = /^[0-9a-f]{16}$/;

function readSummary({ items }: LinkState): Summary {
  const across = new Map<NodeId, number>();
  const inside = new Map<NodeId, number>();
  const servers = new Map<NodeId, ForeignServer>();
  const names = new Map<string, ForeignServer>();
  const services = new Map<string, ForeignService>();
  for (const { key, value } of items.values()) {
    if (value === undefined) continue;
    const [first = '', second = ''] = value.split(' ');
    const cost = Math.min(Number.parseInt(first, 10), 2 ** 30);
    const { server, service } = subjectOf(key);
    if (key.startsWith(ACROSS) && cost >= 1) across.set(key.slice(ACROSS.length), Math.min(cost, COST_MAX));
    else if (key.startsWith(INSIDE) && cost >= 1) inside.set(key.slice(INSIDE.length), cost);
    else if (service !== undefined && cost >= 0 && NODE.test(second)) services.set(service, { node: second, cost });
    else if (server !== undefined && INSTANCE.test(first)) {
      const each = { name: server, instance: first, nameSince: Number(second) || 0 };
      names.set(server, each);
      servers.set(nodeOf(first), each);
    }
  }
  const text = (key: string): string => items.get(key)?.value ?? '';
  const speaker = text(SUMMARY_KEY.speaker);
  return {
    area: text(SUMMARY_KEY.area),
    speaker: NODE.test(speaker) ? speaker : undefined,
    across,
    inside,
    machines: Math.max(0, Number.parseInt(text(SUMMARY_KEY.machines), 10) || 0),
    servers,
    names,
    services,
  };
}
