// Says in words how the graph is: what is wrong first, then what has no spare.

import type { AtlasServer, GraphDocument } from './document.ts';
import { counted, enumerated, formatSpan } from './format.ts';
import { weakSpots } from './paths.ts';

export interface Health {
  readonly isWell: boolean;
  /** One line: `7 machines, 23 services, 2 data centres: all well`. */
  readonly summary: string;
  /** What is wrong, a sentence each; the worst first. */
  readonly problems: readonly string[];
  /** What is not wrong, but good to know: who is draining, what has no spare. */
  readonly notes: readonly string[];
}

/** From 0 to 100, the load average for each processor; above it a machine has more to do than it can. */
export const LOAD_WELL_MAX = 90;

export const isOverloaded = ({ isReachable, load = 0 }: AtlasServer): boolean => isReachable && load > LOAD_WELL_MAX;

export function healthOf(document: GraphDocument): Health {
  const { servers, dataCenters } = document;
  const problems = [
    ...lostServers(document),
    ...lostDataCenters(document),
    ...namelessServers(servers),
    ...badLinks(document),
  ];
  const machines = dataCenters.reduce((sum, { serverCount }) => sum + serverCount, 0);
  const services = new Set(
    servers.flatMap(({ isReachable, services: list }) => (isReachable ? list.map(({ name }) => name) : [])),
  );
  const parts = [counted(machines, 'machine'), counted(services.size, 'service')];
  if (dataCenters.length > 1) parts.push(counted(dataCenters.length, 'data centre'));
  const verdict = problems.length === 0 ? 'all well' : counted(problems.length, 'problem');
  return {
    isWell: problems.length === 0,
    summary: `${parts.join(', ')}: ${verdict}`,
    problems,
    notes: notesOn(document),
  };
}

function lostServers({ servers, time }: GraphDocument): string[] {
  const here = new Set(
    servers.flatMap(({ isReachable, services }) => (isReachable ? services.map(({ name }) => name) : [])),
  );
  return servers
    .filter(({ isReachable }) => !isReachable)
    .map(({ name, lostSince, services }) => {
      const since = lostSince === undefined ? '' : ` (lost ${formatSpan(time - lostSince)} ago)`;
      const missing = services.map((service) => service.name).filter((service) => !here.has(service));
      const nowhere = missing.length === 0 ? '' : `, and ${enumerated(missing)} with it`;
      return `${name} cannot be reached${since}${nowhere}`;
    });
}

const lostDataCenters = ({ dataCenters }: GraphDocument): string[] =>
  dataCenters
    .filter(({ isOwn, cost, serverCount }) => !isOwn && cost === undefined && serverCount > 0)
    .map(({ name }) => `nobody knows a way to the data centre ${titleOf(name)}`);

const namelessServers = (servers: readonly AtlasServer[]): string[] =>
  servers
    .filter(({ name, isReachable }) => name.startsWith('#') && isReachable)
    .map(
      ({ name, address }) =>
        `${name}${address === undefined ? '' : ` at ${address}`} has no name of its own: another machine bears it`,
    );

/** Only between machines that can be reached: the links of a lost one are lost with it. */
function badLinks({ servers, links }: GraphDocument): string[] {
  const reached = new Set(servers.filter(({ isReachable }) => isReachable).map(({ name }) => name));
  return links
    .filter(({ state, from, to }) => state === 'half' && reached.has(from) && reached.has(to))
    .map(({ from, to }) => `the link ${from} – ${to} is advertised by one end only: nothing goes over it`);
}

function notesOn(document: GraphDocument): string[] {
  const notes = document.servers
    .filter(({ isDraining }) => isDraining)
    .map(({ name }) => `${name} is draining: it takes no new traffic`);
  const busy = document.servers.filter(isOverloaded).map(({ name }) => name);
  if (busy.length > 0)
    notes.push(
      `${enumerated(busy)} ${busy.length === 1 ? 'is' : 'are'} overloaded: more than ${LOAD_WELL_MAX} % of load`,
    );
  const { servers, links } = weakSpots(document);
  if (servers.length > 0)
    notes.push(
      `nothing stands in for ${enumerated(servers)}: without ${servers.length === 1 ? 'it' : 'one of them'} some lose others`,
    );
  const pairs = links.map(([a, b]) => `${a} – ${b}`);
  if (pairs.length > 0)
    notes.push(`nothing stands in for the ${pairs.length === 1 ? 'link' : 'links'} ${enumerated(pairs)}`);
  if (document.leftOut !== undefined) notes.push(`left out, for the graph is large: ${enumerated(document.leftOut)}`);
  return notes;
}

/** What a data centre is called. */
export const titleOf = (dataCenter: string): string => (dataCenter === '' ? '(no name)' : dataCenter);
