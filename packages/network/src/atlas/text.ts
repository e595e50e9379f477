// The map as text: machines by data centre, each with its services and links, the links drawn beside them as brackets.

import { type AtlasLink, type AtlasServer, compareTexts, type GraphDocument } from './document.ts';
import { counted, formatMs, formatRate, formatSpan } from './format.ts';
import { healthOf, titleOf } from './health.ts';
import { drawLanes, type Gutter } from './lanes.ts';

/** What a text means, for who can paint. */
export type Tone = 'bold' | 'dim' | 'green' | 'yellow' | 'red';

export interface TextOptions {
  /** Lines are broken to this width where they can be. */
  readonly columns: number;
  /** Marks a text without changing what is read. */
  readonly paint?: (tone: Tone, text: string) => string;
}

/** Names are set out in a column of at most this width. */
const NAME_COLUMN_MAX = 20;
/** The brackets take at most this share of the width. */
const GUTTER_SHARE = 0.3;

const SYMBOLS = { up: '●', draining: '◐', lost: '✕', opaque: '○' } as const;
type Condition = keyof typeof SYMBOLS;

const TONES: Readonly<Record<Condition, Tone>> = { up: 'bold', draining: 'yellow', lost: 'red', opaque: 'bold' };

/** The map, each line with its LF. */
export function renderText(document: GraphDocument, { columns, paint = (_tone, text) => text }: TextOptions): string {
  const health = healthOf(document);
  const lines = [paint(health.isWell ? 'green' : 'red', health.summary)];
  for (const problem of health.problems) lines.push(`  ${paint('red', SYMBOLS.lost)} ${problem}`);
  lines.push(...mapLines(document, columns, paint), '');
  for (const note of health.notes) lines.push(...wrapped(note.split(' '), columns, '', '  ', ' '));
  lines.push(paint('dim', `seen from ${document.seenFrom} at ${clockOf(document.time)}  ${legendOf(document)}`));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function mapLines(document: GraphDocument, columns: number, paint: (tone: Tone, text: string) => string): string[] {
  const { servers, links, dataCenters } = document;
  const ordered = dataCenters.flatMap(({ name }) => servers.filter(({ dataCenter }) => dataCenter === name));
  const rowOf = new Map(ordered.map(({ name }, row) => [name, row]));
  const gutter = drawLanes(links, rowOf, Math.floor(columns * GUTTER_SHARE));
  const nameColumn = Math.min(NAME_COLUMN_MAX, Math.max(0, ...ordered.map(({ name }) => name.length)));
  const hasDataCenters = dataCenters.length > 1 || dataCenters[0]?.name !== '';
  const linksOf = new Map<string, AtlasLink[]>(servers.map(({ name }) => [name, []]));
  for (const link of links) for (const end of [link.from, link.to]) linksOf.get(end)?.push(link);
  const hasVersions = new Set(servers.flatMap(({ version }) => version ?? [])).size > 1;
  const view: View = { document, linksOf, hasVersions, gutter, columns, nameColumn, paint };
  const lines: string[] = [];
  let row = 0;
  for (const center of dataCenters) {
    const members = servers.filter(({ dataCenter }) => dataCenter === center.name);
    const edge = gutter.below(row - 1);
    lines.push(edge);
    if (hasDataCenters) {
      const way = center.isOwn ? '' : center.cost === undefined ? ', no way there' : `, cost ${center.cost}`;
      lines.push(`${edge}${paint('bold', titleOf(center.name))}: ${counted(center.serverCount, 'machine')}${way}`);
    }
    for (const server of members) lines.push(...serverLines(server, row++, view));
  }
  return lines;
}

interface View {
  readonly document: GraphDocument;
  readonly linksOf: ReadonlyMap<string, readonly AtlasLink[]>;
  /** A version is worth a word where not all have the same. */
  readonly hasVersions: boolean;
  readonly gutter: Gutter;
  readonly columns: number;
  readonly nameColumn: number;
  readonly paint: (tone: Tone, text: string) => string;
}

function serverLines(server: AtlasServer, row: number, view: View): string[] {
  const { document, gutter, columns, nameColumn, paint, linksOf, hasVersions } = view;
  const condition = conditionOf(server);
  const name = paint(TONES[condition], server.name.padEnd(nameColumn));
  const symbol = condition === 'up' ? SYMBOLS.up : paint(TONES[condition], SYMBOLS[condition]);
  const head = `${gutter.row(row)}${symbol} ${name}  ${factsOf(server, document, hasVersions).join(', ')}`;
  const indent = `${gutter.below(row)}  `;
  const services = server.services.map((service) => service.name);
  const more: string[] = [];
  if (services.length > 0) more.push(...wrapped(services, columns, `${indent}runs `, `${indent}     `, ' '));
  const { heardOf = [] } = server;
  if (heardOf.length > 0) more.push(...wrapped(heardOf, columns, `${indent}heard of `, `${indent}         `, ' '));
  const ends = (linksOf.get(server.name) ?? []).map((link) => linkText(link, server.name)).sort(compareTexts);
  if (ends.length > 0) more.push(...wrapped(ends, columns, `${indent}to   `, `${indent}     `, ', '));
  return [head, ...more];
}

function conditionOf({ isReachable, isDraining, knowledge }: AtlasServer): Condition {
  if (!isReachable) return 'lost';
  if (knowledge === 'opaque') return 'opaque';
  return isDraining ? 'draining' : 'up';
}

/** What is said beside a name: where it is, and what is special. */
function factsOf(server: AtlasServer, { seenFrom, time }: GraphDocument, hasVersions: boolean): string[] {
  const { name, distance, nextHops, load = 0, upSince, lostSince, version, address } = server;
  const facts: string[] = [];
  if (name === seenFrom) facts.push('here');
  else if (!server.isReachable)
    facts.push(lostSince === undefined ? 'lost' : `lost ${formatSpan(time - lostSince)} ago`);
  else if (distance !== undefined) {
    const isDirect = nextHops.length === 0 || (nextHops.length === 1 && nextHops[0] === name);
    facts.push(`cost ${distance}${isDirect ? '' : ` by ${nextHops.join(' or ')}`}`);
  }
  if (server.knowledge === 'opaque') facts.push('of another kind: what is behind it nobody knows');
  if (server.isDraining) facts.push('draining');
  if (load > 0) facts.push(`load ${load}`);
  if (upSince !== undefined) facts.push(`up ${formatSpan(time - upSince)}`);
  if (address !== undefined) facts.push(address);
  if (version !== undefined && hasVersions) facts.push(`version ${version}`);
  return facts;
}

/** A link as one of its ends sees it: `beta 10 (0.31 ms, TLS)`. */
export function linkText(link: AtlasLink, seenFrom: string): string {
  const { from, to, cost, costBack = cost, state, roundTripMs, isSecure, rates } = link;
  const [other, out, back] = from === seenFrom ? [to, cost, costBack] : [from, costBack, cost];
  const details: string[] = [];
  if (state === 'half') details.push(`only ${from} says so`);
  if (state === 'coming') details.push('coming up');
  if (back !== out) details.push(`back ${back}`);
  if (roundTripMs !== undefined) details.push(formatMs(roundTripMs));
  if (rates !== undefined && rates.messagesIn + rates.messagesOut > 0)
    details.push(formatRate(rates.messagesIn + rates.messagesOut));
  if (isSecure) details.push('TLS');
  return `${other} ${out}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}

/** Items in lines of at most so many columns; one that is longer has a line of its own. */
function wrapped(items: readonly string[], columns: number, first: string, next: string, separator: string): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const [at, item] of items.entries()) {
    const text = at === items.length - 1 ? item : item + separator.trimEnd();
    if (!isEmpty && line.length + text.length + 1 > columns) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += (isEmpty ? '' : ' ') + text;
    isEmpty = false;
  }
  return [...lines, line];
}

/** The marks that occur and are not plain. */
function legendOf({ servers, links }: GraphDocument): string {
  const conditions = new Set(servers.map(conditionOf));
  const marks: string[] = [];
  if (conditions.has('draining')) marks.push(`${SYMBOLS.draining} draining`);
  if (conditions.has('lost')) marks.push(`${SYMBOLS.lost} lost`);
  if (conditions.has('opaque')) marks.push(`${SYMBOLS.opaque} C++ daemon`);
  if (links.some(({ kind }) => kind === 'data-center')) marks.push('║ to another data centre');
  if (links.some(({ state, isOpaque }) => state !== 'up' || isOpaque)) marks.push('┆ opaque, or not up');
  return marks.join('  ');
}

/** Always UTC: who compares maps of several machines compares times, too. */
const clockOf = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
