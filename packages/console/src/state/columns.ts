// What the columns of the tables are.

import { formatMs, formatSpan } from '@snapcommunicator/network/atlas';
import { type Flag, flagTitle, URGENT_PRIORITY } from 'snapcommunicator/contract';
import { absoluteOf, bytesOf, countOf, rateOf } from './format.ts';
import type { LinkRow, MachineRow, ServiceSummary } from './rows.ts';
import type { Column } from './tables.ts';

const spanText = (since: number | undefined, now: number): string =>
  since === undefined ? '' : formatSpan(now - since);
const rateShare = (rate: number, most: number): number => (most <= 0 ? 0 : rate / most);

export function machineColumns(now: number, rows: readonly MachineRow[]): Column<MachineRow>[] {
  const most = Math.max(0, ...rows.map(({ sent, received }) => sent + received));
  return [
    { key: 'name', title: 'Machine', value: ({ name }) => name },
    {
      key: 'state',
      title: 'State',
      value: ({ condition }) => condition,
      text: ({ condition, server: { lostSince } }) =>
        lostSince === undefined ? condition : `${condition} ${formatSpan(now - lostSince)} ago`,
      hint: ({ condition, server: { lostSince } }) =>
        lostSince === undefined ? condition : `since ${absoluteOf(lostSince)}`,
      state: ({ state }) => state,
    },
    { key: 'center', title: 'Data centre', value: ({ server }) => server.dataCenter, dispensable: 2 },
    {
      key: 'messages',
      title: 'Messages',
      value: ({ sent, received }) => sent + received,
      text: ({ sent, received }) => rateOf(sent + received),
      hint: ({ sent, received }) => `its services send ${rateOf(sent)} and receive ${rateOf(received)}`,
      share: ({ sent, received }) => rateShare(sent + received, most),
      isNumeric: true,
    },
    {
      key: 'services',
      title: 'Services',
      value: ({ server }) => server.services.length,
      isNumeric: true,
      dispensable: 3,
    },
    { key: 'links', title: 'Links', value: ({ links }) => links, isNumeric: true, dispensable: 2 },
    {
      key: 'load',
      title: 'Load',
      value: ({ server }) => server.load,
      text: ({ server: { load } }) => (load === undefined ? '' : `${Math.round(load)} %`),
      isNumeric: true,
      dispensable: 3,
    },
    {
      key: 'up',
      title: 'Up',
      value: ({ server: { upSince } }) => (upSince === undefined ? undefined : now - upSince),
      text: ({ server }) => spanText(server.upSince, now),
      hint: ({ server: { upSince } }) => (upSince === undefined ? '' : `since ${absoluteOf(upSince)}`),
      isNumeric: true,
      dispensable: 2,
    },
    {
      key: 'cost',
      title: 'Cost',
      value: ({ server }) => server.distance,
      hint: ({ server: { nextHops } }) => (nextHops.length === 0 ? '' : `by ${nextHops.join(' or ')}`),
      isNumeric: true,
      dispensable: 1,
    },
    {
      key: 'accepted',
      title: 'Accepted',
      value: ({ report }) => report?.accepted,
      text: ({ report }) => (report === undefined ? '' : countOf(report.accepted)),
      hint: () => 'messages since its daemon started',
      isNumeric: true,
      dispensable: 1,
    },
    {
      key: 'failed',
      title: 'Undelivered',
      value: ({ report }) => (report === undefined ? undefined : report.refused + report.dropped + report.expired),
      text: ({ report }) => (report === undefined ? '' : countOf(report.refused + report.dropped + report.expired)),
      hint: ({ report }) =>
        report === undefined
          ? ''
          : `${countOf(report.refused)} refused, ${countOf(report.dropped)} dropped, ${countOf(report.expired)} expired since its daemon started`,
      isNumeric: true,
      dispensable: 1,
    },
    { key: 'version', title: 'Version', value: ({ server }) => server.version, dispensable: 1 },
  ];
}

const SERVICE_CONDITIONS = ['gone', 'lost', 'contracts differ', 'up, fewer', 'up'] as const;

function serviceCondition({ state, contract, lostOn, gone }: ServiceSummary): (typeof SERVICE_CONDITIONS)[number] {
  if (gone !== undefined) return 'gone';
  if (state === 'lost') return 'lost';
  if (contract.disagreements.length > 0) return 'contracts differ';
  return lostOn.length > 0 ? 'up, fewer' : 'up';
}

