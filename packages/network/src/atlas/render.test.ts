// The pictures of several graphs, compared with files beside this one: look at them after `vitest -u`.

import { describe, expect, it } from 'vitest';
import { renderDot } from './dot.ts';
import { renderMermaid } from './mermaid.ts';
import { renderSvg } from './svg.ts';
import { GRAPHS } from './testing/graphs.ts';
import { renderText } from './text.ts';

const golden = (name: string): string => `./testing/goldens/${name}`;

describe.each(Object.keys(GRAPHS))('the map of %s', (name) => {
  const graph = GRAPHS[name] as (typeof GRAPHS)[string];

  it('as text', async () => {
    const text = renderText(graph, { columns: 100 });
    await expect(text).toMatchFileSnapshot(golden(`${name}.txt`));
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('for Graphviz', async () => {
    await expect(renderDot(graph)).toMatchFileSnapshot(golden(`${name}.dot`));
  });

  it('for Mermaid', async () => {
    await expect(renderMermaid(graph)).toMatchFileSnapshot(golden(`${name}.mmd`));
  });

  it('as SVG', async () => {
    await expect(renderSvg(graph)).toMatchFileSnapshot(golden(`${name}.svg`));
  });
});
