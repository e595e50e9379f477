// Says in one line of words how the cluster is: what is wrong first, what it costs, and nothing more.

import { formatSpan, type GraphDocument, healthOf, isOverloaded } from '@snapcommunicator/network/atlas';
import type { GoneService } from '@snapcommunicator/network/story';
import { clockOf } from './format.ts';

/** A condition that somebody has raised, as far as this line needs it. */
export interface RaisedFlag {
  readonly unit: string;
  readonly section: string;
  readonly name: string;
  readonly message: string;
  /** 0 to 100; from 50 on it is a failure. */
  readonly priority: number;
}

export type HealthLevel = 'well' | 'degraded' | 'lost';

export interface HealthLine {
  readonly level: HealthLevel;
  /** `7 machines, 23 services, 2 data centres: all well` or `db2 lost 40 s ago: 3 services unreachable`. */
  readonly text: string;
  /** The same without spans that grow, so that it is spoken again only when something has changed. */
  readonly spoken: string;
  /** All that is wrong, a sentence each, the worst first. */
  readonly problems: readonly string[];
  /** What is not wrong, but good to know. */
  readonly notes: readonly string[];
}

/** From this priority on a flag is a failure and not a hint. */
const FAILURE_PRIORITY_MIN = 50;
const NAMED_MAX = 3;
/** Services that are gone, each with a sentence of its own. */
const GONE_TOLD_MAX = 20;
const isSevere = (problem: string): boolean => problem.startsWith('nobody knows a way');

/** @param gone services that are on no machine any more, though theirs is there */
export function healthLine(
  graph: GraphDocument,
  flags: readonly RaisedFlag[] = [],
  gone: readonly GoneService[] = [],
): HealthLine {
  const { summary, problems, notes } = healthOf(graph);
  const raised = [...flags].sort((a, b) => b.priority - a.priority);
  const lost = lostMachines(graph);
  const severeCount = (lost?.count ?? 0) + problems.filter(isSevere).length;
  const all = [
    ...problems.slice(0, severeCount),
    ...goneProblems(gone),
    ...problems.slice(severeCount),
    ...raised.map(({ unit, section, name, message }) => `${unit}/${section}/${name}: ${message}`),
  ];
  const failures = raised.filter(({ priority }) => priority >= FAILURE_PRIORITY_MIN).length;
  const level = severeCount > 0 || failures > 0 ? 'lost' : all.length > 0 ? 'degraded' : 'well';
  const rest = { level, problems: all, notes } as const;
  if (lost !== undefined) {
    const others = all.length - lost.count;
    return { ...rest, text: lost.text + moreOf(others), spoken: lost.spoken + moreOf(others) };
  }
  if (severeCount === 0 && gone.length > 0) {
    const text = goneWords(gone) + moreOf(all.length - goneProblems(gone).length);
    return { ...rest, text, spoken: text };
  }
  if (problems.length > 0) {
    const text = capitalised(problems[0] as string) + moreOf(all.length - 1);
    return { ...rest, text, spoken: text };
  }
  if (raised.length > 0) {
    const [{ unit, message }] = raised as [RaisedFlag];
    const text = `${plural(raised.length, 'flag')} up; ${unit}: ${message}`;
    return { ...rest, text, spoken: text };
  }
  const busy = graph.servers.filter(isOverloaded).map(({ name }) => name);
  if (busy.length === 0) return { ...rest, text: summary, spoken: summary };
  const text = summary.replace('all well', `${listed(busy)} overloaded`);
  return { ...rest, level: 'degraded', text, spoken: text };
}

const listed = (names: readonly string[], noun = 'machine'): string =>
  names.length <= NAMED_MAX ? conjunction(names) : plural(names.length, noun);

/** The time of day, not the span: it is spoken once, and does not grow. */
function goneWords(gone: readonly GoneService[]): string {
  const who = listed(
    gone.map(({ service }) => service),
    'service',
  );
  const since = clockOf(Math.max(...gone.map((each) => each.since)));
  return gone.length === 1 ? `${who} is gone since ${since}` : `${who} are gone, the last since ${since}`;
}

function goneProblems(gone: readonly GoneService[]): string[] {
  const told = gone.length > GONE_TOLD_MAX ? gone.slice(0, GONE_TOLD_MAX - 1) : gone;
  const texts = told.map((each) => `${goneWords([each])}; it was on ${each.server}`);
  if (told.length < gone.length) texts.push(`${plural(gone.length - told.length, 'more service')} are gone`);
  return texts;
}

/** Undefined if all can be reached. */
function lostMachines({ servers, dataCenters, time }: GraphDocument) {
  const lost = servers.filter(({ isReachable }) => !isReachable);
  if (lost.length === 0) return undefined;
  const here = new Set(
    servers.flatMap((server) => (server.isReachable ? server.services.map(({ name }) => name) : [])),
  );
  const gone = new Set(
    lost.flatMap(({ services }) => services.map(({ name }) => name)).filter((name) => !here.has(name)),
  );
  const since = lost.flatMap(({ lostSince }) => lostSince ?? []);
  const span = since.length === 0 ? '' : ` ${formatSpan(time - Math.max(...since))} ago`;
  const centers = new Set(lost.map(({ dataCenter }) => dataCenter));
  const [center = ''] = centers;
  const isWhole =
    centers.size === 1 &&
    center !== '' &&
    lost.length === dataCenters.find(({ name }) => name === center)?.serverCount &&
    lost.length > 1;
  const who = isWhole
    ? `The data centre ${center} with ${plural(lost.length, 'machine')}`
    : lost.length <= NAMED_MAX
      ? conjunction(lost.map(({ name }) => name))
      : plural(lost.length, 'machine');
  const when = lost.length === 1 || span === '' ? span : `, the last${span}`;
  const cost =
    gone.size > 0
      ? `${plural(gone.size, 'service')} unreachable`
      : lost.some(({ services }) => services.length > 0)
        ? 'every service still runs elsewhere'
        : 'no service is missing';
  return { count: lost.length, text: `${who} lost${when}: ${cost}`, spoken: `${who} lost: ${cost}` };
}

const moreOf = (others: number): string => (others <= 0 ? '' : `, and ${plural(others, 'more problem')}`);

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const conjunction = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