export function serviceColumns(now: number, rows: readonly ServiceSummary[]): Column<ServiceSummary>[] {
  const most = Math.max(0, ...rows.map(({ sent, received }) => Math.max(sent, received)));
  return [
    { key: 'name', title: 'Service', value: ({ name }) => name },
    {
      key: 'state',
      title: 'State',
      // The worst first.
      value: (row) => SERVICE_CONDITIONS.indexOf(serviceCondition(row)),
      text: (row) => (row.gone === undefined ? serviceCondition(row) : `gone ${formatSpan(now - row.gone.since)} ago`),
      hint: ({ contract, lostOn, gone }) =>
        [
          ...(gone === undefined ? [] : [`since ${absoluteOf(gone.since)}; ${gone.server} is there without it`]),
          ...contract.disagreements,
          ...lostOn.map((server) => `${server} had it and is lost`),
        ].join('\n'),
      state: ({ state }) => state,
    },
    {
      key: 'machines',
      title: 'On',
      value: ({ machines }) => machines.join(' '),
      text: ({ machines, lostOn, gone }) =>
        machines.join(', ') || `was on ${[...(gone === undefined ? [] : [gone.server]), ...lostOn].join(', ')}`,
    },
    {
      key: 'received',
      title: 'Receives',
      value: ({ received }) => received,
      text: ({ received }) => rateOf(received),
      share: ({ received }) => rateShare(received, most),
      isNumeric: true,
    },
    {
      key: 'sent',
      title: 'Sends',
      value: ({ sent }) => sent,
      text: ({ sent }) => rateOf(sent),
      share: ({ sent }) => rateShare(sent, most),
      isNumeric: true,
      dispensable: 3,
    },
    {
      key: 'queued',
      title: 'Waiting',
      value: ({ queuedBytes }) => queuedBytes,
      text: ({ queuedBytes }) => (queuedBytes === 0 ? '–' : bytesOf(queuedBytes)),
      hint: () => 'bytes that it has not taken yet',
      isNumeric: true,
      dispensable: 2,
    },
    {
      key: 'up',
      title: 'Up',
      value: ({ upSince }) => (upSince === undefined ? undefined : now - upSince),
      text: ({ upSince }) => spanText(upSince, now),
      hint: ({ upSince }) => (upSince === undefined ? '' : `since ${absoluteOf(upSince)}`),
      isNumeric: true,
      dispensable: 2,
    },
    {
      key: 'commands',
      title: 'Understands',
      value: ({ contract }) => contract.commands.length,
      text: ({ contract }) => contract.commands.join(', '),
      dispensable: 1,
    },
  ];
}

export function linkColumns(rows: readonly LinkRow[]): Column<LinkRow>[] {
  const most = Math.max(0, ...rows.map(({ forward, backward }) => Math.max(forward, backward)));
  return [
    { key: 'from', title: 'From', value: ({ link }) => link.from },
    { key: 'to', title: 'To', value: ({ link }) => link.to },
    { key: 'state', title: 'State', value: ({ condition }) => condition, state: ({ state }) => state },
    {
      key: 'out',
      title: '→',
      value: ({ forward }) => forward,
      text: ({ forward }) => rateOf(forward),
      share: ({ forward }) => rateShare(forward, most),
      isNumeric: true,
    },
    {
      key: 'back',
      title: '←',
      value: ({ backward }) => backward,
      text: ({ backward }) => rateOf(backward),
      share: ({ backward }) => rateShare(backward, most),
      isNumeric: true,
    },
    {
      key: 'cost',
      title: 'Cost',
      value: ({ link }) => link.cost,
      text: ({ link: { cost, costBack = cost } }) => (costBack === cost ? `${cost}` : `${cost} / ${costBack}`),
      hint: ({ link: { cost, costBack = cost } }) => (costBack === cost ? `${cost}` : `${cost}, and ${costBack} back`),
      isNumeric: true,
      dispensable: 3,
    },
    {
      key: 'rtt',
      title: 'Round trip',
      value: ({ link }) => link.roundTripMs,
      text: ({ link: { roundTripMs } }) => (roundTripMs === undefined ? '' : formatMs(roundTripMs)),
      isNumeric: true,
      dispensable: 3,
    },
    {
      key: 'kind',
      title: 'Kind',
      value: ({ link: { kind, isSecure, isOpaque } }) =>
        [kind === 'data-center' ? 'between data centres' : 'network', isSecure && 'TLS', isOpaque && 'C++']
          .filter(Boolean)
          .join(', '),
      dispensable: 2,
    },
    { key: 'address', title: 'Address', value: ({ link }) => link.address, dispensable: 1 },
  ];
}

export const flagKey = (flag: Flag): string => `${flag.server} ${flagTitle(flag)}`;

export function flagColumns(now: number): Column<Flag>[] {
  return [
    {
      key: 'priority',
      title: 'Priority',
      value: ({ priority }) => priority,
      state: ({ priority }) => (priority >= URGENT_PRIORITY ? 'lost' : 'degraded'),
      hint: ({ priority }) => (priority >= URGENT_PRIORITY ? 'somebody is to be called' : 'it can wait'),
      isNumeric: true,
    },
    { key: 'flag', title: 'Flag', value: flagTitle },
    { key: 'message', title: 'Message', value: ({ message }) => message },
    {
      key: 'server',
      title: 'Machine',
      value: ({ server }) => server,
      text: ({ server, isLost }) => (isLost ? `${server} (lost)` : server),
    },
    {
      key: 'count',
      title: 'Raised',
      value: ({ count }) => count,
      text: ({ count }) => `${countOf(count)}×`,
      isNumeric: true,
      dispensable: 3,
    },
    {
      key: 'since',
      title: 'Since',
      value: ({ raisedAt }) => now - raisedAt,
      text: ({ raisedAt }) => formatSpan(now - raisedAt),
      hint: ({ raisedAt, modifiedAt }) => `${absoluteOf(raisedAt)}, last ${absoluteOf(modifiedAt)}`,
      isNumeric: true,
    },
    {
      key: 'how',
      title: 'Lowered by',
      value: ({ isManual }) => (isManual ? 'a person' : 'who raised it'),
      dispensable: 2,
    },
    { key: 'by', title: 'Raised by', value: ({ raisedBy }) => raisedBy, dispensable: 1 },
    { key: 'tags', title: 'Tags', value: ({ tags }) => tags.join(', '), dispensable: 1 },
  ];
}
