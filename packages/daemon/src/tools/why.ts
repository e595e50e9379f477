// `snapcom why`: what became of a message, joined from what all daemons recorded of it.

import { compileFilter } from '@snapcommunicator/network/filter';
import {
  byOwnClock,
  type Fate,
  formatElapsed,
  type Hop,
  idsOf,
  isMessageId,
  type Machine,
  type MessageRecord,
  machinesOf,
  type Story,
  tellStory,
  type Witness,
} from '@snapcommunicator/network/story';
import type { Command } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { encodeParameters } from 'snapcommunicator/wire';
import { askGraph } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, usageError } from './exit-codes.ts';
import { countOption, durationOption } from './option-values.ts';
import { type Cell, type Column, type Output, printable, type Style } from './output.ts';
import { formatAge, formatBytes, formatClock, plural, wrapped } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';
import { askRecords, askWitnesses, hear, joinedClock, nowSeconds, PRIVILEGE_HELP } from './witnesses.ts';

interface WhyOptions extends CommonOptions {
  readonly count: number;
  readonly timeout: number;
}

/** One message has a few records on each machine: so many are looked at for each that is wanted. */
const RECORDS_EACH = 8;
const RECORDS_MAX = 10_000;
/** Answers that are asked for of one machine, when all of its records are looked at. */
const PAGES_MAX = 1000;

export function describe(command: Command): void {
  command
    .argument('<filter-or-id...>', "a message's id; or which messages, as in 'command==RESIZE && outcome==expired'")
    .addOption(countOption('-n, --count <number>', 'so many messages, the newest ones', 100, '3'))
    .addOption(durationOption('-t, --timeout <duration>', 'how long each daemon may take to answer', '500ms'))
    .addHelpText(
      'after',
      `
Every daemon keeps what it did with its last messages; all of them are asked at once, and what they say is joined by the
id of the message. Each line is a hop: the time by the clock of this machine (those of the others are set right by question
and answer), the time since the first hop, the machine, what became of it there, and the link. What nobody knows is said to
be unknown, with the reason. Filters are those of "snapcom sniff --help". A word that is neither is looked for as id,
message_id and correlation_id; the latter two are known where daemons record parameters (recorder_payloads).

Exit code 0 if all were delivered, 1 if one was not or nothing was found.
${PRIVILEGE_HELP}`,
    );
}

export async function run({ args, options, output }: Call<WhyOptions>): Promise<ExitCode> {
  const wanted = wantedOf(args.join(' ').trim());
  const { stories, witnesses } = await withConnection({ to: options.to }, (bus) => tellAll(bus, wanted, options));
  if (stories.length === 0) {
    for (const line of nothingFound(witnesses)) output.say(line);
    return EXIT.no;
  }
  // The newest stands last, where the eye is when the tool has ended.
  for (const [place, story] of stories.entries()) {
    if (options.json) output.json(story);
    else {
      if (place > 0) output.line('');
      printStory(story, output);
    }
  }
  return stories.every(({ fate }) => fate === 'delivered') ? EXIT.done : EXIT.no;
}

type Wanted = { readonly id: string } | { readonly filter: string };

/** @throws ToolError for what is neither an id nor a filter */
function wantedOf(text: string): Wanted {
  if (isMessageId(text)) return { id: text };
  const { filter, error } = compileFilter(text);
  if (filter !== undefined && filter.text !== '') return { filter: filter.text };
  if (/^[\w.@:/+-]+$/.test(text)) {
    return { filter: `id=="${text}" || p.message_id=="${text}" || p.correlation_id=="${text}"` };
  }
  const at = error?.at ?? 0;
  const problem = error?.message ?? 'it lets everything through';
  throw usageError(`the filter, character ${at + 1}: ${problem}\n  ${text}\n  ${' '.repeat(at)}^`);
}

interface Told {
  /** Oldest first. */
  readonly stories: readonly Story[];
  readonly witnesses: readonly Witness[];
}

async function tellAll(bus: Communicator, wanted: Wanted, { count, timeout }: WhyOptions): Promise<Told> {
  const machines = machinesOf(await askGraph(bus));
  const { ids, witnesses } = await find(bus, machines, wanted, count, timeout);
  const asked = withoutSilent(machines, witnesses);
  const told = await Promise.all(
    ids.map(async (id) => {
      const heard = await askWitnesses(bus, asked, { id }, timeout);
      const evidence = heard.map((witness): Witness => {
        const before = witnesses.find(({ server }) => server === witness.server);
        const silence = before?.silence === 'silent' ? 'silent' : witness.silence;
        return { ...witness, silence, clock: joinedClock(witnesses, witness) };
      });
      return tellStory(id, evidence, nowSeconds());
    }),
  );
  const stories = told.filter((story) => story !== undefined).sort((a, b) => a.time - b.time);
  return { stories, witnesses };
}

