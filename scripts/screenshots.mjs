// Takes the pictures of the console that the documents show, of clusters that do not exist: `node scripts/screenshots.mjs`.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startFeed } from '../packages/console/dev/feed.mjs';
import { at } from './lib.mjs';

const SCREEN = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const SETTLE_MS = 2500;

/** Something is always wrong somewhere in a cluster of 500; the small ones are well. */
const SCENES = {
  'map-3': { cluster: { machines: 3, dataCenters: 1 } },
  'map-30': { cluster: { machines: 30, dataCenters: 3 }, prepare: (cluster) => cluster.drain('img4') },
  'map-500': {
    cluster: { machines: 500, dataCenters: 6 },
    prepare: (cluster) => {
      cluster.lose('db30', 140);
      cluster.lose('mail13', 35);
    },
  },
  'map-lost': {
    cluster: { machines: 7, dataCenters: 2 },
    prepare: (cluster) => {
      cluster.lose('img1', 40);
      cluster.drain('mail1');
      cluster.addOpaque('old1', 'job1');
    },
  },
  'map-service': { cluster: { machines: 30, dataCenters: 3 }, address: '#/map?see=:images' },
  'map-path': { cluster: { machines: 30, dataCenters: 3 }, address: '#/map?see=db2..job2' },
  'map-without': { cluster: { machines: 30, dataCenters: 3 }, address: '#/ask?without=web2,img2' },
  'map-phone': { cluster: { machines: 30, dataCenters: 3 }, viewport: PHONE },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { directory: { type: 'string', default: at('docs/console') } },
});
mkdirSync(values.directory, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
for (const [name, scene] of Object.entries(SCENES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  for (const colorScheme of ['light', 'dark']) console.log(await take(name, scene, colorScheme));
}
await browser.close();

async function take(name, { cluster, prepare, address = '', viewport = SCREEN }, colorScheme) {
  const feed = await startFeed(cluster);
  prepare?.(feed.cluster);
  const deviceScaleFactor = viewport === PHONE ? 2 : 1;
  const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor });
  const page = await context.newPage();
  await page.goto(`${feed.url}${address}`);
  await page.waitForFunction(() => window.__map?.isSettled());
  // The flows of all machines are told one after the other, and particles need a moment to spread.
  await page.waitForFunction(() => window.__map.particles() > 0);
  await page.waitForTimeout(SETTLE_MS);
  const path = `${values.directory}/${name}-${colorScheme}.png`;
  await page.screenshot({ path });
  await context.close();
  await feed.close();
  return path;
}
