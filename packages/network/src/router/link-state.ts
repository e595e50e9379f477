// The link state of one node: facts by key, each with the sequence number with which it became so.
//
// A change travels as the facts that changed (an increment); who missed something asks from the sequence number that it
// has. Keys that this version does not know are kept and passed on like any other.

import { type Instance, type Item, instanceOf, type NodeId, type UpdateFrame } from '../frame/frame.ts';
import { type OpaqueFact, opaqueKey, readOpaque } from '../legacy/opaque.ts';
import { hashText, mix } from './hash.ts';

export interface LinkStateLimits {
  /** Facts of one node, those taken back included. */
  readonly itemsMax: number;
  readonly keyLengthMax: number;
  readonly valueLengthMax: number;
}

export const LINK_STATE_LIMITS: LinkStateLimits = { itemsMax: 20_000, keyLengthMax: 128, valueLengthMax: 32_768 };

/** Greatest cost of a link. */
export const COST_MAX = 0xffff;

/** So many facts that were taken back are remembered, so that an increment can say so. */
const REMOVALS_MAX = 64;

/** What the facts say, as this version understands them. */
export interface Facts {
  /** The server's name; empty while the node has none. */
  readonly name: string;
  /** Since when it bears the name, in Unix seconds: of two, the one that has borne it longer keeps it. */
  readonly nameSince: number;
  /** The data centre. */
  readonly area: string;
  /** The incarnation in its frames. */
  readonly start: number;
  /** 0 (idle) to 100. */
  readonly load: number;
  readonly isDraining: boolean;
  /** Its links, by neighbour, with their costs. */
  readonly links: ReadonlyMap<NodeId, number>;
  /** The incarnations in which it has its neighbours. */
  readonly linkLives: ReadonlyMap<NodeId, number>;
  /** Its services, with their commands, comma-separated. */
  readonly services: ReadonlyMap<string, string>;
  /** C++ daemons that it has a link to, by name. */
  readonly opaque: ReadonlyMap<string, OpaqueFact>;
}

export class LinkState {
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
  /** Removals up to here may be forgotten: an increment can begin here or later. */
  readonly floor: number;
  readonly items: ReadonlyMap<string, Item>;
  #facts: Facts | undefined;
  #instance: Instance | undefined;
  #hash: number | undefined;

  constructor(origin: NodeId, incarnation: number, sequence: number, floor: number, items: ReadonlyMap<string, Item>) {
    this.origin = origin;
    this.incarnation = incarnation;
    this.sequence = sequence;
    this.floor = floor;
    this.items = items;
  }

  get facts(): Facts {
    this.#facts ??= readFacts(this);
    return this.#facts;
  }

  /** The life of the node that its frames bear. */
  get instance(): Instance {
    this.#instance ??= instanceOf(this.origin, this.facts.start);
    return this.#instance;
  }

  /** A hash of which state this is, not of what it says: the two go together. */
  get hash(): number {
    this.#hash ??= mix(hashText(this.origin, this.incarnation >>> 0) ^ Math.imul(this.sequence, 0x9e3779b1));
    return this.#hash;
  }

  /** What changed since a sequence number, or the whole if that is too long ago. */
  since(sequence: number): UpdateFrame {
    const { origin, incarnation, items } = this;
    const isIncrement = sequence > 0 && sequence >= this.floor;
    const changed = [...items.values()].filter((item) =>
      isIncrement ? item.sequence > sequence : item.value !== undefined,
    );
    const from = isIncrement ? sequence : 0;
    return { kind: 'update', origin, incarnation, from, sequence: this.sequence, items: changed };
  }

  /** This state with changes of its own node. */
  changed(changes: ReadonlyMap<string, string | undefined>): LinkState {
    const sequence = this.sequence + 1;
    const items = new Map(this.items);
    for (const [key, value] of changes) items.set(key, { key, value, sequence });
    return withoutOldRemovals(this.origin, this.incarnation, sequence, this.floor, items);
  }

  /** The same facts in another incarnation, from the beginning. */
  reborn(incarnation: number): LinkState {
    const items = new Map<string, Item>();
    for (const { key, value } of this.items.values())
      if (value !== undefined) items.set(key, { key, value, sequence: 1 });
    return new LinkState(this.origin, incarnation, 1, 1, items);
  }

  static first(origin: NodeId, incarnation: number): LinkState {
    return new LinkState(origin, incarnation, 0, 0, new Map());
  }
}

/** What an update makes of a state: a newer one, or why not. */
export type Application = LinkState | 'stale' | 'gap' | 'refused';

