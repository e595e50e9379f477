// Graphs for tests, from a few words.

import type { AtlasLink, AtlasServer, GraphDocument } from '@snapcommunicator/network/atlas';

export const NOW = 1_700_000_000;

type ServerParts = Partial<Omit<AtlasServer, 'services'>> & { readonly services?: readonly string[] };

/** @param servers by name; the first one is asked @param links as `a-b` */
export function graphOf(servers: Readonly<Record<string, ServerParts>>, links: readonly string[] = []): GraphDocument {
  const list = Object.entries(servers).map(
    ([name, { services = [], ...parts }]): AtlasServer => ({
      name,
      dataCenter: 'east',
      knowledge: 'whole',
      isDraining: false,
      isReachable: true,
      nextHops: [],
      ...parts,
      services: services.map((text) => {
        const [service = '', commands] = text.split('/');
        return { name: service, ...(commands !== undefined && { commands: commands.split(',') }) };
      }),
    }),
  );
  const centers = [...new Set(list.map(({ dataCenter }) => dataCenter))];
  return {
    version: 1,
    seenFrom: list[0]?.name ?? '',
    time: NOW,
    dataCenters: centers.map((name) => ({
      name,
      isOwn: name === list[0]?.dataCenter,
      serverCount: list.filter(({ dataCenter }) => dataCenter === name).length,
      cost: 10,
    })),
    servers: list,
    links: links.map(linkOf),
  };
}

export function linkOf(text: string): AtlasLink {
  const [from = '', to = ''] = text.split('-');
  return { from, to, cost: 10, kind: 'network', state: 'up', isOpaque: false };
}
