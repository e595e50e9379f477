// `snapcom audit`: whether the accounts of all daemons balance, and where they do not.

import {
  type Audit,
  type AuditEntry,
  auditInRounds,
  describeEnded,
  describeEntry,
  type Ledger,
  type LedgerAnswer,
  type Machine,
  machinesOf,
  readLedger,
  streamName,
  UNSEEN_WORDS,
} from '@snapcommunicator/network/story';
import type { Command } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { askGraph } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { durationOption } from './option-values.ts';
import { type Cell, type Column, type Output, printable } from './output.ts';
import { formatAge, formatCount, plural, wrapped } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';
import { askJson, hear, PRIVILEGE_HELP } from './witnesses.ts';

interface AuditOptions extends CommonOptions {
  readonly timeout: number;
  readonly patience: number;
}

export function describe(command: Command): void {
  command
    .addOption(durationOption('-t, --timeout <duration>', 'how long each daemon may take to answer', '2s'))
    .addOption(
      durationOption(
        '--patience <duration>',
        'how long what goes over a link may take to arrive at its other end',
        '10s',
      ),
    )
    .addHelpText(
      'after',
      `
Every message that a daemon has accepted ends in one way: delivered, expired, refused or dropped with a reason, kept, or
given to another daemon. Each daemon counts all of them; this asks for the counts and compares: what came to a daemon with
what became of it, what one gave to another with what that one got, both ends of each link, what services were given.
Daemons are asked in rounds, and counts of two are compared across rounds, so that messages that pass meanwhile are never
taken for lost; only counts of links may need some time to agree, and are asked for again until they do.

A life of a daemon that is over answers for nothing: it is named, with what was under way to it. Exit code 0 if everything
balances that could be compared, 1 if not.
${PRIVILEGE_HELP}`,
    );
}

export async function run({ options, output }: Call<AuditOptions>): Promise<ExitCode> {
  const audit = await withConnection({ to: options.to }, (bus) => auditCluster(bus, options));
  if (options.json) output.json(audit);
  else print(audit, output);
  return audit.isBalanced ? EXIT.done : EXIT.no;
}

/** Asks until nothing is open, or the patience is over. */
function auditCluster(bus: Communicator, { timeout, patience }: AuditOptions): Promise<Audit> {
  const ask = async (machine: Machine): Promise<LedgerAnswer> => {
    const { server } = machine;
    const heard = await hear(machine, (asked) => askJson(bus, asked, 'LEDGER', {}, readLedger, timeout));
    return 'silence' in heard ? { server, silence: heard.silence } : { server, ledger: heard.answer.value };
  };
  return auditInRounds(
    {
      machines: async () => machinesOf(await askGraph(bus)),
      ask,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      nowMs: () => performance.now(),
    },
    { asker: bus.server, patienceMs: patience },
  );
}

const right = (title: string): Column => ({ title, align: 'right' });
const DAEMONS: readonly Column[] = [
  { title: 'DAEMON' },
  ...['CAME', 'DELIVERED', 'SENT ON', 'WAITING', 'EXPIRED', 'REFUSED', 'DROPPED', 'UNKNOWN', 'UP'].map(right),
  { title: 'BALANCE' },
];
const STREAMS: readonly Column[] = [
  { title: 'FROM' },
  { title: 'TO' },
  ...['GIVEN', 'TAKEN', 'RETURNED', 'EXPIRED', 'UNDER WAY', 'UNKNOWN'].map(right),
  { title: 'BALANCE' },
];
const LINKS: readonly Column[] = [
  { title: 'LINK' },
  { title: '' },
  ...['MESSAGES →', '←', 'FRAMES →', '←', 'NO ROOM'].map(right),
  { title: 'BALANCE' },
];

/** Broken at this width. */
const WIDTH = 98;

