// What recording costs: the daemon beside one whose inner loop leaves the records out; and whether a sniffer with a narrow
// filter misses anything while a flood passes.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { daemonOf, snapcommunicatord } from '../adapters/snapcommunicatord.mjs';
import { lineClient } from '../lib/line-client.mjs';
import { ROOT, WORK } from '../lib/places.mjs';
import { startContender } from '../lib/processes.mjs';
import { fromParts, part } from '../lib/proof.mjs';
import { median } from '../lib/statistics.mjs';
import { oneToOne, windowOf } from '../lib/traffic.mjs';

const ROUNDS = 9;
const TIMING = { seconds: 1.5, warmUp: 0.7 };
const COST_MAX = 0.05;
const RARE_EACH_SECOND = 10;
const SNIFF_SECONDS = 8;
const FLOOD_MIN = 2_000_000;
const SWITCH = 'RECORDING = true';
const ASC_FLAGS = '-O3 --noAssert --runtime stub --importMemory --memoryBase 64 --enable simd --enable bulk-memory';

export const recorder = {
  name: 'recorder',
  goal: `recording costs at most ${COST_MAX * 100} % of throughput at 128 bytes; with 2 million messages a second passing, a sniffer whose filter matches ${RARE_EACH_SECOND} a second misses none`,
  seconds: 80,

  async run(context) {
    const contenders = { with: snapcommunicatord, without: daemonOf(buildWithoutRecords()) };
    const figures = { with: [], without: [] };
    const processor = { with: [], without: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [kind, adapter] of Object.entries(contenders)) {
        const { messagesPerSecond, messagesPerProcessorSecond, problem } = await flood(context, adapter);
        if (problem !== undefined) throw new Error(problem);
        figures[kind].push(messagesPerSecond);
        processor[kind].push(messagesPerProcessorSecond);
        const cpu = millions(messagesPerProcessorSecond);
        context.log(`${round}/${ROUNDS} ${kind} records: ${millions(messagesPerSecond)}/s, ${cpu} a processor second`);
      }
    }
    const cost = 1 - median(figures.with) / median(figures.without);
    const { sent, seen, skipped, messagesPerSecond } = await sniffed(context);
    const passed = `${millions(messagesPerSecond)}/s passed`;
    return fromParts(
      [
        part(
          `recording costs at most ${COST_MAX * 100} %`,
          `${(cost * 100).toFixed(1)} % of ${millions(median(figures.without))}/s`,
          cost <= COST_MAX,
        ),
        part(
          'a sniffer misses none',
          `${seen} of ${sent} seen, ${skipped} skipped, while ${passed}`,
          seen === sent && skipped === 0,
        ),
        part(`${FLOOD_MIN / 1e6} million messages a second pass meanwhile`, passed, messagesPerSecond >= FLOOD_MIN),
      ],
      [
        `${ROUNDS} rounds of each by turns, ${TIMING.seconds} s; one sender, one receiver, lines of 128 bytes`,
        `of the daemon’s processor time: ${((1 - median(processor.with) / median(processor.without)) * 100).toFixed(1)} %`,
      ],
    );
  },
};

const millions = (count) => `${(count / 1e6).toFixed(2)} M messages`;

/** The programs as they are built, beside an inner loop that writes no records. @returns where they are */
function buildWithoutRecords() {
  const home = join(WORK, 'without-records');
  const daemon = 'packages/daemon';
  for (const path of ['bin', `${daemon}/dist/bundle`, `${daemon}/package.json`])
    cpSync(join(ROOT, path), join(home, path), { recursive: true });
  const sources = join(home, 'switch');
  mkdirSync(join(sources, 'assembly'), { recursive: true });
  mkdirSync(join(home, daemon, 'dist/switch'), { recursive: true });
  cpSync(join(ROOT, daemon, 'src/switch/arena-layout.ts'), join(sources, 'arena-layout.ts'));
  const source = readFileSync(join(ROOT, daemon, 'src/switch/assembly/inner-loop.ts'), 'utf8');
  if (!source.includes(SWITCH)) throw new Error(`the inner loop has no ${SWITCH} any more: bench/items/recorder.mjs`);
  writeFileSync(join(sources, 'assembly/inner-loop.ts'), source.replace(SWITCH, 'RECORDING = false'));
  const target = join(home, daemon, 'dist/switch/inner-loop.wasm');
  const compiler = join(ROOT, 'node_modules/assemblyscript/bin/asc.js');
  const flags = [join(sources, 'assembly/inner-loop.ts'), '--outFile', target, ...ASC_FLAGS.split(' ')];
  execFileSync(process.execPath, [compiler, ...flags], { cwd: ROOT, stdio: 'inherit' });
  return home;
}

async function flood(context, adapter) {
  const daemon = await startContender(adapter);
  try {
    return await pump(context, adapter, daemon, TIMING);
  } finally {
    await daemon.stop();
  }
}

async function pump(context, adapter, daemon, timing) {
  const traffic = adapter.pump(oneToOne);
  const { surplusPerConnection: _surplus, answersSenders: _answers, ...options } = traffic;
  const result = await context.generate(
    'pump',
    {
      ...options,
      address: daemon.address,
      receivers: oneToOne.receivers,
      senders: oneToOne.senders,
      fanOut: oneToOne.fanOut,
      window: windowOf(oneToOne, traffic.delivered, traffic.messages),
      daemonPid: daemon.pids,
      ...timing,
    },
    daemon.directory,
  );
  return { ...result, problem: result.lost > 0 ? `${result.lost} messages lost` : undefined };
}

/** A flood, some rare messages among it, and somebody who wants to see those. */
async function sniffed(context) {
  const daemon = await context.daemon();
  const [sniffer, receiver, sender] = await Promise.all([
    lineClient({ path: daemon.unixPath }),
    lineClient(daemon.target),
    lineClient(daemon.target),
  ]);
  await sniffer.register('sniffer');
  await receiver.register('rare');
  await sender.register('probe');
  await sniffer.write('SNIFF filter="command==RARE"\n');
  if ((await sniffer.line(/ SNIFFING /)) === undefined) throw new Error(`no sniffing: ${sniffer.lines.join(' | ')}`);
  const flooding = pump(context, snapcommunicatord, daemon, { seconds: SNIFF_SECONDS, warmUp: 1 });
  let sent = 0;
  let isOver = false;
  const done = flooding.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await sender.write(`rare/RARE n=${sent++}\n`);
    await pause(1000 / RARE_EACH_SECOND);
  }
  const { messagesPerSecond } = await done;
  await sniffer.until(() => shown(sniffer).length === sent, 3000);
  const seen = new Set(shown(sniffer).map((line) => /n=(\d+)/.exec(line)?.[1])).size;
  const skipped = shown(sniffer).filter((line) => line.includes('skipped=')).length;
  for (const client of [sniffer, receiver, sender]) client.close();
  return { sent, seen, skipped, messagesPerSecond };
}

const shown = ({ lines }) => lines.filter((line) => line.includes(' SNIFFED '));
