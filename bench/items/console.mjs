// The console in a real browser: how soon its map is there, what a frame costs, how soon it shows what has happened.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

import { startFeed } from '../../packages/console/dev/feed.mjs';
import { lineClient } from '../lib/line-client.mjs';
import { ROOT } from '../lib/places.mjs';
import { accepting, freePort, startProgram } from '../lib/processes.mjs';
import { fromParts, part } from '../lib/proof.mjs';
import { makeStations } from '../lib/stations.mjs';
import { summary } from '../lib/statistics.mjs';

const BROWSER = '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const SIZES = [
  { machines: 3, dataCenters: 1 },
  { machines: 30, dataCenters: 3 },
  { machines: 500, dataCenters: 6 },
  { machines: 500, dataCenters: 1 },
];
const REPEATS = 5;
const FIRST_MS_MAX = 2000;
const FRAME_MS_MAX = 8;
const WATCH_MS = 10_000;
const SERVICE_MS_MAX = 1000;
const DEAD_INTERVAL_MS = 2000;
const LOST_MS_MAX = DEAD_INTERVAL_MS + 1000;
const BUNDLE_KILOBYTES_MAX = 150;
const VIEWPORT = { width: 1440, height: 900 };

export const consoleItem = {
  name: 'console',
  goal: `the map of 3, 30 and 500 machines within ${FIRST_MS_MAX / 1000} s, at 500 less than ${FRAME_MS_MAX} ms of script a frame, no names on each other; a new service on it within ${SERVICE_MS_MAX / 1000} s, a lost machine within its dead interval + 1 s; the page under ${BUNDLE_KILOBYTES_MAX} kB`,
  seconds: 150,

  async run({ adapter, log }) {
    if (!existsSync(BROWSER)) throw new Error(`${BROWSER} is not there: apt-get install chromium`);
    const browser = await chromium.launch({ executablePath: BROWSER, args: ARGUMENTS });
    const parts = [];
    const note = (each) => {
      log(each.measured);
      parts.push(each);
    };
    try {
      note(bundleSize());
      for (const size of SIZES) for (const each of await measureMap(browser, size)) note(each);
      for (const each of await measureNews(browser, adapter)) note(each);
    } finally {
      await browser.close();
    }
    return fromParts(parts, [
      `real Chromium, ${VIEWPORT.width} × ${VIEWPORT.height}, without a graphics card; the map of a cluster that is answered for by packages/console/dev/feed.mjs`,
      'first picture: from the request for the page to the frame in which the machines are drawn',
      'script of a frame: the function that draws it, from beginning to end, while particles run and the map follows the traffic; the rates are those of every frame of some seconds',
      'new service, lost machine: three real daemons; the lost one is stopped without a word (SIGSTOP)',
    ]);
  },
};

/** What a browser loads to show the page, compressed as the daemon serves it; and what it loads when a loss is simulated. */
function bundleSize() {
  const directory = join(ROOT, 'packages/daemon/dist/console');
  const files = ['index.html', ...readdirSync(join(directory, 'assets')).map((name) => `assets/${name}`)];
  const kilobytes = (wanted, compress) =>
    files
      .filter((name) => /[.](html|js|css)$/.test(name) && name.includes('worker') === wanted)
      .reduce((sum, name) => sum + compress(readFileSync(join(directory, name))).length / 1000, 0);
  const page = kilobytes(false, gzipSync);
  const told = `the page: ${page.toFixed(0)} kB by gzip, ${kilobytes(false, brotliCompressSync).toFixed(0)} kB by brotli; the simulator that Ask loads when it is wanted: ${kilobytes(true, brotliCompressSync).toFixed(0)} kB more`;
  return part(`the page under ${BUNDLE_KILOBYTES_MAX} kB compressed`, told, page < BUNDLE_KILOBYTES_MAX);
}

async function measureMap(browser, { machines, dataCenters }) {
  const name = `${machines} machines in ${dataCenters} data centre${dataCenters === 1 ? '' : 's'}`;
  const first = [];
  let watched;
  for (let i = 0; i < REPEATS; i++) {
    const feed = await startFeed({ machines, dataCenters });
    const context = await browser.newContext({ viewport: VIEWPORT });
    const page = await context.newPage();
    await page.addInitScript(watchFirstPicture, machines);
    await page.goto(feed.url);
    await page.waitForFunction(() => window.firstPictureMs !== undefined);
    first.push(await page.evaluate(() => window.firstPictureMs));
    if (i === REPEATS - 1) watched = await watch(page);
    await context.close();
    await feed.close();
  }
  const { median, max } = summary(first);
  const found = [
    part(
      `${name}: drawn within ${FIRST_MS_MAX} ms`,
      `${name}: first picture after ${median.toFixed(0)} ms, at most ${max.toFixed(0)} ms of ${REPEATS}`,
      median <= FIRST_MS_MAX,
    ),
    part(
      `${name}: no names on each other`,
      `${name}: ${watched.overlaps} of ${watched.labels} names on others`,
      watched.overlaps === 0,
    ),
  ];
  if (machines < 500) return found;
  const { mean, p50, p95, p99, frames, particles } = watched;
  const told = `${name}: mean ${mean.toFixed(2)} ms a frame, median ${p50.toFixed(2)}, of 95 in 100 at most ${p95.toFixed(1)}, of 99 in 100 ${p99.toFixed(1)} ms; ${frames} frames, ${particles} particles`;
  return [...found, part(`${name}: less than ${FRAME_MS_MAX} ms of script a frame`, told, p95 < FRAME_MS_MAX)];
}

