// `snapcom history`: messages per second of the last minutes, and when machines, links and services came and went.

import { formatRate } from '@snapcommunicator/network/atlas';
import { type Happening, type History, type HistoryEvent, readHistory } from '@snapcommunicator/network/story';
import type { Command } from 'commander';
import { askGraph, serverNamed } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { durationOption } from './option-values.ts';
import { type Output, printable, type Style } from './output.ts';
import { formatAge, formatClock, plural } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';
import { askJson, nowSeconds } from './witnesses.ts';

interface HistoryOptions extends CommonOptions {
  readonly since: number;
  readonly server?: string;
}

const answerMsMax = 5000;

export function describe(command: Command): void {
  command
    .addOption(durationOption('--since <duration>', 'how far back', '15m'))
    .option('--server <name>', 'as another machine has seen it')
    .addHelpText(
      'after',
      `
What the daemon remembers of the last minutes: the messages that it dealt with, as bars, and below them what came and went in
the cluster as it saw it. With --json one object: { server, start, step, messages, events }.`,
    );
}

export async function run({ options, output }: Call<HistoryOptions>): Promise<ExitCode> {
  const { server, history } = await withConnection({ to: options.to }, async (bus) => {
    const name = options.server === undefined ? bus.server : serverNamed(await askGraph(bus), options.server);
    const since = nowSeconds() - options.since / 1000;
    const asked = name === bus.server ? '' : name;
    const { value } = await askJson(bus, asked, 'HISTORY', { since }, readHistory, answerMsMax);
    return { server: name, history: value };
  });
  if (options.json) output.json({ server, ...history });
  else print(server, history, output);
  return EXIT.done;
}

const BARS = '▁▂▃▄▅▆▇█';
/** Bars in a line. */
const WIDTH = 80;

/** Rates of as many spans as there are bars; each the mean of what lies in it. */
export function barsOf(rates: readonly number[], width: number): { readonly bars: string; readonly most: number } {
  const perBar = Math.max(1, Math.ceil(rates.length / width));
  const means: number[] = [];
  for (let at = 0; at < rates.length; at += perBar) {
    const part = rates.slice(at, at + perBar);
    means.push(part.reduce((sum, rate) => sum + rate, 0) / part.length);
  }
  const most = Math.max(0, ...means);
  const bars = means.map((mean) => (mean === 0 ? ' ' : BARS.charAt(Math.min(7, Math.floor((mean / most) * 8)))));
  return { bars: bars.join(''), most };
}

function print(server: string, { start, step, messages, events }: History, output: Output): void {
  const seconds = messages.length * step;
  const { bars, most } = barsOf(messages, WIDTH);
  output.line(`${output.paint('bold', server)}  ${formatAge(seconds)}, at most ${formatRate(most)} messages`);
  if (messages.length > 0) {
    output.line(output.paint('cyan', bars));
    const from = formatClock(start).slice(0, 8);
    const to = formatClock(start + seconds).slice(0, 8);
    output.line(output.paint('dim', `${from}${to.padStart(Math.max(9, bars.length - from.length))}`));
  }
  if (events.length === 0) output.say('nothing came or went in this time');
  for (const event of events) {
    const { text, style } = describeEvent(event);
    output.line(`${output.paint('dim', formatClock(event.time))}  ${output.paint(style, printable(text))}`);
  }
  if (events.length > 0) output.say(`${plural(events.length, 'event')}; what was before is not known`);
}

const EVENTS: Readonly<Record<Happening, { readonly words: (event: HistoryEvent) => string; readonly style: Style }>> =
  {
    'server-up': { words: ({ server }) => `${server} came`, style: 'green' },
    'server-lost': { words: ({ server }) => `${server} was lost`, style: 'red' },
    'link-up': { words: ({ server, peer }) => `link ${server} – ${peer ?? '?'} came up`, style: 'green' },
    'link-lost': { words: ({ server, peer }) => `link ${server} – ${peer ?? '?'} was lost`, style: 'red' },
    'service-up': { words: ({ server, service }) => `service ${server}:${service ?? '?'} came`, style: 'green' },
    'service-down': { words: ({ server, service }) => `service ${server}:${service ?? '?'} went`, style: 'yellow' },
  };

function describeEvent(event: HistoryEvent): { readonly text: string; readonly style: Style } {
  const { words, style } = EVENTS[event.kind];
  return { text: words(event), style };
}