/**
 * Applies an update to what is known of its node.
 * @param made gives the state that comes of it, if it is at hand already
 */
export function applyUpdate(
  before: LinkState | undefined,
  update: UpdateFrame,
  limits: LinkStateLimits,
  made?: () => LinkState | undefined,
): Application {
  const { origin, incarnation, from, sequence } = update;
  const isSameLife = before?.incarnation === incarnation;
  if (before !== undefined) {
    if (incarnation < before.incarnation || (isSameLife && sequence <= before.sequence)) return 'stale';
  }
  if (!isWithin(update, limits)) return 'refused';
  const ready = from === 0 || (isSameLife && before.sequence >= from) ? made?.() : undefined;
  if (ready !== undefined) return ready;
  if (from === 0) {
    const items = new Map(update.items.map((item) => [item.key, item]));
    return new LinkState(origin, incarnation, sequence, sequence, items);
  }
  if (!isSameLife || before.sequence < from) return 'gap';
  const items = new Map(before.items);
  for (const item of update.items) if (item.sequence > before.sequence) items.set(item.key, item);
  if (items.size > limits.itemsMax) return 'refused';
  return withoutOldRemovals(origin, incarnation, sequence, before.floor, items);
}

function isWithin({ items, from, sequence }: UpdateFrame, limits: LinkStateLimits): boolean {
  if (items.length > limits.itemsMax || from > sequence) return false;
  return items.every(
    ({ key, value, sequence: since }) =>
      key.length <= limits.keyLengthMax && (value?.length ?? 0) <= limits.valueLengthMax && since <= sequence,
  );
}

function withoutOldRemovals(
  origin: NodeId,
  incarnation: number,
  sequence: number,
  floorBefore: number,
  items: Map<string, Item>,
): LinkState {
  const removed = [...items.values()].filter(({ value }) => value === undefined);
  let floor = floorBefore;
  if (removed.length > REMOVALS_MAX) {
    removed.sort((a, b) => a.sequence - b.sequence);
    for (const item of removed.slice(0, removed.length / 2)) {
      items.delete(item.key);
      floor = Math.max(floor, item.sequence);
    }
  }
  return new LinkState(origin, incarnation, sequence, floor, items);
}

const LINK = 'link.';
const SERVICE = 'service.';

/** The keys of facts. */
export const KEY = {
  name: 'name',
  nameSince: 'since',
  area: 'area',
  start: 'start',
  load: 'load',
  draining: 'draining',
  link: (node: NodeId): string => LINK + node,
  service: (name: string): string => SERVICE + name,
  opaque: opaqueKey,
} as const;

/** The incarnation in the frames of a node, as far as an update says it. */
export function startIn({ items, incarnation }: UpdateFrame): number {
  return readStart(items.find(({ key }) => key === KEY.start)?.value ?? '', incarnation);
}

function readStart(text: string, incarnation: number): number {
  const start = Number(text || incarnation);
  return Number.isSafeInteger(start) ? start : incarnation;
}

/** Most nodes have none: they share this. */
const NOTHING_OPAQUE: ReadonlyMap<string, OpaqueFact> = new Map();

function readFacts({ items, incarnation }: LinkState): Facts {
  const text = (key: string): string => items.get(key)?.value ?? '';
  const links = new Map<NodeId, number>();
  const linkLives = new Map<NodeId, number>();
  const services = new Map<string, string>();
  let opaque = NOTHING_OPAQUE;
  for (const { key, value } of items.values()) {
    if (value === undefined) continue;
    if (key.startsWith(LINK)) {
      const neighbour = key.slice(LINK.length);
      const [cost = 0, life = 0] = value.split(' ').map(Number);
      if (cost >= 1) links.set(neighbour, Math.min(cost, COST_MAX));
      if (cost >= 1 && Number.isSafeInteger(life)) linkLives.set(neighbour, life);
    } else if (key.startsWith(SERVICE)) services.set(key.slice(SERVICE.length), value);
    else {
      const fact = readOpaque(key, value);
      if (fact !== undefined) opaque = new Map([...opaque, [fact.server, fact]]);
    }
  }
  return {
    name: text(KEY.name),
    nameSince: Number(text(KEY.nameSince)) || 0,
    area: text(KEY.area),
    start: readStart(text(KEY.start), incarnation),
    load: Math.min(Math.max(Number.parseInt(text(KEY.load), 10) || 0, 0), 100),
    isDraining: text(KEY.draining) === '1',
    links,
    linkLives,
    services,
    opaque,
  };
}
