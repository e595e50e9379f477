// The map as a standalone picture: regions, cards with services as pills, links with cost and round trip; light and dark.

import type { AtlasServer, GraphDocument } from './document.ts';
import { formatSpan } from './format.ts';
import { healthOf, titleOf } from './health.ts';
import { type Layout, layOut, type Point, type Size } from './layout.ts';
import { escaped, LETTER_WIDTH, linkMarkup, round } from './svg-links.ts';

const CARD_WIDTH = 176;
const PADDING = 12;
const HEAD_HEIGHT = 42;
const PILL_HEIGHT = 18;
const PILL_GAP = 5;
/** Services that have a pill; of the others, their number. */
const PILLS_MAX = 12;
const MARGIN = 24;
const TITLE_HEIGHT = 44;

interface Palette {
  readonly ground: string;
  readonly card: string;
  readonly region: string;
  readonly line: string;
  readonly ink: string;
  readonly soft: string;
  readonly accent: string;
  readonly amber: string;
  readonly red: string;
}

const LIGHT: Palette = {
  ground: '#fbfbfa',
  card: '#ffffff',
  region: '#eeeeeb',
  line: '#a9aaa5',
  ink: '#1f2321',
  soft: '#636965',
  accent: '#2f6f8f',
  amber: '#b26a00',
  red: '#c02a2a',
};

const DARK: Palette = {
  ground: '#161817',
  card: '#222524',
  region: '#1d201f',
  line: '#5c625f',
  ink: '#e8ebe9',
  soft: '#9aa19d',
  accent: '#7fbcd8',
  amber: '#f0a93a',
  red: '#ff7b72',
};

// Colours stand in plain rules, once for light and once for dark: not every viewer of pictures knows variables.
const colours = (palette: Palette): string => `
  text { fill: ${palette.ink}; } .soft, .cost, .region-name { fill: ${palette.soft}; } .bad { fill: ${palette.red}; }
  .ground, .plate, .end { fill: ${palette.ground}; } .region, .pill { fill: ${palette.region}; } .card { fill: ${palette.card}; }
  .card, .link, .end { stroke: ${palette.line}; } .here, .far { stroke: ${palette.accent}; }
  .draining { stroke: ${palette.amber}; } .lost, .down { stroke: ${palette.red}; } .lost { fill: ${palette.ground}; }
  .lock { fill: ${palette.soft}; stroke: ${palette.soft}; }`;

const STYLE = `
  text { font: 11px "DejaVu Sans", Verdana, sans-serif; } .title { font-size: 15px; font-weight: bold; }
  .region-name { font-size: 12px; font-weight: bold; } .name { font-size: 13px; font-weight: bold; }
  .here, .draining { stroke-width: 2; } .lost { stroke-dasharray: 5 4; } .opaque { stroke-dasharray: 2 3; }
  .link { fill: none; } .down { stroke-dasharray: 3 5; } .open { stroke-dasharray: 6 4; } .plate { opacity: .9; }
${colours(LIGHT)}
  @media (prefers-color-scheme: dark) {${colours(DARK)}
  }`;