/** In the page: when the machines are in the picture, by the clock that began with the navigation. */
function watchFirstPicture(count) {
  const look = () => {
    if (window.__map?.machines().length === count) window.firstPictureMs = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

async function watch(page) {
  await page.waitForFunction(() => window.__map.isSettled());
  await page.waitForTimeout(WATCH_MS);
  return page.evaluate(() => {
    const times = [...window.__map.frameMs()].slice(-400).sort((a, b) => a - b);
    const boxes = window.__map.labels();
    const isOn = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    return {
      frames: times.length,
      mean: times.reduce((sum, ms) => sum + ms, 0) / times.length,
      p50: times[times.length >> 1],
      p95: times[Math.floor(times.length * 0.95)],
      p99: times[Math.floor(times.length * 0.99)],
      particles: window.__map.particles(),
      labels: boxes.length,
      overlaps: boxes.filter((box, at) => boxes.some((other, place) => place !== at && isOn(box, other))).length,
    };
  });
}

/** What happens to three real daemons, and how soon their map shows it. */
async function measureNews(browser, adapter) {
  const cluster = await startCluster(adapter);
  const context = await browser.newContext({ viewport: VIEWPORT });
  try {
    const page = await context.newPage();
    await page.goto(cluster.url);
    await page.waitForFunction((count) => window.__map?.machines().length === count, cluster.names.length);
    const last = cluster.names.at(-1);
    const service = [];
    for (let i = 0; i < REPEATS; i++) {
      // At another moment of the second each time: the page asks in turns.
      await page.waitForTimeout(400 + i * 230);
      const seen = seenAfter(page, last, 'services', i + 1);
      const began = performance.now();
      await (await lineClient(cluster.targets.at(-1))).register(`new_${i}`);
      service.push((await seen) - began);
    }
    const lost = [];
    for (let i = 0; i < REPEATS; i++) {
      await page.waitForTimeout(700 + i * 190);
      const seen = seenAfter(page, last, 'state', 'lost');
      const began = performance.now();
      cluster.last.child.kill('SIGSTOP');
      lost.push((await seen) - began);
      cluster.last.child.kill('SIGCONT');
      // Whether it is well or has much to do is no matter here.
      await page.waitForFunction(
        (name) => window.__map.machines().find((each) => each.name === name)?.state !== 'lost',
        last,
      );
    }
    const told = ({ median, max }) => `after ${median.toFixed(0)} ms, at most ${max.toFixed(0)} ms of ${REPEATS}`;
    const [newest, gone] = [summary(service), summary(lost)];
    return [
      part(
        `a new service within ${SERVICE_MS_MAX} ms`,
        `a new service is on the map ${told(newest)}`,
        newest.max <= SERVICE_MS_MAX,
      ),
      part(
        `a lost machine within its dead interval (${DEAD_INTERVAL_MS} ms) + 1 s`,
        `a lost machine is marked ${told(gone)}`,
        gone.max <= LOST_MS_MAX,
      ),
    ];
  } finally {
    await context.close();
    await cluster.stop();
  }
}

/** When, by the clock of this program, a machine on the map has become so. */
async function seenAfter(page, machine, what, value) {
  const isSo = ([name, key, wanted]) => window.__map.machines().find((each) => each.name === name)?.[key] === wanted;
  await page.waitForFunction(isSo, [machine, what, value], { polling: 'raf' });
  return performance.now();
}

const DAEMONS = 3;

async function startCluster(adapter) {
  const { directory, secret, stations, targets } = await makeStations(DAEMONS);
  const consolePort = await freePort();
  const programs = stations.map((station, place) => {
    const options = {
      'cluster-secret-file': secret,
      'dead-interval': `${DEAD_INTERVAL_MS}ms`,
      ...(place === 0 && { console: `127.0.0.1:${consolePort}` }),
    };
    return startProgram(
      adapter.name,
      adapter.command({ ...station, options, isSecure: false, place, stations }),
      station,
    );
  });
  for (const [place, target] of targets.entries()) await accepting(target, programs[place]);
  await adapter.joined(targets);
  return {
    url: `http://127.0.0.1:${consolePort}/`,
    targets,
    names: stations.map((_, place) => nameOf(adapter.command({ ...stations[place], place, stations }))),
    last: programs.at(-1),
    async stop() {
      programs.at(-1).child.kill('SIGCONT');
      await Promise.all(programs.map((program) => program.stop()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const nameOf = ({ arguments: flags }) => flags.find((flag) => flag.startsWith('--server-name='))?.split('=')[1];
