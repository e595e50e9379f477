// Asks daemons for the graph, or reads it from a file: what every tool that looks at the cluster begins with.

import { readFileSync } from 'node:fs';
import { type GraphDocument, mergeGraphs, readGraph } from '@snapcommunicator/network/atlas';
import { type Communicator, communicatord } from 'snapcommunicator';
import { withConnection } from './connection.ts';
import { EXIT, ToolError, usageError } from './exit-codes.ts';
import type { CommonOptions } from './tool.ts';

export interface GraphOptions extends CommonOptions {
  /** A file instead of a daemon; `-` is standard input. */
  readonly topology?: string;
}

export const TOPOLOGY_OPTION = [
  '--topology <file>',
  'look at this graph instead of the live one: what `map --format json` printed; - reads standard input',
] as const;

const answerMsMax = 5000;
/** Who answers later is shown as this machine knows it. */
const detailMsMax = 2000;
/** So many machines are asked for details. */
const askedMax = 200;

/** The graph of a file, or as the communicator and those that it can reach see it. @throws ToolError, CommunicatorError */
export async function loadGraph(options: GraphOptions): Promise<GraphDocument> {
  if (options.topology !== undefined) return readGraphFile(options.topology);
  return withConnection({ to: options.to }, askCluster);
}

/** @throws ToolError */
export function readGraphFile(file: string): GraphDocument {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  const reading = readGraph(text);
  if ('problem' in reading) throw usageError(`${file} is no graph: ${reading.problem}`);
  return reading.graph;
}

/** The graph as one daemon sees it. @param server whose daemon; empty: the one of the connection */
export async function askGraph(bus: Communicator, server = '', timeout = answerMsMax): Promise<GraphDocument> {
  const { parameters } = await bus.request(daemonOf(server), 'GRAPH', {}, { timeout });
  const reading = readGraph(parameters.graph ?? '');
  if ('graph' in reading) return reading.graph;
  throw new ToolError(
    EXIT.refused,
    `${server || 'the communicator'} tells a graph that cannot be read: ${reading.problem}`,
  );
}

/** The graph as the own daemon sees it, with what the others know of their links and their data centres. */
export async function askCluster(bus: Communicator): Promise<GraphDocument> {
  const base = await askGraph(bus);
  return mergeGraphs(base, await askEach(othersIn(base), (server) => askGraph(bus, server, detailMsMax)));
}

/** The contract of a machine's daemon. @param server empty: the one of the connection */
export const daemonOf = (server: string): typeof communicatord =>
  server === '' ? communicatord : { ...communicatord, service: `${server}:communicatord` };

/** Machines whose daemons can be asked, but the one that was asked already. */
export function othersIn(graph: GraphDocument): string[] {
  return graph.servers
    .filter(({ name, isReachable, knowledge }) => name !== graph.seenFrom && isReachable && knowledge !== 'opaque')
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('#'));
}

/** Asks several daemons at once; who does not answer is left out. */
export async function askEach<T>(servers: readonly string[], ask: (server: string) => Promise<T>): Promise<T[]> {
  const answers = await Promise.allSettled(servers.slice(0, askedMax).map(ask));
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** A server of the graph by a name that somebody typed. @throws ToolError naming those that there are */
export function serverNamed(graph: GraphDocument, text: string): string {
  const found = graph.servers.find(({ name }) => name === text.toLowerCase() || name === text);
  if (found !== undefined) return found.name;
  const names = graph.servers.map(({ name }) => name);
  const shown = names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
  throw usageError(`no machine is called ${text}; there are ${shown}`);
}
