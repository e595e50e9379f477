// The map in a real browser, at 3, 30 and 500 machines: it comes, its names never lie on each other, it follows what happens,
// and it can be used by keyboard, mouse and fingers.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startFeed } from '../../packages/console/dev/feed.mjs';
import type { MapView } from '../../packages/console/src/map/map-view.ts';
import { browserMissing, launchBrowser, type Offences, visit } from '../support/browser.ts';

const missing = browserMissing();
if (missing !== '') console.warn(`The map is not tested in a browser: ${missing}`);

type Feed = Awaited<ReturnType<typeof startFeed>>;
type Exposed = { __map?: MapView };
type Told = { [K in Exclude<keyof MapView, never>]: ReturnType<MapView[K]> };

const PHONE = { width: 390, height: 844 };

let browser: Browser;
const seen: Offences[] = [];

/** What the map says of itself. */
const tell = <K extends keyof MapView>(page: Page, what: K): Promise<Told[K]> =>
  page.evaluate((name) => (window as unknown as Exposed).__map?.[name]() as never, what);

interface Opened {
  readonly page: Page;
  readonly feed: Feed;
}

/** A page with the map of a cluster that does not exist; drawn, with the links of all data centres, and at rest. */
async function open(
  options: Parameters<typeof startFeed>[0],
  context: Parameters<typeof visit>[2] = {},
  address = '',
): Promise<Opened> {
  const feed = await startFeed(options);
  onTestFinished(() => feed.close());
  const { page, offences, close } = await visit(browser, `${feed.url}${address}`, context);
  onTestFinished(close);
  seen.push(offences);
  await page.waitForFunction((count) => {
    const map = (window as unknown as Exposed).__map;
    return map?.isSettled() === true && map.machines().length === count;
  }, feed.cluster.names.length);
  await rest(page);
  return { page, feed };
}

/** Until nothing has moved for some frames. */
const rest = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        let [before, frames] = ['', 0];
        const look = (): void => {
          const map = (window as unknown as Exposed).__map;
          const now = map?.isAtRest() === true ? JSON.stringify(map.machines()) : '';
          frames = now !== '' && now === before ? frames + 1 : 0;
          before = now;
          if (frames > 20) resolve();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );

async function overlapping(page: Page): Promise<string[]> {
  const boxes = await tell(page, 'labels');
  return boxes.flatMap((one, at) =>
    boxes
      .slice(at + 1)
      .filter(
        (other) =>
          one.x < other.x + other.width &&
          other.x < one.x + one.width &&
          one.y < other.y + other.height &&
          other.y < one.y + one.height,
      )
      .map((other) => `${one.key} on ${other.key}`),
  );
}

/** Where machines are from each other, whatever the camera shows. */
async function placesOf(page: Page): Promise<Map<string, { x: number; y: number }>> {
  const [machines, scale] = await page.evaluate(() => {
    const map = (window as unknown as Exposed).__map as MapView;
    return [map.machines(), map.scale()] as const;
  });
  const origin = machines.find(({ name }) => name === 'web1') ?? { x: 0, y: 0 };
  return new Map(machines.map(({ name, x, y }) => [name, { x: (x - origin.x) / scale, y: (y - origin.y) / scale }]));
}

async function positionOnPage(page: Page, name: string): Promise<{ x: number; y: number }> {
  const surface = await page.getByRole('application').boundingBox();
  const machine = (await tell(page, 'machines')).find((each) => each.name === name);
  if (surface === null || machine === undefined) throw new Error(`${name} is not on the map`);
  return { x: surface.x + machine.x, y: surface.y + machine.y };
}

/** The map asks every second or two. */
const SOON = { timeout: 20_000, interval: 100 } as const;

const stateOf = async (page: Page, name: string) =>
  (await tell(page, 'machines')).find((each) => each.name === name)?.state;

