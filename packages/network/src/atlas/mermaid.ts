// The map as a Mermaid flowchart, for pages that draw those.

import type { AtlasLink, AtlasServer, GraphDocument } from './document.ts';
import { formatMs } from './format.ts';
import { titleOf } from './health.ts';

/** The graph as `flowchart`, a subgraph for each data centre. */
export function renderMermaid({ servers, links, dataCenters }: GraphDocument): string {
  // Names may be words of the language, so each machine has a number.
  const ids = new Map(servers.map(({ name }, at) => [name, `s${at}`]));
  const idOf = (name: string): string => ids.get(name) as string;
  const lines = ['flowchart LR'];
  const hasClusters = dataCenters.length > 1 || dataCenters[0]?.name !== '';
  for (const [at, { name }] of dataCenters.entries()) {
    const members = servers.filter(({ dataCenter }) => dataCenter === name);
    if (hasClusters) lines.push(`  subgraph d${at}[${quoted(titleOf(name))}]`);
    for (const server of members) lines.push(`${hasClusters ? '    ' : '  '}${idOf(server.name)}${shape(server)}`);
    if (hasClusters) lines.push('  end');
  }
  for (const link of links)
    lines.push(`  ${idOf(link.from)} ${stroke(link)}|${quoted(labelOf(link))}| ${idOf(link.to)}`);
  const lost = servers.filter(({ isReachable }) => !isReachable).map(({ name }) => idOf(name));
  if (lost.length > 0) lines.push('  classDef lost stroke:#c00,stroke-dasharray:4', `  class ${lost.join(',')} lost`);
  const draining = servers
    .filter(({ isReachable, isDraining }) => isReachable && isDraining)
    .map(({ name }) => idOf(name));
  if (draining.length > 0) lines.push('  classDef draining stroke:#b80', `  class ${draining.join(',')} draining`);
  return `${lines.join('\n')}\n`;
}

function shape({ name, services, knowledge }: AtlasServer): string {
  const label = quoted([name, ...services.map((service) => service.name)].join('<br>'));
  return knowledge === 'opaque' ? `([${label}])` : `[${label}]`;
}

function stroke({ kind, state, isOpaque }: AtlasLink): string {
  if (state !== 'up') return '-.-';
  if (isOpaque) return '-.-o';
  return kind === 'data-center' ? '===' : '---';
}

const labelOf = ({ cost, roundTripMs }: AtlasLink): string =>
  roundTripMs === undefined ? `${cost}` : `${cost}, ${formatMs(roundTripMs)}`;

/** Entities, as the language has them. */
const quoted = (text: string): string =>
  `"${text
    .replaceAll('#', '#35;')
    .replaceAll('"', '#quot;')
    .replaceAll(/<(?!br>)/g, '#lt;')}"`;
