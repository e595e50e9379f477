// `npm run demo`: seven machines in two data centres, services that talk, something that fails and recovers, a clean end.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGraph } from '@snapcommunicator/network/atlas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/cluster.ts';
import { snapcom } from '../support/snapcom.ts';

const program = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));
const directory = join(mkdtempSync(join(tmpdir(), 'snapcom-demo-')), 'demo');

interface Demo {
  readonly child: ChildProcess;
  text(): string;
  readonly ended: Promise<number | null>;
}

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [program, '--directory', directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  return { child, text: () => said, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** Processes whose command line names the directory of the demo. */
function processesOfDemo(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(directory));
}

async function untilSaid(demo: Demo, text: string | RegExp): Promise<void> {
  const ended = demo.ended.then(() => true);
  const deadline = Date.now() + 90_000;
  while (!demo.text().match(text)) {
    const isOver = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    if (isOver === true || Date.now() > deadline) throw new Error(`the demo does not say ${text}:\n${demo.text()}`);
  }
}

const ask = async (...words: string[]) => {
  const { stdout } = await snapcom([...words, '--json'], { to: `sc://${directory}/web1/c.sock` });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

let demo: Demo;

beforeAll(async () => {
  demo = startDemo('--every', '3', '--visits', '2');
  await untilSaid(demo, 'It ends with Ctrl-C');
}, 100_000);

afterAll(async () => {
  demo.child.kill('SIGTERM');
  await demo.ended;
  rmSync(join(directory, '..'), { recursive: true, force: true });
}, 60_000);

describe('npm run demo', () => {
  it('has seven machines in two data centres, with a dozen services, and TLS between the data centres', async () => {
    const reading = readGraph(JSON.stringify((await ask('map', '--format', 'json'))[0]));
    if ('problem' in reading) throw new Error(reading.problem);
    const { servers, dataCenters, links } = reading.graph;
    expect(servers.map(({ name }) => name).sort()).toEqual(
      ['db1', 'db2', 'mail1', 'media1', 'web1', 'web2', 'web3'].sort(),
    );
    expect(dataCenters.map(({ name }) => name).sort()).toEqual(['east', 'west']);
    const services = new Set(servers.flatMap((server) => server.services.map(({ name }) => name)));
    expect(services.size).toBeGreaterThanOrEqual(12);
    expect(links.some(({ isSecure }) => isSecure)).toBe(true);
  });

  it('has a console, at the address that it prints', async () => {
    const [address = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(demo.text()) ?? [];
    const answer = await fetch(address);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/html');
  });

  it('has traffic that flows', async () => {
    const accepted = async (): Promise<number> => {
      const [status] = await ask('status');
      return (status?.['daemon'] as { accepted?: number } | undefined)?.accepted ?? 0;
    };
    const before = await accepted();
    await until('20 messages more', async () => (await accepted()) >= before + 20);
  });

  it('lets something fail, and mends it, again and again', async () => {
    await untilSaid(demo, /is cut\n[^]*mended; [\d,]+ visits/);
    await untilSaid(demo, /a flag is raised\n[^]*mended; /);
    await untilSaid(demo, /media1 loses its power\n[^]*mended; /);
    await untilSaid(demo, /billing, [^\n]* goes away\n[^]*mended; /);
    await until('all machines are there again', async () => {
      const servers = await ask('servers');
      return servers.filter(({ status }) => status === 'up').length === 7;
    });
  }, 120_000);

  it('refuses to be started twice in one directory', async () => {
    const second = startDemo();
    expect(await second.ended).toBe(1);
    expect(second.text()).toContain('runs in');
  });

  it('ends at SIGINT without a process left', async () => {
    expect(processesOfDemo().length).toBeGreaterThanOrEqual(8);
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(processesOfDemo()).toEqual([]);
    expect(demo.text()).not.toMatch(/Error|ended with/);
  }, 60_000);

  it('ends by itself, if it is told when', async () => {
    const short = startDemo('--seconds', '1', '--every', '0');
    expect(await short.ended).toBe(0);
    expect(processesOfDemo()).toEqual([]);
  }, 120_000);

  it('removes nobody else’s files', async () => {
    const other = mkdtempSync(join(tmpdir(), 'snapcom-demo-not-'));
    writeFileSync(join(other, 'precious'), 'yes');
    const wrong = startDemo('--directory', other);
    expect(await wrong.ended).toBe(1);
    expect(readFileSync(join(other, 'precious'), 'utf8')).toBe('yes');
    rmSync(other, { recursive: true });
  });
});