/** The ids of the newest messages that are meant. */
async function find(
  bus: Communicator,
  machines: readonly Machine[],
  wanted: Wanted,
  count: number,
  timeout: number,
): Promise<{ readonly ids: readonly string[]; readonly witnesses: readonly Witness[] }> {
  if ('id' in wanted) {
    const witnesses = await askWitnesses(bus, machines, { ...wanted, count: 1 }, timeout);
    return { ids: idsOf(witnesses).slice(0, 1), witnesses };
  }
  const query = { ...wanted, newest: true, count: Math.min(RECORDS_MAX, count * RECORDS_EACH) };
  const witnesses = await askWitnesses(bus, machines, query, timeout);
  const newest = idsOf(witnesses).slice(0, count);
  if (newest.length > 0) return { ids: newest, witnesses };
  // For the newest a daemon looks at so many records only; now at all of them.
  const asked = withoutSilent(machines, witnesses);
  const all = await Promise.all(asked.map((machine) => scan(bus, machine, wanted.filter, count, timeout)));
  return { ids: idsOf(all).slice(0, count), witnesses };
}

/** Who did not answer just now is not asked again. */
const withoutSilent = (machines: readonly Machine[], witnesses: readonly Witness[]): Machine[] =>
  machines.map((machine): Machine => {
    const silence = witnesses.find(({ server }) => server === machine.server)?.silence;
    return silence === 'silent' ? { ...machine, silence: 'lost' } : machine;
  });

/** The last of all records that a machine holds and that match, page by page. */
async function scan(bus: Communicator, machine: Machine, filter: string, count: number, timeout: number) {
  const records: MessageRecord[] = [];
  let after: number | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = { filter, count: RECORDS_MAX, ...(after !== undefined && { after }) };
    const heard = await hear(machine, (server) => askRecords(bus, server, query, timeout));
    if ('silence' in heard) break;
    records.push(...heard.answer.records);
    records.splice(0, records.length - count * RECORDS_EACH);
    if (heard.answer.next === undefined || heard.answer.next === after) break;
    after = heard.answer.next;
  }
  return { records };
}

/** Why there may be none. */
function nothingFound(witnesses: readonly Witness[]): string[] {
  const telling = witnesses.filter(({ silence }) => silence === undefined);
  const silent = witnesses.filter(({ silence }) => silence !== undefined);
  const reach = telling.flatMap((witness) =>
    witness.oldest === undefined ? [] : [nowSeconds() - byOwnClock(witness, witness.oldest)],
  );
  const back =
    reach.length === 0 ? '' : `; the shortest memory among them reaches back ${formatAge(Math.min(...reach))}`;
  const lines = [`no such message is recorded on ${plural(telling.length, 'machine')}${back}`];
  if (silent.length > 0)
    lines.push(`not asked: ${silent.map(({ server, silence }) => `${server} (${silence})`).join(', ')}`);
  return lines;
}

const COLUMNS: readonly Column[] = [
  { title: 'TIME' },
  { title: 'AFTER', align: 'right' },
  { title: 'SERVER' },
  { title: 'OUTCOME' },
  { title: 'LINK' },
  { title: 'WHY' },
];

const STYLES: Partial<Record<Hop['outcome'], Style>> = {
  delivered: 'green',
  kept: 'yellow',
  returned: 'yellow',
  refused: 'red',
  dropped: 'red',
  expired: 'red',
  unknown: 'red',
};

const FATES: Readonly<Record<Fate, Style>> = {
  delivered: 'green',
  kept: 'yellow',
  'under-way': 'yellow',
  expired: 'red',
  refused: 'red',
  dropped: 'red',
  unknown: 'red',
};

/** Sentences are broken at this width; on most terminals they can be read so. */
const WIDTH = 98;

/** Its head, the verdict, a line for each hop, and what nobody knows. */
function printStory(story: Story, output: Output): void {
  const { id, from, to, command, size, time, fate, verdict, hops, unknown, parameters } = story;
  const head = command === '' ? 'a message of which only frames were seen' : `${from || '-'} → ${to} ${command}`;
  output.line(`${output.paint('bold', printable(head))}  ${formatBytes(size)}, ${formatAge(nowSeconds() - time)} ago`);
  output.line(output.paint('dim', id));
  if (parameters !== undefined) output.foreignLine(encodeParameters(parameters).trim());
  for (const line of wrapped(printable(verdict), WIDTH)) output.line(output.paint(FATES[fate], line));
  output.fullTable(COLUMNS, hops.map(cellsOf));
  for (const { text } of unknown.filter((gap) => !verdict.includes(gap.text)))
    for (const line of wrapped(printable(`unknown: ${text}`), WIDTH, '  ')) output.line(output.paint('yellow', line));
}

function cellsOf({ time, after, server, outcome, cameBy, wentBy, reason, isAgain }: Hop, place: number): Cell[] {
  const style = STYLES[outcome];
  const link = [cameBy === undefined ? '' : `from ${cameBy}`, wentBy === undefined ? '' : `to ${wentBy}`];
  return [
    formatClock(time),
    place === 0 ? '' : `+${formatElapsed(after)}`,
    server,
    style === undefined ? outcome : { text: outcome, style },
    link.filter((part) => part !== '').join(' '),
    reason ?? (isAgain ? 'again' : ''),
  ];
}
