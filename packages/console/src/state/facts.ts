// What the panel beside the map says of a machine, a link or a data centre: a word and a value each.

import {
  type AtlasLink,
  type AtlasServer,
  formatMs,
  formatSpan,
  type GraphDocument,
  isOverloaded,
} from '@snapcommunicator/network/atlas';
import { absoluteOf, bytesOf, countOf, rateOf } from './format.ts';

export interface Fact {
  readonly what: string;
  readonly value: string;
  /** Shown on hover. */
  readonly hint?: string;
  readonly state?: 'degraded' | 'lost';
}

export function machineFacts(server: AtlasServer, graph: GraphDocument, now: number): Fact[] {
  const {
    isReachable,
    isDraining,
    lostSince,
    dataCenter,
    load,
    upSince,
    address,
    version,
    knowledge,
    distance,
    nextHops,
  } = server;
  const facts: Fact[] = [];
  if (!isReachable) {
    facts.push({
      what: 'State',
      value: lostSince === undefined ? 'lost' : `lost ${formatSpan(now - lostSince)} ago`,
      ...(lostSince !== undefined && { hint: absoluteOf(lostSince) }),
      state: 'lost',
    });
  } else if (isDraining) facts.push({ what: 'State', value: 'draining: it takes no new traffic', state: 'degraded' });
  else if (isOverloaded(server)) facts.push({ what: 'State', value: 'overloaded', state: 'degraded' });
  else facts.push({ what: 'State', value: server.name === graph.seenFrom ? 'up, and serves this page' : 'up' });
  if (dataCenter !== '') facts.push({ what: 'Data centre', value: dataCenter });
  if (knowledge === 'opaque') facts.push({ what: 'Daemon', value: 'C++: what is behind it nobody knows' });
  if (knowledge === 'summary') facts.push({ what: 'Known by', value: 'a summary of its data centre' });
  if (load !== undefined && isReachable) facts.push({ what: 'Load', value: `${Math.round(load)} %` });
  if (upSince !== undefined && isReachable)
    facts.push({ what: 'Up', value: formatSpan(now - upSince), hint: `since ${absoluteOf(upSince)}` });
  if (distance !== undefined && server.name !== graph.seenFrom) {
    const isDirect = nextHops.length === 0 || nextHops.includes(server.name);
    facts.push({
      what: 'Cost',
      value: `${distance} from ${graph.seenFrom}${isDirect ? '' : `, by ${nextHops.join(' or ')}`}`,
    });
  }
  if (address !== undefined) facts.push({ what: 'Address', value: address });
  if (version !== undefined) facts.push({ what: 'Version', value: version });
  return facts;
}

export function linkFacts(link: AtlasLink, forward: number, backward: number, isLost: boolean, now: number): Fact[] {
  const {
    from,
    to,
    cost,
    costBack = cost,
    kind,
    state,
    roundTripMs,
    clockOffsetMs,
    isSecure,
    isOpaque,
    address,
    upSince,
  } = link;
  const facts: Fact[] = [];
  if (isLost) facts.push({ what: 'State', value: 'lost with its end', state: 'lost' });
  else if (state === 'half')
    facts.push({ what: 'State', value: 'advertised by one end only: nothing goes over it', state: 'degraded' });
  else if (state === 'coming') facts.push({ what: 'State', value: 'coming up', state: 'degraded' });
  else facts.push({ what: 'State', value: 'up' });
  facts.push({ what: `${from} → ${to}`, value: rateOf(forward) }, { what: `${to} → ${from}`, value: rateOf(backward) });
  facts.push({ what: 'Cost', value: costBack === cost ? `${cost}` : `${cost}, and ${costBack} back` });
  if (roundTripMs !== undefined) facts.push({ what: 'Round trip', value: formatMs(roundTripMs) });
  if (clockOffsetMs !== undefined)
    facts.push({
      what: 'Clock',
      value: `${to} is ${formatMs(Math.abs(clockOffsetMs))} ${clockOffsetMs < 0 ? 'behind' : 'ahead'}`,
    });
  facts.push({ what: 'Kind', value: kind === 'data-center' ? 'between data centres' : 'within the data centre' });
  if (isSecure !== undefined) facts.push({ what: 'Security', value: isSecure ? 'TLS' : 'none' });
  if (isOpaque) facts.push({ what: 'Daemon', value: 'one end is a C++ daemon' });
  if (upSince !== undefined) facts.push({ what: 'Up', value: formatSpan(now - upSince), hint: absoluteOf(upSince) });
  if (address !== undefined) facts.push({ what: 'Address', value: address });
  const { counts } = link;
  if (counts !== undefined) {
    facts.push({
      what: 'Since it is up',
      value: `${countOf(counts.messagesOut)} out, ${countOf(counts.messagesIn)} in`,
      hint: `${bytesOf(counts.bytesOut)} out, ${bytesOf(counts.bytesIn)} in`,
    });
    if (counts.dropped > 0) facts.push({ what: 'Dropped', value: countOf(counts.dropped), state: 'degraded' });
  }
  return facts;
}

export function centerFacts(graph: GraphDocument, name: string): Fact[] {
  const center = graph.dataCenters.find((each) => each.name === name);
  const servers = graph.servers.filter(({ dataCenter }) => dataCenter === name);
  const lost = servers.filter(({ isReachable }) => !isReachable).length;
  const services = new Set(
    servers.flatMap((server) => (server.isReachable ? server.services.map((each) => each.name) : [])),
  );
  const facts: Fact[] = [{ what: 'Machines', value: countOf(center?.serverCount ?? servers.length) }];
  if (lost > 0) facts.push({ what: 'Lost', value: countOf(lost), state: 'lost' });
  facts.push({ what: 'Services', value: countOf(services.size) });
  if (center?.isOwn === true) facts.push({ what: 'Seen', value: 'from inside' });
  else if (center?.cost !== undefined) facts.push({ what: 'Cost', value: `${center.cost} to its nearest border` });
  else facts.push({ what: 'State', value: 'nobody knows a way there', state: 'lost' });
  return facts;
}
