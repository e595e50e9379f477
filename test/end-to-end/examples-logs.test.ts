// The services that live with logs, while their logs are rotated under load: no line is lost, doubled or out of order.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Communicator, connect } from 'snapcommunicator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LogFollower } from '../../examples/access-log/log-follower.mjs';
import { type RunningDaemon, startDaemon, withoutOwnVariables } from '../support/daemon.ts';
import { missingPackages } from '../support/debian.ts';
import { makeSites, removeSites, type Site, startSite } from '../support/site.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const installMsMax = 180_000;
const waitMsMax = 20_000;
const notesMax = 100_000;

describe('a log follower', () => {
  let directory: string;
  let path: string;
  let lines: string[];
  let follower: LogFollower;
  let moves: number;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'snapcom-follower-'));
    path = join(directory, 'a.log');
    lines = [];
    moves = 0;
    follower = new LogFollower(path, (line: string) => void lines.push(line));
  });

  afterEach(async () => {
    await follower.close();
    rmSync(directory, { recursive: true });
  });

  /** What logrotate does, the greatest number first. */
  function rename(): void {
    for (let number = moves++; number > 0; number--) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
    renameSync(path, `${path}.1`);
  }

  it('waits for a file that is not there yet, and for the end of a line', async () => {
    await follower.read();
    writeFileSync(path, 'one\ntw');
    await follower.read();
    expect(lines).toEqual(['one']);
    appendFileSync(path, 'o\n\nthree\n');
    await follower.read();
    expect(lines).toEqual(['one', 'two', '', 'three']);
  });

  it('reads a renamed file to its end, also what is written into it later', async () => {
    writeFileSync(path, '1\n');
    await follower.read();
    appendFileSync(path, '2\n');
    rename();
    await follower.read();
    appendFileSync(`${path}.1`, '3\n');
    writeFileSync(path, '4\n');
    await follower.read();
    expect(lines).toEqual(['1', '2', '3', '4']);
    appendFileSync(`${path}.1`, '5\n');
    appendFileSync(path, '6\n');
    await follower.read();
    expect(lines).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('finds the files that came and were renamed while nobody looked', async () => {
    writeFileSync(path, '1\n');
    await follower.read();
    for (const text of ['2\n', '3\n', '4\n', '5\n', '6\n']) {
      rename();
      writeFileSync(path, text);
    }
    await Promise.all([follower.read(), follower.read(), follower.read()]);
    expect(lines).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(follower.files).toBe(6);
  });

  it('takes the present file alone when the last one is gone', async () => {
    writeFileSync(path, '1\n');
    await follower.read();
    rename();
    rmSync(`${path}.1`);
    moves = 0;
    writeFileSync(path, '2\n');
    await follower.read();
    expect(lines).toEqual(['1', '2']);
  });

  it('cuts a line that is longer than its limit, and goes on behind it', async () => {
    writeFileSync(path, `${'x'.repeat(500_000)}\nshort\n`);
    await follower.read();
    expect(lines.map(({ length }) => length)).toEqual([64 * 1024, 5]);
  });

  it('hands over the next line when the last one is done with', async () => {
    let atWork = 0;
    let most = 0;
    const slow = new LogFollower(path, async () => {
      most = Math.max(most, ++atWork);
      await new Promise((resolve) => setImmediate(resolve));
      atWork--;
    });
    writeFileSync(path, 'line\n'.repeat(100));
    await Promise.all([slow.read(), slow.read()]);
    expect(most).toBe(1);
    await slow.close();
  });
});

/** Lets the event loop turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const missing = missingPackages(['nginx-light', 'logrotate']);

describe.skipIf(missing !== '')(`rotations under load${missing && ` (skipped: ${missing})`}`, () => {
  let daemon: RunningDaemon;
  let address: string;
  let sites: string;
  let site: Site;
  let bus: Communicator;
  const services = new Set<ChildProcess>();

  beforeAll(async () => {
    daemon = await startDaemon();
    address = `sc://127.0.0.1:${daemon.port}`;
    sites = makeSites();
    site = await startSite(sites, address);
  }, installMsMax);

  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await bus.close();
    await removeSites(sites);
    await daemon.stop();
  });

  /** Starts the service of an example; it answers REPORT once it is ready. */
  async function start(service: string, file: string, log: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(examples, file), join(site.directory, log)], {
      env: { ...withoutOwnVariables(process.env), SNAPCOMMUNICATOR: address },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    services.add(child);
    child.once('exit', () => services.delete(child));
    await bus.request(service, 'REPORT', {}, { cache: { ttl: '20s' }, timeout: waitMsMax });
    return child;
  }

  async function stop(service: string, child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    await bus.message('STOP').to(service).send();
    expect(await ended).toEqual([0, null]);
  }

  it('each of 1,000 requests becomes one message, in three rotations', async () => {
    bus = await connect({ service: 'collector', address });
    const visits: string[] = [];
    bus.on('VISIT', ({ parameters }) => void visits.push(parameters['uri'] ?? ''));
    const child = await start('access_log', 'access-log/access-log.mjs', 'access.log');
    let rotation = Promise.resolve();
    for (let page = 0; page < 1000; page++) {
      // The one before has ended; this one goes on while the next pages are fetched.
      if (page === 200 || page === 500 || page === 800) {
        await rotation;
        rotation = site.rotate();
      }
      const answer = await fetch(`${site.url}/page/${page}`);
      expect(await answer.text()).toBe(`This is /page/${page}\n`);
    }
    await rotation;
    // nginx writes its line after the page has been sent.
    const deadline = Date.now() + waitMsMax;
    while (site.filesOf('access.log').flat().length < 1000 && Date.now() < deadline) await turn();
    const report = await bus.request('access_log', 'REPORT');
    expect(report.parameters).toMatchObject({ files: '4', visits: '1000', unreadable: '0' });
    expect(visits.sort()).toEqual(Array.from({ length: 1000 }, (_, page) => `/page/${page}`).sort());
    await stop('access_log', child);
    await bus.close();
  });

  it('a service goes on in its new log, while notes keep coming', async () => {
    bus = await connect({ address });
    const child = await start('journal', 'log-rotation/journal.mjs', 'journal.log');
    const { length: before } = site.filesOf('journal.log');
    let sent = 0;
    /** The first note that was sent when a rotation was over: it is in a newer file than those before the rotation. */
    const firsts: number[] = [];
    const rotations = (async () => {
      while (firsts.length < 3) {
        await site.rotate();
        firsts.push(sent);
      }
    })();
    while (firsts.length < 3 && sent < notesMax) {
      for (let count = 0; count < 50; count++) await bus.message('NOTE').to('journal').param('text', sent++).send();
      // No further ahead of the service than this, so that notes come at every moment of a rotation.
      await bus.request('journal', 'REPORT');
    }
    await rotations;
    await bus.message('NOTE').to('journal').param('text', sent++).send();
    const report = await bus.request('journal', 'REPORT');
    expect(report.parameters['notes']).toBe(String(sent));
    const notes = site.filesOf('journal.log').map((lines) => lines.map((line) => Number(line.split(' ')[1])));
    expect(notes.length).toBe(before + 3);
    expect(notes.flat()).toEqual(Array.from({ length: sent }, (_, note) => note));
    for (const [rotation, first] of firsts.entries()) {
      expect(notes.findIndex((file) => file.includes(first))).toBeGreaterThan(rotation);
    }
    await stop('journal', child);
  });
});
