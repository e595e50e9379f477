// The console in a real browser, served by real daemons: each of its pages does its job, by mouse, by keyboard and by address.
//
//     delta ── alpha ── beta ── gamma       alpha serves the page; gamma is in a data centre of its own
//      mail     web     images   store

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { browserMissing, launchBrowser, type Offences, seriousFindings, visit } from '../support/browser.ts';
import { Cluster } from '../support/cluster.ts';
import { freePort } from '../support/free-port.ts';
import { LineClient } from '../support/line-client.ts';
import { snapcom } from '../support/snapcom.ts';

const PAGES = ['map', 'messages', 'services', 'machines', 'links', 'flags', 'ask', 'send'] as const;
const missing = browserMissing();
if (missing !== '') console.warn(`The console is not tested in a browser: ${missing}`);

let browser: Browser;
let cluster: Cluster;
let url: string;
let consoleFlags: string[];
const directory = mkdtempSync(join(tmpdir(), 'snapcom-console-'));
const clients: Partial<Record<string, LineClient>> = {};
const seen: Offences[] = [];

/** A page at an address within the console; what it does wrong is remembered to the end. */
async function open(address = '#/map', options: Parameters<typeof visit>[2] = {}): Promise<Page> {
  const { page, offences } = await visit(browser, `${url}${address}`, options);
  seen.push(offences);
  await page.locator('.health .line .text').waitFor();
  return page;
}

/** How many there are; that the machine of the tests is busy may be said behind it. */
const WHOLE = /4 machines, 4 services, 2 data centres: (all well|.* overloaded)/;
/** A busy machine is no fault of the page. */
// oxlint-disable-next-line vitest/require-awaited-expect-poll -- who calls it awaits it
const eventually = <T>(get: () => T | Promise<T>) => expect.poll(get, { timeout: 30_000 });

/** Two keys; again where so much time passed between them that they are no pair. */
const goTo = (page: Page, key: string, name: string) =>
  eventually(async () => {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    return page.url();
  }).toContain(`#/${name}`);
const health = (page: Page) => page.locator('.health .line');
const row = (page: Page, name: string) =>
  page.locator('tbody tr', { has: page.getByRole('cell', { name, exact: true }) });

