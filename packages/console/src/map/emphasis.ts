// What a choice lights up, what it sends into the background, and what would be cut off without something.

import { Atlas, type GraphDocument, lossWithout, type Removal } from '@snapcommunicator/network/atlas';
import { linkKey, type Scene, type Selection } from './model.ts';

/** How a link takes part: in the way that is taken, in the next best, or by itself. */
export interface LitLink {
  readonly role: 'way' | 'next' | 'chosen';
  /** In which directions: from the first to the second machine by name, and back. */
  readonly isForward: boolean;
  readonly isBackward: boolean;
}

export interface Emphasis {
  /** Whether everything that is not lit steps back. */
  readonly isActive: boolean;
  /** `chosen` itself, or `lit` by what is chosen. */
  readonly machines: ReadonlyMap<string, 'chosen' | 'lit'>;
  readonly links: ReadonlyMap<string, LitLink>;
  readonly center: string | undefined;
  readonly service: string | undefined;
  /** What is thought away. */
  readonly removedMachines: ReadonlySet<string>;
  readonly removedLinks: ReadonlySet<string>;
  /** Who would not be reached any more, or cannot reach what is chosen. */
  readonly cutOff: ReadonlySet<string>;
}

/** Nothing is chosen and nothing thought away. */
export const NO_EMPHASIS: Emphasis = {
  isActive: false,
  machines: new Map(),
  links: new Map(),
  center: undefined,
  service: undefined,
  removedMachines: new Set(),
  removedLinks: new Set(),
  cutOff: new Set(),
};

/** How many ways of the same cost are shown between two machines. */
const WAYS_MAX = 6;

/** `db2` is a machine, `a b` all links between two. */
export const removalOf = (removed: string): Removal => {
  const [from = '', to] = removed.split(' ', 2);
  return to === undefined ? { kind: 'server', server: from } : { kind: 'link', ends: [from, to] };
};

export function emphasize(
  graph: GraphDocument,
  scene: Scene,
  selection: Selection | undefined,
  removed: readonly string[],
): Emphasis {
  const removals = removed.map(removalOf);
  const removedMachines = new Set(removals.flatMap((each) => (each.kind === 'server' ? [each.server] : [])));
  const removedLinks = new Set(removals.flatMap((each) => (each.kind === 'link' ? [linkKey(...each.ends)] : [])));
  for (const { key, a, b } of scene.links) if (removedMachines.has(a) || removedMachines.has(b)) removedLinks.add(key);
  const machines = new Map<string, 'chosen' | 'lit'>();
  const links = new Map<string, LitLink>();
  const cutOff = new Set<string>(cutOffWithout(graph, removals));
  const base = { machines, links, cutOff, removedMachines, removedLinks, center: undefined, service: undefined };
  if (selection === undefined) return { ...base, isActive: false };
  const atlas = new Atlas(graph, ...removals);
  switch (selection.kind) {
    case 'machine':
      machines.set(selection.machine, 'chosen');
      return { ...base, isActive: false };
    case 'link': {
      const key = linkKey(selection.from, selection.to);
      links.set(key, { role: 'chosen', isForward: false, isBackward: false });
      machines.set(selection.from, 'lit').set(selection.to, 'lit');
      return { ...base, isActive: false };
    }
    case 'data-center':
      return { ...base, isActive: false, center: selection.dataCenter };
    case 'service':
      lightService(atlas, scene, selection.service, machines, links, cutOff);
      return { ...base, isActive: true, service: instanceOf(selection.service).name };
    case 'path':
      lightPath(atlas, selection.from, selection.to, machines, links);
      return { ...base, isActive: true };
  }
}

/** `images` is a service wherever it runs, `img1:images` the one on that machine. */
function instanceOf(service: string): { readonly machine: string | undefined; readonly name: string } {
  const colon = service.indexOf(':');
  return { machine: colon > 0 ? service.slice(0, colon) : undefined, name: service.slice(colon + 1) };
}

/** Everybody outside of the part that the machine that was asked is in, of what hung together before. */
function cutOffWithout(graph: GraphDocument, removals: readonly Removal[]): string[] {
  if (removals.length === 0) return [];
  const { parts } = lossWithout(graph, ...removals);
  const [main] = [...parts].sort((a, b) => Number(b.includes(graph.seenFrom)) - Number(a.includes(graph.seenFrom)));
  return parts.filter((part) => part !== main).flat();
}

/** The ways from everywhere to the nearest instance of a service. */
function lightService(
  atlas: Atlas,
  scene: Scene,
  service: string,
  machines: Map<string, 'chosen' | 'lit'>,
  links: Map<string, LitLink>,
  cutOff: Set<string>,
): void {
  const { machine, name: wanted } = instanceOf(service);
  const instances = [...scene.machines.values()]
    .filter(({ state, name }) => state !== 'lost' && atlas.server(name) !== undefined)
    .filter(({ name, services }) => (machine ?? name) === name && services.some((each) => each.name === wanted))
    .map(({ name }) => name);
  for (const { name, state } of scene.machines.values()) {
    if (state === 'lost' || atlas.server(name) === undefined || instances.includes(name)) continue;
    const nearest = instances
      .map((instance) => ({ instance, cost: atlas.cost(name, instance) }))
      .filter(({ cost }) => cost !== undefined)
      .sort((a, b) => (a.cost as number) - (b.cost as number))[0];
    if (nearest === undefined) cutOff.add(name);
    else light(atlas.shortest(name, nearest.instance, 1)[0]?.servers ?? [], 'way', machines, links);
  }
  for (const instance of instances) machines.set(instance, 'chosen');
}

/** Every way of least cost between two machines, and the next best. */
function lightPath(
  atlas: Atlas,
  from: string,
  to: string,
  machines: Map<string, 'chosen' | 'lit'>,
  links: Map<string, LitLink>,
): void {
  if (atlas.server(from) !== undefined && atlas.server(to) !== undefined) {
    for (const { servers } of atlas.shortest(from, to, WAYS_MAX)) light(servers, 'way', machines, links);
    light(atlas.nextBest(from, to)?.servers ?? [], 'next', machines, links);
  }
  machines.set(from, 'chosen').set(to, 'chosen');
}

function light(
  servers: readonly string[],
  role: 'way' | 'next',
  machines: Map<string, 'chosen' | 'lit'>,
  links: Map<string, LitLink>,
): void {
  servers.forEach((server, at) => {
    if (!machines.has(server)) machines.set(server, 'lit');
    const next = servers[at + 1];
    if (next === undefined) return;
    const key = linkKey(server, next);
    const known = links.get(key);
    if (known !== undefined && known.role !== role) return;
    links.set(key, {
      role,
      isForward: server < next || (known?.isForward ?? false),
      isBackward: server > next || (known?.isBackward ?? false),
    });
  });
}

/** Whom one wants to see who has chosen that: of a service its instances, not everybody who has a way to it. */
export function chosenIn(selection: Selection, { machines }: Emphasis, scene: Scene | undefined): readonly string[] {
  if (selection.kind === 'data-center')
    return scene?.centers.find(({ name }) => name === selection.dataCenter)?.machines ?? [];
  return [...machines].flatMap(([name, role]) => (selection.kind !== 'service' || role === 'chosen' ? [name] : []));
}

/** Machines whose name, or a service of theirs, has the text in it. */
export function matching(scene: Scene, text: string): Set<string> {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return new Set();
  const has = (name: string): boolean => name.toLowerCase().includes(wanted);
  return new Set(
    [...scene.machines.values()]
      .filter(({ name, services }) => has(name) || services.some((service) => has(service.name)))
      .map(({ name }) => name),
  );
}
