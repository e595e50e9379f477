// Every example does what its README says, command by command, beside a real daemon.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'snapcommunicator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningDaemon, startDaemon, withoutOwnVariables } from '../support/daemon.ts';
import { missingPackages } from '../support/debian.ts';
import { freePort } from '../support/free-port.ts';
import { LineClient } from '../support/line-client.ts';
import { commandEnvironment, makeSites, removeSites } from '../support/site.ts';
import { readSteps, walk } from '../support/walkthrough.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const installMsMax = 180_000;

let daemon: RunningDaemon;
let sites: string;
let address: string;

beforeAll(async () => {
  daemon = await startDaemon();
  address = `sc://127.0.0.1:${daemon.port}`;
  sites = makeSites();
});

afterAll(async () => {
  await removeSites(sites);
  await daemon.stop();
});

/** What a README says that it needs, by the names of Debian's packages. */
function packagesOf(readme: string): string[] {
  const [sentence = ''] = /^Needs the packages [^.:]*/m.exec(readme) ?? [];
  return [...sentence.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

describe('the README of the example', () => {
  for (const { name } of examples) {
    it(`${name}: each command prints what it shows`, { timeout: installMsMax }, async (context) => {
      const readme = readFileSync(join(root, 'examples', name, 'README.md'), 'utf8');
      const missing = missingPackages(packagesOf(readme));
      if (missing !== '') context.skip(missing);
      const port = await freePort();
      const steps = readSteps(readme).map((step) => ({
        ...step,
        command: step.command.replace('PORT=8480', `PORT=${port}`),
      }));
      expect(steps.length, 'commands in its blocks').toBeGreaterThan(2);
      await walk(steps, { directory: root, env: { ...commandEnvironment(address), TMPDIR: sites } });
    });
  }

  it('is in the list, and the list has no others', () => {
    const listed = readFileSync(join(root, 'examples/README.md'), 'utf8').matchAll(/\((\w[\w-]*)\/README\.md\)/g);
    expect([...listed].map(([, name]) => name).sort()).toEqual(examples.map(({ name }) => name).sort());
  });
});

/** A service over a bare socket, on its own. */
interface Bare {
  readonly service: string;
  readonly command: readonly [string, ...string[]];
  readonly program: string;
  readonly list: string;
}

const bares: readonly Bare[] = [
  { service: 'echo_python', command: ['python3'], program: 'python/echo.py', list: 'ALIVE,ECHO,HELP,STOP' },
  { service: 'uptime_shell', command: ['bash'], program: 'shell/uptime.sh', list: 'ALIVE,HELP,STOP,UPTIME' },
];
const started = new Set<ChildProcess>();

function start({ command: [command, ...args], program }: Bare): ChildProcess {
  const child = spawn(command, [...args, join(root, 'examples', program)], {
    env: { ...withoutOwnVariables(process.env), SNAPCOMMUNICATOR: address },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

describe.each(bares)('the bare socket of $service', (bare) => {
  const { service, list } = bare;

  it('keeps to the protocol', async () => {
    // Kept until it has registered: it finds them in the same breath as the answer to its REGISTER.
    const asker = await LineClient.register({ port: daemon.port }, 'asker');
    asker.send(`${service}/HELP correlation_id=a_1`);
    asker.send(`${service}/ALIVE serial=7;timestamp=12.5`);
    await asker.fence();
    const child = start(bare);
    await asker.expect(`<alpha:${service} alpha:asker/COMMANDS correlation_id=a_1;list=${list}`);
    await asker.expect(
      /^<alpha:\w+ alpha:asker\/ABSOLUTELY reply_timestamp=\d{10,}\.\d{1,9};serial=7;timestamp=12\.5$/,
    );
    // A line without a sender has nobody to answer, and does no harm; nor does what it does not understand.
    const passing = await LineClient.connect({ port: daemon.port });
    passing.send(`${service}/ALIVE serial=8`);
    passing.send(`${service}/HELP`);
    await passing.close();
    asker.send(`${service}/WHATEVER text="a;b"`);
    asker.send(`${service}/ALIVE serial=9`);
    await asker.expect(/ABSOLUTELY reply_timestamp=[\d.]+;serial=9$/);
    const ended = once(child, 'exit');
    asker.send(`${service}/STOP`);
    expect(await ended).toEqual([0, null]);
    await asker.close();
  });
});

/** Each must be written with care, and read with as much. */
const values = ['', ' ', 'a', ' a ', '"', '"a"', 'a"', '\\', 'a\\', '\\n', '\n\r', '\t', 'a;b', 'a;b\\', '";=\\"'];

it('Python gives back every value as it was', async () => {
  const child = start(bares[0] as Bare);
  const bus = await connect({ address });
  for (const text of [...values, 'ü€𝄞\u2028', 'x'.repeat(200_000)]) {
    const options = { cache: { ttl: '10s' }, timeout: 15_000 };
    const answer = await bus.request('echo_python', 'ECHO', { text }, options);
    expect(answer.parameters['text']).toBe(text);
  }
  const ended = once(child, 'exit');
  await bus.message('STOP').to('echo_python').send();
  expect(await ended).toEqual([0, null]);
  await bus.close();
});