/** The graph as SVG, with all that it needs in it. */
export function renderSvg(document: GraphDocument): string {
  const layout = layOut(document, (server) => cardSize(server));
  const [width, height] = [Math.max(layout.width, 480) + 2 * MARGIN, layout.height + 2 * MARGIN + TITLE_HEIGHT];
  const health = healthOf(document);
  const hasRegions = document.dataCenters.length > 1 || document.dataCenters[0]?.name !== '';
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img">`,
    `<title>${escaped(health.summary)}</title>`,
    `<style>${STYLE}\n</style>`,
    '<rect class="ground" width="100%" height="100%"/>',
    `<text class="title${health.isWell ? '' : ' bad'}" x="${MARGIN}" y="32">${escaped(health.summary)}</text>`,
    `<text class="soft" x="${MARGIN}" y="50">seen from ${escaped(document.seenFrom)} at ${new Date(document.time * 1000).toISOString().slice(0, 19)}Z</text>`,
    `<g transform="translate(${MARGIN} ${MARGIN + TITLE_HEIGHT})">`,
    ...(hasRegions ? regions(document, layout) : []),
    ...linkMarkup(document, layout.places, cardSize),
    ...document.servers.map((server) => card(server, layout.places.get(server.name) as Point, document)),
    '</g>',
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

const regions = ({ dataCenters }: GraphDocument, layout: Layout): string[] =>
  dataCenters.flatMap(({ name, serverCount }) => {
    const box = layout.regions.get(name);
    if (box === undefined) return [];
    const rect = `<rect class="region" x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" height="${round(box.height)}" rx="18"/>`;
    return [
      `${rect}<text class="region-name" x="${round(box.x + 16)}" y="${round(box.y + 22)}">${escaped(titleOf(name))} · ${serverCount}</text>`,
    ];
  });

/** The pills of a card, in rows. */
function pillRows({ services }: AtlasServer): { readonly text: string; readonly width: number }[][] {
  const names = services.map(({ name }) => name);
  const shown =
    names.length > PILLS_MAX ? [...names.slice(0, PILLS_MAX - 1), `+${names.length - PILLS_MAX + 1}`] : names;
  const rows: { text: string; width: number }[][] = [];
  let left = 0;
  for (const name of shown) {
    const width = Math.min(Math.ceil(name.length * LETTER_WIDTH) + 14, CARD_WIDTH - 2 * PADDING);
    const lettersMax = Math.floor((width - 12) / LETTER_WIDTH);
    const text = name.length > lettersMax ? `${name.slice(0, lettersMax - 1)}…` : name;
    if (rows.length === 0 || width > left) {
      rows.push([]);
      left = CARD_WIDTH - 2 * PADDING;
    }
    rows.at(-1)?.push({ text, width });
    left -= width + PILL_GAP;
  }
  return rows;
}

function cardSize(server: AtlasServer): Size {
  const rows = pillRows(server).length;
  return {
    width: CARD_WIDTH,
    height: HEAD_HEIGHT + (rows === 0 ? 4 : rows * (PILL_HEIGHT + PILL_GAP) + PADDING - PILL_GAP),
  };
}

function card(server: AtlasServer, { x, y }: Point, { seenFrom, time }: GraphDocument): string {
  const { width, height } = cardSize(server);
  const [left, top] = [round(x - width / 2), round(y - height / 2)];
  const { name, isReachable, isDraining, knowledge, load = 0, upSince, lostSince, version } = server;
  const state = !isReachable
    ? ' lost'
    : isDraining
      ? ' draining'
      : name === seenFrom
        ? ' here'
        : knowledge === 'opaque'
          ? ' opaque'
          : '';
  const facts: string[] = [];
  if (!isReachable) facts.push(lostSince === undefined ? 'lost' : `lost ${formatSpan(time - lostSince)} ago`);
  if (name === seenFrom) facts.push('here');
  if (isDraining) facts.push('draining');
  if (knowledge === 'opaque') facts.push('C++ daemon');
  if (load > 0) facts.push(`load ${load}`);
  if (upSince !== undefined) facts.push(`up ${formatSpan(time - upSince)}`);
  if (version !== undefined) facts.push(version);
  const pills = pillRows(server).flatMap((row, at) => {
    const pillTop = HEAD_HEIGHT + at * (PILL_HEIGHT + PILL_GAP);
    let pillLeft = PADDING;
    return row.map(({ text, width: pillWidth }) => {
      const pill = `<rect class="pill" x="${pillLeft}" y="${pillTop}" width="${pillWidth}" height="${PILL_HEIGHT}" rx="9"/><text x="${pillLeft + 7}" y="${pillTop + 13}">${escaped(text)}</text>`;
      pillLeft += pillWidth + PILL_GAP;
      return pill;
    });
  });
  return [
    `<g transform="translate(${left} ${top})"><title>${escaped([name, server.address, server.id].filter(Boolean).join(' · '))}</title>`,
    `<rect class="card${state}" width="${width}" height="${height}" rx="10"/>`,
    `<text class="name" x="${PADDING}" y="20">${escaped(shortened(name, 22))}</text>`,
    `<text class="${isReachable ? 'soft' : 'bad'}" x="${PADDING}" y="35">${escaped(shortened(facts.join(' · '), 28))}</text>`,
    ...pills,
    '</g>',
  ].join('');
}

const shortened = (text: string, lengthMax: number): string =>
  text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