describe.skipIf(missing !== '')('the console', () => {
  beforeAll(async () => {
    const secret = join(directory, 'secret');
    writeFileSync(secret, 'a secret of the tests, longer than anybody would guess\n', { mode: 0o600 });
    const common = ['--cluster-secret-file', secret, '--data-center'];
    consoleFlags = ['--console', `127.0.0.1:${await freePort()}`, '--console-write=yes'];
    url = `http://${consoleFlags[1]}/`;
    cluster = new Cluster([
      { name: 'alpha', args: [...common, 'east', ...consoleFlags] },
      { name: 'beta', dials: ['alpha'], args: [...common, 'east'] },
      { name: 'delta', dials: ['alpha'], args: [...common, 'east'] },
      { name: 'gamma', dials: ['beta'], args: [...common, 'west'] },
    ]);
    for (const name of ['alpha', 'beta', 'delta', 'gamma']) await cluster.startDaemon(name);
    // Each counts the machines of its data centre.
    await cluster.untilLinked(['alpha', 'beta', 'delta']);
    clients['web'] = await cluster.join('web', 'alpha', 'RESIZED');
    clients['images'] = await cluster.join('images', 'beta', 'PING,RESIZE');
    clients['store'] = await cluster.join('store', 'gamma', 'STORE');
    clients['mail'] = await cluster.join('mail', 'delta', 'SEND');
    browser = await launchBrowser();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  // A page that nobody looks at any more would go on to ask.
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  test('says in words how things are, and draws the map', async () => {
    const page = await open();
    await eventually(() => health(page).textContent()).toMatch(WHOLE);
    await page.locator('canvas').first().waitFor();
    expect(await page.title()).toBe('alpha: Snap! Communicator');
  });

  test('what is selected is told beside the map, and stands in the address', async () => {
    const page = await open();
    await page.keyboard.press('/');
    await page.getByRole('combobox').fill('bet');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary', { name: 'Machine beta' });
    await panel.getByRole('button', { name: 'images' }).click();
    await page.getByRole('complementary', { name: 'Service images' }).getByText('RESIZE').waitFor();
    expect(page.url()).toContain('#/map?see=:images');
    await page.keyboard.press('Escape');
    await page.getByRole('complementary', { name: 'Service images' }).waitFor({ state: 'detached' });
    expect(page.url()).toMatch(/#\/map$/);
  });

  test('the way between two machines', async () => {
    const page = await open('#/map?see=alpha..gamma');
    const panel = page.getByRole('complementary', { name: 'Way alpha → gamma' });
    await eventually(() => panel.locator('ol').first().getByRole('button').allTextContents()).toEqual([
      'alpha',
      'beta',
      'gamma',
    ]);
    await panel.getByText('There is no other way').waitFor();
  });

  test('the map as a table', async () => {
    const page = await open();
    await page.keyboard.press('t');
    await eventually(() => row(page, 'beta').textContent()).toMatch(/east.*images.*alpha \d+, gamma \d+/);
    expect(page.url()).toContain('as=table');
  });

  test('messages as they pass, filtered, and the story of one', async () => {
    const page = await open('#/messages');
    const { web } = clients;
    await page.getByRole('heading', { name: 'It is quiet' }).or(page.locator('tbody tr').first()).first().waitFor();
    web?.send('images/RESIZE uri=/a.png');
    web?.send('store/STORE key=1');
    const line = page.locator('tbody tr', { hasText: 'RESIZE' });
    await eventually(() => line.first().textContent()).toMatch(/alpha:web.*beta:images.*delivered/);
    const filter = page.getByRole('combobox', { name: 'Filter of messages' });
    await filter.fill('command==STO');
    await filter.press('Enter');
    await eventually(() => line.count()).toBe(0);
    await filter.fill('command=STORE');
    await page.getByText('write == to compare').waitFor();
    await filter.fill('command==STORE');
    await filter.press('Enter');
    expect(page.url()).toContain('filter=command==STORE');
    const store = page.locator('tbody tr', { hasText: 'STORE' });
    await store.first().click();
    const story = page.getByRole('complementary', { name: 'Message STORE' });
    await story.getByText('It was delivered to store on gamma').waitFor();
    await eventually(() => story.locator('ol li strong').allTextContents()).toContain('beta');
    expect(page.url()).toContain('message=');
  });

  test('of a minute that holds too much its end is shown, and nothing that only the quiet machines tell', async () => {
    const { web, mail, images } = clients;
    mail?.send('delta:mail/QUIET');
    await mail?.expect(/QUIET$/);
    for (let n = 1; n <= 3000; n++) web?.send(`images/PING n=${n}`);
    await images?.until(() => images.lines.some((line) => line.endsWith('n=3000')), 'the last of many messages');
    images?.lines.splice(0);
    const moment = new Date(Math.ceil(Date.now() / 1000) * 1000).toISOString().replace('.000', '');
    const page = await open(`#/messages?time=${moment}`);
    const note = page.locator('.note');
    await eventually(() => note.textContent()).toMatch(
      /recorders hold it; from [\d:]+ on: before that there were more/,
    );
    await page.locator('tbody tr', { hasText: 'PING' }).last().waitFor();
    const table = page.locator('.scroller');
    const fromEnd = () => table.evaluate((box) => Math.round(box.scrollHeight - box.clientHeight - box.scrollTop));
    await eventually(fromEnd).toBeLessThan(2);
    await page.locator('tbody tr[tabindex="0"]').press('Home');
    await eventually(() => page.locator('tr[data-at="0"]').textContent()).toMatch(/web.*images.*PING/);
    expect(await fromEnd()).toBeGreaterThan(1000);
    // Of another choice all is there, and the table begins at its end anew.
    await page.goto(`${url}#/messages?time=${moment}&filter=command==QUIET`);
    await eventually(() => page.locator('tbody tr').textContent()).toMatch(/QUIET.*delivered/);
    expect(await note.textContent()).toMatch(/as far as the recorders hold it\.$/);
    await page.goto(`${url}#/messages`);
    await page.getByText(/^What passed from [\d:]+ on: before that there were more/).waitFor();
  });

  test('the filter is completed', async () => {
    const page = await open('#/messages');
    const filter = page.getByRole('combobox', { name: 'Filter of messages' });
    await filter.click();
    await filter.pressSequentially('com');
    await page.keyboard.press('Tab');
    await filter.pressSequentially('==RES');
    await page.getByRole('option', { name: 'RESIZED' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await filter.inputValue()).toMatch(/^command ==RESIZED? $|^command ==RESIZE $/);
  });

  test('services, machines and links: searched, sorted, opened', async () => {
    const page = await open('#/services');
    await eventually(() => page.locator('tbody tr').count()).toBe(4);
    await eventually(() => row(page, 'images').textContent()).toContain('PING, RESIZE');
    await page.getByRole('button', { name: 'Service', exact: true }).click();
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    await page.getByRole('button', { name: 'Service', exact: true }).click();
    await eventually(() => page.locator('tbody tr').first().textContent()).toContain('web');
    await page.keyboard.press('/');
    await page.keyboard.type('stor');
    await eventually(() => page.locator('tbody tr').count()).toBe(1);
    expect(page.url()).toMatch(/#\/services\?search=stor&sort=-name$/);
    await page.keyboard.press('Escape');
    await eventually(() => page.locator('tbody tr').count()).toBe(4);
    expect(page.url()).not.toContain('search=');
    await page.goto(`${url}#/machines`);
    await eventually(() => page.locator('tbody tr').count()).toBe(4);
    await page.goto(`${url}#/links`);
    await eventually(() => page.locator('tbody tr').count()).toBe(3);
    await page.locator('tbody tr', { hasText: 'gamma' }).click();
    await page.getByRole('complementary', { name: /gamma/ }).getByText('between data centres').waitFor();
  });

  test('do the accounts balance', async () => {
    const page = await open('#/machines?see=beta');
    const machine = page.getByRole('complementary', { name: 'Machine beta' });
    await machine.waitFor();
    const button = page.getByRole('button', { name: 'Do the accounts balance?' });
    await button.press('Enter');
    const panel = page.getByRole('complementary', { name: 'Audit' });
    await eventually(() => panel.getByRole('status').textContent()).toMatch(
      /^\s*Balanced: \d{2,} comparisons on 4 daemons\s*$/,
    );
    expect(await machine.count()).toBe(0);
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    expect(await panel.getByRole('heading').allTextContents()).toEqual(['Do the accounts balance?']);
    // What was told is gone as soon as it is asked again, while messages pass.
    const { web } = clients;
    for (let n = 0; n < 100; n++) web?.send(`store/STORE key=${n}`);
    const told = await panel.locator('.verdict').elementHandle();
    await panel.getByRole('button', { name: 'Ask again' }).press('Enter');
    await eventually(() => told?.evaluate((line) => line.isConnected)).toBe(false);
    await panel.getByText(/^Balanced: \d{2,} comparisons on 4 daemons$/).waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await button.click();
    await row(page, 'gamma').click();
    await page.getByRole('complementary', { name: 'Machine gamma' }).waitFor();
    expect(await panel.count()).toBe(0);
  });

  test('contracts that disagree', async () => {
    const twin = await LineClient.register({ port: cluster.daemon('gamma').port }, 'images', 'PING');
    const page = await open('#/services');
    await eventually(() => row(page, 'images').textContent()).toContain('contracts differ');
    await row(page, 'images').click();
    await page.getByText('gamma does not list RESIZE, other instances do').waitFor();
    await twin.close();
    // There is another instance: it is not gone.
    await eventually(() => row(page, 'images').textContent()).toMatch(/up\s+beta/);
  });

  test('flags', async () => {
    const page = await open('#/flags');
    await page.getByRole('heading', { name: 'No flag is up' }).waitFor();
    const { web } = clients;
    web?.send('FLAG_UP unit=web;section=disk;name=full;message=no room left;priority=80');
    await eventually(() => row(page, 'web/disk/full').textContent()).toMatch(/80.*no room left.*alpha/);
    await eventually(() => health(page).textContent()).toContain('no room left');
    await row(page, 'web/disk/full').click();
    await page.getByRole('button', { name: 'Lower it by hand' }).click();
    await page.getByRole('heading', { name: 'No flag is up' }).waitFor();
    await eventually(() => health(page).textContent()).toMatch(WHOLE);
  });

  test('what would be without something', async () => {
    const page = await open('#/ask');
    await page.getByRole('combobox', { name: 'A machine or a link to do without' }).fill('beta');
    await page.keyboard.press('Enter');
    await page.getByText('The cluster falls into 2 parts.').waitFor();
    await page.getByText('lose gamma').waitFor();
    expect(page.url()).toContain('#/ask?without=beta');
    await page.getByRole('button', { name: 'Simulate the loss' }).click();
    await page.getByText('Simulated with the daemon’s own router').waitFor({ timeout: 60_000 });
  });

  test('a message by hand, and its answer', async () => {
    const { images } = clients;
    const page = await open('#/send');
    await page.getByLabel('To', { exact: true }).fill('images');
    await page.getByLabel('Command').fill('ping');
    await page.getByLabel('Name of parameter 1').fill('n');
    await page.getByLabel('Value of parameter 1').fill('a; b');
    await page.getByText('images/PING cache="no;reply";n="a; b"').waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    const isPing = (line: string): boolean => line.includes('images/PING');
    await images?.until(() => images.lines.some(isPing), 'the message of the console');
    const line = images?.lines.find(isPing) ?? '';
    const [, sender, id] = /^<(\S+) .*correlation_id=(\w+)/.exec(line) ?? [];
    expect(line).toContain('n="a; b"');
    images?.send(`${sender}/PONG n=1;correlation_id=${id}`);
    await page.getByText('beta:images answers PONG n=1').waitFor();
    images?.lines.splice(0);
  });

  test('everywhere by keyboard', async () => {
    const page = await open();
    for (const [keys, name] of [
      ['e', 'messages'],
      ['s', 'services'],
      ['a', 'machines'],
      ['l', 'links'],
      ['f', 'flags'],
      ['w', 'ask'],
      ['p', 'send'],
      ['m', 'map'],
    ] as const) {
      await goTo(page, keys, name);
    }
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor({ state: 'hidden' });
    await goTo(page, 'a', 'machines');
    await eventually(() => page.locator('tbody tr').count()).toBe(4);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await eventually(() => page.evaluate(() => document.activeElement?.textContent)).toContain('beta');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Machine beta' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary', { name: 'Machine beta' }).waitFor({ state: 'detached' });
    const before = await page.locator('html').getAttribute('data-theme');
    await page.keyboard.press('d');
    expect(await page.locator('html').getAttribute('data-theme')).not.toBe(before);
  });

  test.each(PAGES)('the tab key reaches everything of %s', async (name) => {
    const page = await open(`#/${name}`);
    await page.waitForFunction(() => document.querySelector('.skeleton') === null);
    const reached = await page.evaluate(
      () => document.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), [tabindex="0"]').length,
    );
    const found = new Set<string>();
    for (let count = 0; count < reached + 10; count++) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const all = [
          ...document.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), [tabindex="0"]'),
        ];
        return all.indexOf(document.activeElement as Element);
      });
      if (focused >= 0) found.add(`${focused}`);
    }
    expect(found.size).toBeGreaterThanOrEqual(reached);
  });

  test.each(PAGES)('an accessibility checker finds nothing serious in %s, light and dark', async (name) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open(`#/${name}${name === 'machines' ? '?see=beta' : ''}`, { colorScheme });
      await page.waitForFunction(() => document.querySelector('.skeleton') === null);
      expect(await seriousFindings(page)).toEqual([]);
    }
  });

  test('nothing sticks out on a phone', async () => {
    const page = await open('#/map', { viewport: { width: 390, height: 844 } });
    for (const name of PAGES) {
      await page.goto(`${url}#/${name}`);
      await page.waitForFunction(() => document.querySelector('.skeleton') === null);
      // What scrolls by itself may be wider: tables and the row of pages.
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll('.app *')]
          .filter((element) => element.closest('nav, .scroller, svg, .hidden') === null)
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => `${element.tagName} ${element.className}`),
      );
      expect(outside).toEqual([]);
    }
  });

  test('a lost machine is told at once; the moment before is as it was, and one key leads back', async () => {
    const page = await open('#/machines');
    await eventually(() => health(page).textContent()).toMatch(WHOLE);
    const slider = page.getByRole('slider', { name: 'Moment that is shown' });
    // The strip knows some seconds in which all was whole: there must be a moment to go back to.
    const wholeSince = Date.now() / 1000;
    await eventually(async () => Number(await slider.getAttribute('aria-valuenow'))).toBeGreaterThan(wholeSince + 2);
    await cluster.daemon('delta').kill();
    await eventually(() => health(page).textContent()).toMatch(/delta lost .*ago: 1 service unreachable/);
    await eventually(() => row(page, 'delta').textContent()).toContain('lost');
    await slider.focus();
    const moment = Math.ceil(wholeSince) + 1;
    await eventually(async () => {
      await slider.press('ArrowLeft');
      return Number(await slider.getAttribute('aria-valuenow'));
    }).toBeLessThanOrEqual(moment);
    await eventually(() => health(page).textContent()).toMatch(WHOLE);
    await eventually(() => row(page, 'delta').textContent()).toContain('up');
    expect(page.url()).toContain('time=');
    await page.keyboard.press('n');
    await eventually(() => health(page).textContent()).toContain('delta lost');
    expect(page.url()).not.toContain('time=');
    await cluster.startDaemon('delta');
    clients['mail'] = await cluster.join('mail', 'delta', 'SEND');
    await eventually(() => health(page).textContent()).toMatch(WHOLE);
  });

  test('a service that went away is told until it is back, now and at a moment of the past; tools are not', async () => {
    const page = await open('#/services');
    const slider = page.getByRole('slider', { name: 'Moment that is shown' });
    /** A moment some seconds after what was seen, which the history may tell a second late; it has passed. */
    const nextMoment = async (): Promise<string> => {
      const time = Math.ceil(Date.now() / 1000) + 2;
      await eventually(async () => Number(await slider.getAttribute('aria-valuenow'))).toBeGreaterThan(time);
      return new Date(time * 1000).toISOString().replace('.000', '');
    };
    const billing = await cluster.join('billing', 'beta', 'CHARGE');
    await eventually(() => row(page, 'billing').textContent()).toContain('CHARGE');
    const whenThere = await nextMoment();
    await billing.close();
    await eventually(() => row(page, 'billing').textContent()).toMatch(/gone \d+ s ago.*was on beta/);
    await eventually(() => health(page).textContent()).toMatch(/billing is gone since \d\d:\d\d:\d\d/);
    expect((await snapcom(['services'], { to: `sc://127.0.0.1:${cluster.daemon('alpha').port}` })).code).toBe(0);
    const whenGone = await nextMoment();
    expect(await page.locator('tbody tr').count()).toBe(5);
    await row(page, 'billing').click();
    await page.getByText(/^gone \d+ s ago, was on beta$/).waitFor();
    await cluster.join('billing', 'beta', 'CHARGE');
    await eventually(() => row(page, 'billing').textContent()).toMatch(/up\s+beta/);
    await eventually(() => health(page).textContent()).toMatch(/4 machines, 5 services/);
    await nextMoment();
    await page.goto(`${url}#/services?time=${whenGone}`);
    await eventually(() => row(page, 'billing').textContent()).toMatch(/gone \d+ s ago.*was on beta/);
    expect(await health(page).textContent()).toContain('billing is gone since');
    await page.goto(`${url}#/services?time=${whenThere}`);
    await eventually(() => row(page, 'billing').textContent()).toMatch(/up\s+beta/);
    expect(await health(page).textContent()).not.toContain('gone');
  });

  test('the connection is lost: the page says so, greys, and comes back by itself', async () => {
    const page = await open('#/machines');
    await cluster.daemon('alpha').kill();
    await eventually(() => health(page).textContent()).toContain('No connection to the daemon');
    expect(await page.locator('.app.stale').count()).toBe(1);
    expect(await page.locator('tbody tr').count()).toBe(4);
    await cluster.startDaemon('alpha');
    await eventually(() => health(page).textContent()).not.toContain('No connection');
    expect(await page.locator('.app.stale').count()).toBe(0);
  });

  test('no request has left the daemon, and the browser has complained about nothing', () => {
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.flatMap(({ elsewhere }) => elsewhere)).toEqual([]);
    expect(seen.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});
