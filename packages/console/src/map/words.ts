// What the map says in words: on cards and links, beside the pointer, and to those who listen to it.

import { formatMs, formatRate, formatSpan } from '@snapcommunicator/network/atlas';
import type { CenterLink, MapCenter, MapLink, MapMachine, Scene } from './model.ts';

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `lost 40 s`, `draining`; empty where all is well. */
export function troubleWords({ state, trouble, server }: MapMachine, time: number): string {
  if (state !== 'lost') return trouble;
  return server.lostSince === undefined ? 'lost' : `lost ${formatSpan(time - server.lostSince)}`;
}

/** The second line of a card: `load 12 % · up 3 d`. */
export function conditionWords(machine: MapMachine, time: number): string {
  const { server, state } = machine;
  const trouble = troubleWords(machine, time);
  if (state === 'lost') return server.lostSince === undefined ? trouble : `${trouble} ago`;
  if (server.knowledge === 'opaque') return 'C++ daemon';
  const parts = trouble === '' ? [] : [trouble];
  if (server.load !== undefined) parts.push(`load ${Math.round(server.load)} %`);
  if (server.upSince !== undefined) parts.push(`up ${formatSpan(time - server.upSince)}`);
  if (parts.length === 0) parts.push(counted(machine.services.length, 'service'));
  return parts.join(' · ');
}

export const centerWords = ({ machineCount, lostCount }: MapCenter): string =>
  `${counted(machineCount, 'machine')}${lostCount > 0 ? `, ${lostCount} lost` : ''}`;

/** On a link: `20 · 0.3 ms · 120/s`. */
export function linkWords({ cost, costBack, roundTripMs, forward, backward, state, count }: MapLink): string {
  if (state === 'lost') return 'lost';
  if (state === 'half') return 'one end only';
  const parts = [costBack === undefined || costBack === cost ? `cost ${cost}` : `cost ${cost}, back ${costBack}`];
  if (roundTripMs !== undefined) parts.push(formatMs(roundTripMs));
  if (forward + backward > 0) parts.push(formatRate(forward + backward));
  if (count > 1) parts.unshift(`${count} links`);
  if (state === 'coming') parts.push('coming up');
  return parts.join(' · ');
}

export function centerLinkWords({ count, upCount, forward, backward }: CenterLink): string {
  const links = upCount === count ? counted(count, 'link') : `${upCount} of ${counted(count, 'link')} up`;
  return forward + backward > 0 ? `${links} · ${formatRate(forward + backward)}` : links;
}

export const serviceWords = (name: string, perSecond: number): string =>
  perSecond > 0 ? `${name} ${formatRate(perSecond)}` : name;

/** A line of details: what it is, and its value. */
export type Detail = readonly [what: string, value: string];

export interface Details {
  readonly title: string;
  readonly state: 'well' | 'degraded' | 'lost';
  readonly lines: readonly Detail[];
}

export function machineDetails(machine: MapMachine, time: number): Details {
  const { server, services, dataCenter, perSecond, state } = machine;
  const lines: Detail[] = [];
  const trouble = troubleWords(machine, time);
  const isTimed = state === 'lost' && server.lostSince !== undefined;
  if (trouble !== '') lines.push(['state', isTimed ? `${trouble} ago` : trouble]);
  if (dataCenter !== '') lines.push(['data centre', dataCenter]);
  if (server.knowledge === 'opaque') lines.push(['daemon', 'C++: nobody knows what is behind it']);
  if (server.load !== undefined && state !== 'lost') lines.push(['load', `${Math.round(server.load)} %`]);
  if (server.upSince !== undefined) lines.push(['up', formatSpan(time - server.upSince)]);
  if (server.address !== undefined) lines.push(['address', server.address]);
  if (server.version !== undefined) lines.push(['version', server.version]);
  if (server.distance !== undefined && server.distance > 0) {
    lines.push([
      'cost',
      server.nextHops.length > 0 ? `${server.distance} by ${server.nextHops.join(', ')}` : `${server.distance}`,
    ]);
  }
  if (perSecond > 0) lines.push(['messages', formatRate(perSecond)]);
  lines.push(['services', listed(services.map(({ name, perSecond }) => serviceWords(name, perSecond)))]);
  return { title: machine.name, state, lines };
}

export function linkDetails({ a, b, forward, backward, isSecure, opaqueEnd, ...link }: MapLink): Details {
  const lines: Detail[] = [];
  if (link.state !== 'up') lines.push(['state', LINK_STATES[link.state]]);
  lines.push(['cost', link.costBack === undefined ? `${link.cost}` : `${link.cost}, back ${link.costBack}`]);
  if (link.roundTripMs !== undefined) lines.push(['round trip', formatMs(link.roundTripMs)]);
  lines.push([`${a} → ${b}`, formatRate(forward)], [`${b} → ${a}`, formatRate(backward)]);
  if (link.count > 1) lines.push(['connections', `${link.count}`]);
  if (isSecure) lines.push(['security', 'TLS']);
  if (opaqueEnd !== undefined) lines.push(['C++ daemon', opaqueEnd]);
  const state = link.state === 'lost' ? 'lost' : link.state === 'half' ? 'degraded' : 'well';
  return { title: `${a} – ${b}`, state, lines };
}

const LINK_STATES = {
  up: 'up',
  coming: 'coming up',
  half: 'advertised by one end only: nothing goes over it',
  lost: 'lost',
} as const;

export function centerDetails(center: MapCenter, scene: Scene): Details {
  const machines = center.machines.flatMap((name) => scene.machines.get(name) ?? []);
  const services = new Set(machines.flatMap(({ services }) => services.map(({ name }) => name)));
  const lines: Detail[] = [
    ['machines', `${center.machineCount}`],
    ['services', `${services.size}`],
  ];
  if (center.lostCount > 0) lines.unshift(['lost', `${center.lostCount}`]);
  const isLost = center.machineCount > 0 && center.lostCount === center.machineCount;
  return { title: center.title, state: isLost ? 'lost' : center.lostCount > 0 ? 'degraded' : 'well', lines };
}

/** What a screen reader says of the machine that has the focus. */
export function spoken(machine: MapMachine, time: number, linkCount: number): string {
  const parts = [machine.name];
  if (machine.dataCenter !== '') parts.push(`in ${machine.dataCenter}`);
  parts.push(conditionWords(machine, time).replaceAll(' · ', ', '));
  parts.push(counted(linkCount, 'link'));
  const { services } = machine;
  parts.push(
    services.length === 0
      ? 'no services'
      : `${counted(services.length, 'service')}: ${listed(services.map(({ name }) => name))}`,
  );
  return `${parts.join(', ')}.`;
}

const LISTED_MAX = 12;

const listed = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : names.length <= LISTED_MAX
      ? names.join(', ')
      : `${names.slice(0, LISTED_MAX - 1).join(', ')} and ${names.length - LISTED_MAX + 1} more`;
