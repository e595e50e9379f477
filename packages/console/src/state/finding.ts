// What can be found by typing a few letters of it: machines, services, links, data centres, pages.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import type { Selection } from '../map/model.ts';
import type { PageName } from './address.ts';

export interface Finding {
  readonly key: string;
  readonly kind: 'Machine' | 'Service' | 'Link' | 'Data centre' | 'Page' | 'Without';
  readonly title: string;
  readonly note: string;
  readonly target: { readonly page: PageName } | { readonly selection: Selection } | { readonly without: string };
}

const PAGE_TITLES: Readonly<Record<PageName, string>> = {
  map: 'Map',
  messages: 'Messages',
  services: 'Services',
  machines: 'Machines',
  links: 'Links',
  flags: 'Flags',
  ask: 'Ask: without …',
  send: 'Send a message',
};

/** Those that begin with it first, then those that have it in them; the shorter first. */
export function find(graph: GraphDocument | undefined, text: string, countMax = 12): Finding[] {
  const wanted = text.trim().toLowerCase();
  const [, thoughtAway] = /^without\s+(\S+)/.exec(wanted) ?? [];
  if (thoughtAway !== undefined && graph !== undefined)
    return graph.servers
      .filter(({ name }) => name.includes(thoughtAway))
      .slice(0, countMax)
      .map(({ name }) => ({
        key: `w ${name}`,
        kind: 'Without',
        title: name,
        note: 'what would be left?',
        target: { without: name },
      }));
  return everythingIn(graph)
    .map((finding) => ({ finding, rank: rankOf(finding, wanted) }))
    .filter(({ rank }) => rank < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, countMax)
    .map(({ finding }) => finding);
}

function rankOf({ title, kind }: Finding, wanted: string): number {
  const at = title.toLowerCase().indexOf(wanted);
  if (at < 0) return Number.POSITIVE_INFINITY;
  // With nothing typed pages come last: they are in sight anyway.
  return (at === 0 ? 0 : 1000) + (kind === 'Link' || kind === 'Page' ? 500 : 0) + title.length;
}

function everythingIn(graph: GraphDocument | undefined): Finding[] {
  const pages = Object.entries(PAGE_TITLES).map(
    ([page, title]): Finding => ({
      key: `p ${page}`,
      kind: 'Page',
      title,
      note: '',
      target: { page: page as PageName },
    }),
  );
  if (graph === undefined) return pages;
  const services = new Map<string, string[]>();
  for (const { name: server, services: list } of graph.servers)
    for (const { name } of list) services.set(name, [...(services.get(name) ?? []), server]);
  return [
    ...graph.servers.map(({ name, dataCenter, isReachable }): Finding => {
      const note = [dataCenter, isReachable ? '' : 'lost'].filter(Boolean).join(', ');
      return {
        key: `m ${name}`,
        kind: 'Machine',
        title: name,
        note,
        target: { selection: { kind: 'machine', machine: name } },
      };
    }),
    ...[...services].map(([service, on]): Finding => {
      const note = on.length > 3 ? `on ${on.length} machines` : `on ${on.join(', ')}`;
      return {
        key: `s ${service}`,
        kind: 'Service',
        title: service,
        note,
        target: { selection: { kind: 'service', service } },
      };
    }),
    ...graph.dataCenters
      .filter(({ name }) => name !== '')
      .map(
        ({ name, serverCount }): Finding => ({
          key: `d ${name}`,
          kind: 'Data centre',
          title: name,
          note: `${serverCount} machines`,
          target: { selection: { kind: 'data-center', dataCenter: name } },
        }),
      ),
    ...graph.links.map(
      ({ from, to, cost }, at): Finding => ({
        key: `l ${at}`,
        kind: 'Link',
        title: `${from} – ${to}`,
        note: `cost ${cost}`,
        target: { selection: { kind: 'link', from, to } },
      }),
    ),
    ...pages,
  ];
}
