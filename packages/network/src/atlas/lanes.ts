// Draws links as brackets beside a list of machines: each link has a lane, from the row of one end to that of the other.

import type { AtlasLink } from './document.ts';

/** How a link is drawn. */
type Stroke = 'plain' | 'far' | 'weak';

interface Span {
  readonly first: number;
  readonly last: number;
  readonly stroke: Stroke;
}

/** By stroke: passing, beginning and ending at the leftmost lane of a row, and further right. */
const GLYPHS: Readonly<Record<Stroke, { pass: string; begin: string; end: string; beginOn: string; endOn: string }>> = {
  plain: { pass: '│', begin: '┌', end: '└', beginOn: '┬', endOn: '┴' },
  far: { pass: '║', begin: '╓', end: '╙', beginOn: '╥', endOn: '╨' },
  weak: { pass: '┆', begin: '┌', end: '└', beginOn: '┬', endOn: '┴' },
};

export interface Gutter {
  /** Characters in front of each row. */
  readonly width: number;
  /** In front of the row of a machine, up to its dot. */
  row(index: number): string;
  /** In front of what follows that row; -1: before the first. */
  below(index: number): string;
}

const NO_GUTTER: Gutter = { width: 0, row: () => '', below: () => '' };

/**
 * Lanes for links between rows; the short ones are nearest to the names.
 * @param rowOf the row of each machine that has one
 * @param widthMax characters; without a drawing that fits, there is none
 */
export function drawLanes(links: readonly AtlasLink[], rowOf: ReadonlyMap<string, number>, widthMax: number): Gutter {
  const lanes = assignLanes(spansOf(links, rowOf));
  const pitch = lanes.length * 2 <= widthMax ? 2 : 1;
  if (lanes.length === 0 || lanes.length * pitch > widthMax) return NO_GUTTER;
  // The first lane is the rightmost.
  const columns = [...lanes].reverse();
  const fill = (glyph: string, between: string): string => glyph + between.repeat(pitch - 1);
  return {
    width: columns.length * pitch,
    row: (index) => {
      let isTouched = false;
      return columns
        .map((spans) => {
          const span = spans.find(({ first, last }) => first <= index && index <= last);
          if (span === undefined) return fill(isTouched ? '─' : ' ', isTouched ? '─' : ' ');
          const { pass, begin, end, beginOn, endOn } = GLYPHS[span.stroke];
          if (span.first !== index && span.last !== index) return fill(pass, isTouched ? '─' : ' ');
          const glyph = span.first === index ? (isTouched ? beginOn : begin) : isTouched ? endOn : end;
          isTouched = true;
          return fill(glyph, '─');
        })
        .join('');
    },
    below: (index) =>
      columns
        .map((spans) => {
          const span = spans.find(({ first, last }) => first <= index && index < last);
          return fill(span === undefined ? ' ' : GLYPHS[span.stroke].pass, ' ');
        })
        .join(''),
  };
}

/** Between each two machines one line, however many links there are. */
function spansOf(links: readonly AtlasLink[], rowOf: ReadonlyMap<string, number>): Span[] {
  const spans = new Map<string, Span>();
  for (const { from, to, state, kind, isOpaque } of links) {
    const [a, b] = [rowOf.get(from), rowOf.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    const [first, last] = [Math.min(a, b), Math.max(a, b)];
    const key = `${first} ${last}`;
    const stroke = state !== 'up' || isOpaque ? 'weak' : kind === 'data-center' ? 'far' : 'plain';
    if (!spans.has(key) || spans.get(key)?.stroke === 'weak') spans.set(key, { first, last, stroke });
  }
  return [...spans.values()].sort((a, b) => a.last - a.first - (b.last - b.first) || a.first - b.first);
}

/** Two lines share a lane only if a row is between them: where one ends and the next begins would look like one. */
function assignLanes(spans: readonly Span[]): Span[][] {
  const lanes: Span[][] = [];
  for (const span of spans) {
    const free = lanes.find((lane) => lane.every(({ first, last }) => last < span.first || span.last < first));
    if (free === undefined) lanes.push([span]);
    else free.push(span);
  }
  return lanes;
}
