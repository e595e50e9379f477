// A real browser for tests of the console: Debian's Chromium, with what every page must keep to written down meanwhile.

import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { missingPackages } from './debian.ts';

/** What a visit has shown that no page may do. */
export interface Offences {
  /** Requests to anybody but the daemon. */
  readonly elsewhere: string[];
  /** What the browser complained about: the content security policy, errors of the page. */
  readonly complaints: string[];
}

export interface Visit {
  readonly page: Page;
  readonly offences: Offences;
  close(): Promise<void>;
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Why there is no browser; empty if there is one. */
export const browserMissing = (): string => missingPackages(['chromium']);

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });

/** A page in a context of its own. A connection that is refused while the daemon is down is no offence. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const { host } = new URL(url);
  const offences: Offences = { elsewhere: [], complaints: [] };
  const look = (asked: string): void => {
    const target = new URL(asked);
    if (target.host !== host && target.protocol !== 'data:' && target.protocol !== 'blob:')
      offences.elsewhere.push(asked);
  };
  page.on('request', (request) => look(request.url()));
  page.on('websocket', (socket) => look(socket.url()));
  page.on('pageerror', (error) => offences.complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    const isWeighty = message.type() === 'error' || message.type() === 'warning';
    if (isWeighty && !message.text().includes('ERR_CONNECTION_REFUSED')) offences.complaints.push(message.text());
  });
  await page.goto(url);
  return { page, offences, close: () => context.close() };
}

const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What an accessibility checker finds serious or critical, a line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // The policy of the page keeps scripts of others out; what is evaluated by the driver is not of the page.
  if (!(await page.evaluate(() => 'axe' in window))) {
    const { readFileSync } = await import('node:fs');
    await page.evaluate(readFileSync(axeSource, 'utf8'));
  }
  return page.evaluate(async () => {
    interface Finding {
      readonly id: string;
      readonly impact?: string | null;
      readonly help: string;
      readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
    }
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ passes: readonly unknown[]; violations: readonly Finding[] }> };
    };
    const { passes, violations } = await axe.run();
    if (passes.length < 10) throw new Error(`the checker has looked at next to nothing: ${passes.length} rules passed`);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, help, nodes }) =>
          `${id}: ${help}: ${nodes.map((node) => `${node.target.join(' ')} (${node.failureSummary ?? ''})`).join('; ')}`,
      );
  });
}
