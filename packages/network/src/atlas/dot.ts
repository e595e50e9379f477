// The map for Graphviz.

import type { AtlasLink, AtlasServer, GraphDocument } from './document.ts';
import { formatMs } from './format.ts';
import { titleOf } from './health.ts';

/** The graph in the language of `dot`: an undirected graph, a cluster for each data centre. */
export function renderDot({ servers, links, dataCenters }: GraphDocument): string {
  const lines = [
    'graph communicators {',
    '  graph [fontname="sans-serif"];',
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
  ];
  const hasClusters = dataCenters.length > 1 || dataCenters[0]?.name !== '';
  for (const [at, { name }] of dataCenters.entries()) {
    const members = servers.filter(({ dataCenter }) => dataCenter === name);
    if (hasClusters) lines.push(`  subgraph cluster_${at} {`, `    label=${quoted(titleOf(name))};`);
    for (const server of members) lines.push(`${hasClusters ? '    ' : '  '}${serverStatement(server)}`);
    if (hasClusters) lines.push('  }');
  }
  for (const link of links) lines.push(`  ${linkStatement(link)}`);
  return `${[...lines, '}'].join('\n')}\n`;
}

function serverStatement({ name, services, isReachable, isDraining, knowledge }: AtlasServer): string {
  const label = [name, ...services.map((service) => service.name)].join('\n');
  const attributes = [`label=${quoted(label)}`];
  if (!isReachable) attributes.push('style="rounded,dashed"', 'color=red', 'fontcolor=red');
  else if (isDraining) attributes.push('color=orange');
  if (knowledge === 'opaque') attributes.push('shape=ellipse');
  return `${quoted(name)} [${attributes.join(', ')}];`;
}

function linkStatement({ from, to, cost, roundTripMs, kind, state, isOpaque }: AtlasLink): string {
  const label = roundTripMs === undefined ? `${cost}` : `${cost}\n${formatMs(roundTripMs)}`;
  const attributes = [`label=${quoted(label)}`];
  if (kind === 'data-center') attributes.push('penwidth=2');
  if (state !== 'up') attributes.push('style=dotted', 'color=red');
  else if (isOpaque) attributes.push('style=dashed', 'arrowhead=odot', 'dir=forward');
  return `${quoted(from)} -- ${quoted(to)} [${attributes.join(', ')}];`;
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