function print(audit: Audit, output: Output): void {
  const { ledgers, entries, ended, unseen } = audit;
  output.fullTable(
    DAEMONS,
    ledgers.map((ledger) => daemonCells(ledger, entries)),
  );
  const streams = ledgers.flatMap((ledger) => ledger.streams.map((stream) => streamCells(ledger, stream, entries)));
  if (streams.length > 0) {
    output.line('');
    output.fullTable(STREAMS, streams);
  }
  const links = ledgers.flatMap((ledger) => linkRows(ledger, ledgers, entries));
  if (links.length > 0) {
    output.line('');
    output.fullTable(LINKS, links);
  }
  output.line('');
  const tell = (text: string, style?: 'red' | 'yellow' | 'green'): void => {
    for (const line of wrapped(printable(text), WIDTH, '  '))
      output.line(style === undefined ? line : output.paint(style, line));
  };
  for (const life of ended) tell(describeEnded(life, formatCount));
  for (const { server, why } of unseen) tell(`${server} was not compared: ${UNSEEN_WORDS[why]}`, 'yellow');
  const faults = entries.filter(({ state }) => state !== 'balanced');
  for (const entry of faults) tell(describeEntry(entry), 'red');
  const compared = `${formatCount(entries.length)} comparisons on ${plural(ledgers.length, 'daemon')}`;
  if (faults.length === 0) tell(`balanced: ${compared}`, 'green');
  else tell(`NOT balanced: ${formatCount(faults.length)} of ${compared}`, 'red');
}

/** Whether all comparisons of a place hold. */
function balanceOf(entries: readonly AuditEntry[], isThere: (entry: AuditEntry) => boolean): Cell {
  const faults = entries.filter((entry) => isThere(entry) && entry.state !== 'balanced');
  if (faults.length === 0) return { text: 'balanced', style: 'green' };
  const most = Math.max(...faults.map(({ left, right }) => Math.abs(left - right)));
  return { text: `${formatCount(most)} off`, style: 'red' };
}

function daemonCells(ledger: Ledger, entries: readonly AuditEntry[]): Cell[] {
  const { server, ended, came, arrivals, streams, waiting, time, upSince } = ledger;
  const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
  const counts = [
    sum([came.services, came.datagrams, came.own, came.opaque, came.restored, ...arrivals.map(({ lines }) => lines)]),
    ended.delivered + ended.handled + ended.broadcast,
    ended.opaque + sum(streams.map(({ given }) => given)),
    waiting,
    ended.expired + sum(streams.map(({ expired }) => expired)),
    sum(Object.values(ended.refused)),
    sum(Object.values(ended.dropped)),
    sum(streams.map(({ unknown }) => unknown)),
  ];
  const isHere = (entry: AuditEntry): boolean =>
    entry.server === server && entry.kind !== 'stream' && entry.kind !== 'link';
  return [server, ...counts.map(formatCount), formatAge(time - upSince), balanceOf(entries, isHere)];
}

function streamCells(ledger: Ledger, stream: Ledger['streams'][number], entries: readonly AuditEntry[]): Cell[] {
  const { given, taken, returned, expired, underWay, unknown } = stream;
  const name = streamName(stream);
  const isThis = ({ kind, server, peer }: AuditEntry): boolean =>
    kind === 'stream' && server === ledger.server && peer === name;
  const counts = [given, taken, returned, expired, underWay, unknown].map(formatCount);
  return [ledger.server, name, ...counts, balanceOf(entries, isThis)];
}

/** Each link once, from its end whose name comes first. */
function linkRows(ledger: Ledger, all: readonly Ledger[], entries: readonly AuditEntry[]): Cell[][] {
  return ledger.links
    .filter(({ id, server }) => server > ledger.server || id === '' || !all.some((other) => other.server === server))
    .map(({ server, linesOut, linesIn, framesOut, framesIn, dropped, isOpaque }) => {
      const isThis = (entry: AuditEntry): boolean =>
        entry.kind === 'link' &&
        ((entry.server === ledger.server && entry.peer === server) ||
          (entry.server === server && entry.peer === ledger.server));
      const counts = [linesOut, linesIn, framesOut, framesIn, dropped].map(formatCount);
      const isSeen = !isOpaque && all.some((other) => other.server === server);
      return [
        ledger.server,
        server,
        ...counts,
        isSeen ? balanceOf(entries, isThis) : { text: 'one end', style: 'dim' },
      ];
    });
}
