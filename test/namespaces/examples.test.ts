// The services that live with logs, spread over the machines of a cluster: a real web server whose log is rotated, while
// the daemon between sender and receiver is killed and comes back; no line is lost, doubled or out of order.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Communicator, connect } from 'snapcommunicator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withoutOwnVariables } from '../support/daemon.ts';
import { missingPackages } from '../support/debian.ts';
import { Cluster, stopClusters } from '../support/namespaces/cluster.ts';
import { missingForNamespaces } from '../support/namespaces/namespaces.ts';
import { makeSites, removeSites, type Site, startSite } from '../support/site.ts';
import { OFFICE } from './topologies.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const waitMsMax = 30_000;
const exampleMsMax = 120_000;
const notesPerTurn = 50;
const notesMax = 100_000;
const visitsInAll = 1000;

const missing = missingForNamespaces() || missingPackages(['nginx-light', 'logrotate', 'curl']);

describe.skipIf(missing !== '')(`logs across machines${missing && ` (skipped: ${missing})`}`, () => {
  let cluster: Cluster;
  let sites: string;
  let site: Site;
  const services = new Set<ChildProcess>();
  const observers = new Set<Communicator>();

  const addressOf = (machine: string): string => `sc://${cluster.addressOf(machine)}`;

  beforeAll(async () => {
    cluster = await Cluster.start(OFFICE);
    sites = makeSites();
    site = await startSite(sites, addressOf('web'), cluster.network.inside('web'));
  }, exampleMsMax);

  afterEach(async () => {
    for (const observer of observers) await observer.close();
    observers.clear();
  });

  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await removeSites(sites);
    await stopClusters();
  });

  /** Somebody on this machine. */
  async function observe(machine: string): Promise<Communicator> {
    const observer = await connect({ address: addressOf(machine) });
    observers.add(observer);
    return observer;
  }

  /** Runs the service of an example on a machine; it answers REPORT, asked from the machine of `asking`, once it is ready. */
  async function start(machine: string, asking: Communicator, file: string, ...args: string[]): Promise<ChildProcess> {
    const [program = '', ...words] = [
      ...cluster.network.inside(machine),
      process.execPath,
      join(examples, file),
      ...args,
    ];
    const env = { ...withoutOwnVariables(process.env), SNAPCOMMUNICATOR: addressOf(machine) };
    const child = spawn(program, words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    services.add(child);
    child.once('exit', () => services.delete(child));
    const service = file.slice(file.indexOf('/') + 1, -'.mjs'.length).replace('-', '_');
    await asking.request(service, 'REPORT', {}, { cache: { ttl: '30s' }, timeout: waitMsMax });
    return child;
  }

  async function stop(asking: Communicator, service: string, child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    await asking.message('STOP').to(service).send();
    expect(await ended).toEqual([0, null]);
  }

  it(
    'each of 1,000 requests on one machine becomes one visit on another, in three rotations',
    async () => {
      const web = await observe('web');
      const office = await observe('office');
      const collector = await start('office', web, 'access-log/collector.mjs');
      const accessLog = await start('web', office, 'access-log/access-log.mjs', join(site.directory, 'access.log'));
      const fetchPages = (first: number, last: number): Promise<string> =>
        cluster.network.run('web', ['curl', '--silent', '--fail', `${site.url}/page/[${first}-${last}]`]);
      await fetchPages(1, 200);
      await Promise.all([fetchPages(201, 500), site.rotate()]);
      await Promise.all([fetchPages(501, 800), site.rotate(), cluster.kill('hub')]);
      await Promise.all([fetchPages(801, visitsInAll), site.rotate(), cluster.revive('hub')]);
      const asked = { at_least: visitsInAll };
      const report = await office.request('collector', 'REPORT', asked, { timeout: waitMsMax });
      expect(report.parameters).toMatchObject({ visits: String(visitsInAll), uris: String(visitsInAll) });
      const sent = await office.request('access_log', 'REPORT', {}, { timeout: waitMsMax });
      expect(sent.parameters).toMatchObject({ files: '4', visits: String(visitsInAll), unreadable: '0' });
      await stop(office, 'access_log', accessLog);
      await stop(web, 'collector', collector);
    },
    exampleMsMax,
  );

  it(
    'a service goes on in its new log, while notes keep coming from another machine',
    async () => {
      const office = await observe('office');
      const journal = await start('web', office, 'log-rotation/journal.mjs', join(site.directory, 'journal.log'));
      const { length: before } = site.filesOf('journal.log');
      let sent = 0;
      let rotations = 0;
      const rotating = (async () => {
        for (; rotations < 3; rotations++) {
          await site.rotate();
          if (rotations === 1) {
            await cluster.kill('hub');
            await cluster.revive('hub');
          }
        }
      })();
      while (rotations < 3 && sent < notesMax) {
        for (let count = 0; count < notesPerTurn; count++) {
          await office.message('NOTE').to('journal').param('text', sent++).send();
        }
        await office.request('journal', 'REPORT', {}, { timeout: waitMsMax });
      }
      await rotating;
      const report = await office.request('journal', 'REPORT', {}, { timeout: waitMsMax });
      expect(report.parameters['notes']).toBe(String(sent));
      const files = site.filesOf('journal.log');
      expect(files.length).toBe(before + 3);
      const notes = files.flat().map((line) => Number(line.split(' ')[1]));
      expect(notes).toEqual(Array.from({ length: sent }, (_, note) => note));
      await stop(office, 'journal', journal);
    },
    exampleMsMax,
  );
});
