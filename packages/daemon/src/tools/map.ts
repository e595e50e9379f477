// `snapcom map`: the graph, for people as text or picture, for programs as JSON.

import {
  encodeGraph,
  type GraphDocument,
  renderDot,
  renderMermaid,
  renderSvg,
  renderText,
} from '@snapcommunicator/network/atlas';
import { type Command, Option } from 'commander';
import { type GraphOptions, loadGraph, TOPOLOGY_OPTION } from './cluster.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { Call } from './tool.ts';

interface MapOptions extends GraphOptions {
  readonly format: keyof typeof FORMATS;
}

const COLUMNS = 100;

const FORMATS = {
  text: (graph: GraphDocument, output: Output): string =>
    renderText(graph, {
      columns: Math.max(60, output.columns ?? COLUMNS),
      paint: (tone, text) => output.paint(tone, text),
    }),
  dot: renderDot,
  mermaid: renderMermaid,
  json: (graph: GraphDocument): string => `${encodeGraph(graph)}\n`,
  svg: renderSvg,
} as const;

export function describe(command: Command): void {
  command
    .addOption(new Option('-f, --format <format>', 'how it is drawn').choices(Object.keys(FORMATS)).default('text'))
    .option(...TOPOLOGY_OPTION)
    .addHelpText(
      'after',
      `
Examples:
  snapcom map
  snapcom map --format svg > map.svg
  snapcom map --format dot | dot -Tpng > map.png
  snapcom map --format json > today.json; snapcom what-if --topology today.json --without alpha

Links are drawn as brackets to the left of the machines: a double line leads to another data centre, a broken one is not
up, or ends at a daemon of another kind. Beside each machine stand its neighbours with cost and, where measured, round trip.`,
    );
}

export async function run({ options, output }: Call<MapOptions>): Promise<ExitCode> {
  const graph = await loadGraph(options);
  output.write(FORMATS[options.json ? 'json' : options.format](graph, output));
  return EXIT.done;
}