describe.skipIf(missing !== '')('the map', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);

  afterAll(() => browser?.close());

  test.each([
    [3, 1, 1280],
    [30, 3, 1280],
    [30, 3, 390],
    [500, 6, 1280],
    [500, 1, 1280],
  ])(
    '%i machines in %i data centres, %i pixels wide: names never lie on each other, from afar to near',
    async (machines, dataCenters, width) => {
      const { page } = await open(
        { machines, dataCenters },
        { viewport: { width, height: 800 }, reducedMotion: 'reduce' },
      );
      expect((await tell(page, 'labels')).length).toBeGreaterThan(0);
      expect(await overlapping(page)).toEqual([]);
      const surface = page.getByRole('application');
      await surface.focus();
      for (const keys of [['+', '+'], ['+', '+'], ['+', '+'], ['0']]) {
        for (const key of keys) await page.keyboard.press(key);
        await rest(page);
        expect(await overlapping(page)).toEqual([]);
      }
    },
  );

  test('three distances: data centres, names, cards', async () => {
    const { page } = await open({ machines: 500, dataCenters: 6 }, { reducedMotion: 'reduce' });
    const kinds = async (): Promise<Set<string>> =>
      new Set((await tell(page, 'labels')).map(({ key }) => key.slice(0, key.indexOf(':'))));
    expect(await kinds()).toContain('center');
    expect(await kinds()).not.toContain('machine');
    const found: string[] = [];
    for (let step = 0; step < 9; step++) {
      await page.mouse.move(700, 420);
      await page.mouse.wheel(0, -140);
      await rest(page);
      found.push(...(await kinds()));
    }
    expect(found).toContain('machine');
    expect(found).toContain('card');
  });

  test('what happens is seen: a lost machine in its place, a new service, a newcomer beside the others', async () => {
    const { page, feed } = await open({ machines: 30, dataCenters: 3 });
    await expect.poll(() => placesOf(page).then(({ size }) => size), SOON).toBe(30);
    const before = await placesOf(page);
    feed.cluster.lose('db3', 12);
    await expect.poll(() => stateOf(page, 'db3'), SOON).toBe('lost');
    expect((await tell(page, 'labels')).map(({ key }) => key)).toContain('machine:db3');
    const services = async (): Promise<number | undefined> =>
      (await tell(page, 'machines')).find(({ name }) => name === 'web1')?.services;
    const count = await services();
    feed.cluster.addService('web1', 'brand_new');
    await expect.poll(services, SOON).toBe((count ?? 0) + 1);
    feed.cluster.addMachine('newcomer', 'web1');
    await expect.poll(() => placesOf(page).then((places) => places.has('newcomer')), SOON).toBe(true);
    await rest(page);
    const after = await placesOf(page);
    for (const [name, place] of before) {
      const now = after.get(name) as { x: number; y: number };
      expect(Math.hypot(now.x - place.x, now.y - place.y), name).toBeLessThan(1);
    }
    const place = after.get('newcomer') as { x: number; y: number };
    expect(Math.hypot(place.x, place.y)).toBeLessThan(400);
    feed.cluster.recover('db3');
    await expect.poll(() => stateOf(page, 'db3'), SOON).toBe('well');
  });

  test('the same cluster looks the same tomorrow, and to everybody', async () => {
    const { page } = await open({ machines: 30, dataCenters: 3 });
    const { page: other } = await open({ machines: 30, dataCenters: 3 }, { viewport: { width: 900, height: 700 } });
    const [one, two] = [await placesOf(page), await placesOf(other)];
    for (const [name, { x, y }] of one) {
      expect(two.get(name)?.x).toBeCloseTo(x, 3);
      expect(two.get(name)?.y).toBeCloseTo(y, 3);
    }
  });

  test('a dragged machine stays where it was put, also after the page was left', async () => {
    const { page } = await open({ machines: 7, dataCenters: 2 });
    const from = await positionOnPage(page, 'db1');
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 60, from.y + 20);
    await page.mouse.move(from.x + 140, from.y + 90);
    await page.mouse.up();
    await rest(page);
    const dragged = (await placesOf(page)).get('db1');
    await page.reload();
    await page.waitForFunction(() => (window as unknown as Exposed).__map?.machines().length === 7);
    await rest(page);
    const later = (await placesOf(page)).get('db1');
    expect(later?.x).toBeCloseTo(dragged?.x ?? 0, -1);
    expect(later?.y).toBeCloseTo(dragged?.y ?? 0, -1);
  });

  test('by keyboard: arrows go from machine to machine and are heard, Enter opens, plus, minus and 0 zoom', async () => {
    const { page } = await open({ machines: 30, dataCenters: 3 }, { reducedMotion: 'reduce' });
    const surface = page.getByRole('application');
    for (let count = 0; count < 30; count++) {
      if (await surface.evaluate((element) => element === document.activeElement)) break;
      await page.keyboard.press('Tab');
    }
    await expect.poll(() => tell(page, 'focused'), SOON).toBe('web1');
    const heard = page.locator('#map-focus');
    expect(await heard.textContent()).toMatch(/^web1, in west, .* links?, \d+ services: /);
    const visited = new Set<string | undefined>();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowLeft', 'ArrowDown']) {
      await page.keyboard.press(key);
      visited.add(await tell(page, 'focused'));
    }
    expect(visited.size).toBeGreaterThan(2);
    const focused = (await tell(page, 'focused')) ?? '';
    expect(await heard.textContent()).toMatch(new RegExp(`^${focused}, `));
    const scale = await tell(page, 'scale');
    await page.keyboard.press('+');
    await expect.poll(() => tell(page, 'scale'), SOON).toBeGreaterThan(scale);
    await page.keyboard.press('0');
    await expect.poll(() => tell(page, 'scale'), SOON).toBeCloseTo(scale, 5);
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: `Machine ${focused}` }).waitFor();
    expect(page.url()).toContain(`see=${focused}`);
  });

  test('by mouse: a click chooses, shift and click makes a way, the pointer is told more', async () => {
    const { page } = await open({ machines: 30, dataCenters: 3 }, { viewport: { width: 1500, height: 900 } });
    const click = async (name: string, options = {}): Promise<void> => {
      await rest(page);
      const { x, y } = await positionOnPage(page, name);
      await page.mouse.move(x, y);
      await page.locator('.tip strong', { hasText: name }).waitFor();
      const surface = await page.getByRole('application').boundingBox();
      await page
        .getByRole('application')
        .click({ position: { x: x - (surface?.x ?? 0), y: y - (surface?.y ?? 0) }, ...options });
    };
    await click('db2');
    await expect.poll(() => page.url(), SOON).toContain('see=db2');
    await click('job2', { modifiers: ['Shift'] });
    await expect.poll(() => page.url(), SOON).toContain('see=db2..job2');
  });

  test('by fingers: a tap chooses, two fingers zoom', async () => {
    const { page } = await open(
      { machines: 7, dataCenters: 2 },
      { viewport: { width: 390, height: 844 }, hasTouch: true },
    );
    const scale = await tell(page, 'scale');
    const client = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', spread?: number) =>
      client.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          spread === undefined
            ? []
            : [
                { x: 195 - spread, y: 560, id: 1 },
                { x: 195 + spread, y: 560, id: 2 },
              ],
      });
    await touch('touchStart', 30);
    for (const spread of [40, 55, 70, 90]) await touch('touchMove', spread);
    await touch('touchEnd');
    await expect.poll(() => tell(page, 'scale'), SOON).toBeGreaterThan(scale * 1.8);
    await page.getByRole('button', { name: 'Show all' }).tap();
    await expect.poll(() => tell(page, 'scale'), SOON).toBeCloseTo(scale, 5);
    await rest(page);
    const { x, y } = await positionOnPage(page, 'web1');
    await page.touchscreen.tap(x, y);
    await expect.poll(() => page.url(), SOON).toContain('see=');
  });

  test.each([
    [3, 1],
    [7, 2],
    [30, 3],
  ])(
    '%i machines in %i data centres on a phone: much higher than wide, no name on another, none outside',
    async (machines, dataCenters) => {
      const { page } = await open({ machines, dataCenters }, { viewport: PHONE, reducedMotion: 'reduce' });
      const labels = await tell(page, 'labels');
      if (machines < 10)
        expect(labels.filter(({ key }) => key.startsWith('machine:') || key.startsWith('card:'))).toHaveLength(
          machines,
        );
      expect(await overlapping(page)).toEqual([]);
      const surface = await page.getByRole('application').boundingBox();
      for (const { key, x, y, width, height } of labels) {
        expect(Math.min(x, y), key).toBeGreaterThanOrEqual(0);
        expect(x + width, key).toBeLessThanOrEqual(surface?.width ?? 0);
        expect(y + height, key).toBeLessThanOrEqual(surface?.height ?? 0);
      }
    },
  );

  test('a phone that is turned turns the map, and back; what is less than a turn does not', async () => {
    const { page } = await open({ machines: 7, dataCenters: 2 }, { viewport: PHONE, reducedMotion: 'reduce' });
    const upright = await placesOf(page);
    const resized = async (width: number, height: number): Promise<Map<string, { x: number; y: number }>> => {
      await page.setViewportSize({ width, height });
      await page.waitForFunction((wanted) => document.querySelector('canvas')?.clientWidth === wanted, width);
      await rest(page);
      return placesOf(page);
    };
    const expectPlaces = (found: Map<string, { x: number; y: number }>, isSwapped: boolean): void => {
      for (const [name, { x, y }] of upright) {
        expect(found.get(name)?.x, name).toBeCloseTo(isSwapped ? y : x, 3);
        expect(found.get(name)?.y, name).toBeCloseTo(isSwapped ? x : y, 3);
      }
    };
    expectPlaces(await resized(390, 500), false);
    expectPlaces(await resized(844, 390), true);
    expect(await overlapping(page)).toEqual([]);
    expectPlaces(await resized(390, 844), false);
    expect(await overlapping(page)).toEqual([]);
  });

  test('on a phone, whoever is chosen is seen above the panel, and all is as before when it is closed', async () => {
    const { page } = await open({ machines: 7, dataCenters: 2 }, { viewport: PHONE, reducedMotion: 'reduce' });
    const before = await tell(page, 'machines');
    const lowest = before.reduce((low, each) => (each.y > low.y ? each : low));
    const { x, y } = await positionOnPage(page, lowest.name);
    await page.mouse.click(x, y);
    const panel = page.getByRole('complementary', { name: `Machine ${lowest.name}` });
    await panel.waitFor();
    const gap = async (): Promise<number> =>
      ((await panel.boundingBox())?.y ?? 0) - (await positionOnPage(page, lowest.name)).y;
    expect(((await panel.boundingBox())?.y ?? 0) - y, 'it lies under the panel').toBeLessThan(0);
    await expect.poll(gap, SOON).toBeGreaterThan(40);
    expect((await positionOnPage(page, lowest.name)).y).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Way to …' }).click({ trial: true });
    await page.getByRole('button', { name: 'Close' }).click();
    await expect
      .poll(async () => (await tell(page, 'machines')).find(({ name }) => name === lowest.name)?.y, SOON)
      .toBeCloseTo(lowest.y, 3);
  });

  test('what is looked for is named, however far away', async () => {
    const { page } = await open({ machines: 500, dataCenters: 6 }, {}, '#/map?search=db13');
    await expect
      .poll(() => tell(page, 'labels').then((labels) => labels.map(({ key }) => key)), SOON)
      .toContain('machine:db13');
  });

  test('particles run where messages flow, and only there', async () => {
    const { page, feed } = await open({ machines: 7, dataCenters: 2 });
    await expect.poll(() => tell(page, 'particles'), SOON).toBeGreaterThan(0);
    feed.cluster.silence();
    await expect.poll(() => tell(page, 'particles'), SOON).toBe(0);
  });

  test('nothing runs where motion is not wanted, and nothing is drawn while nothing changes', async () => {
    const { page, feed } = await open({ machines: 7, dataCenters: 2 }, { reducedMotion: 'reduce' });
    await expect.poll(() => tell(page, 'machines').then((list) => list.length), SOON).toBe(7);
    expect(await tell(page, 'particles')).toBe(0);
    feed.disconnect();
    const frames = async (): Promise<number> => (await tell(page, 'frameMs')).length;
    // Whatever was still to be drawn is drawn; then nothing is.
    let count = -1;
    await expect.poll(async () => count === (count = await frames()), { ...SOON, interval: 300 }).toBe(true);
  });

  test('particles stop when the connection is lost', async () => {
    const { page, feed } = await open({ machines: 7, dataCenters: 2 });
    await expect.poll(() => tell(page, 'particles'), SOON).toBeGreaterThan(0);
    await feed.close();
    await expect.poll(() => tell(page, 'particles'), SOON).toBe(0);
  });

  test('no request has left the daemon, and the browser has complained about nothing', () => {
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.flatMap(({ elsewhere }) => elsewhere)).toEqual([]);
    expect(seen.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});
