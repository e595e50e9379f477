// The recorded conversations of the C++ daemon, replayed: what differs must stand in differences.md, and only that.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import { Addresses } from './addresses.ts';
import { readClusterMoments, readWireMoments } from './cluster-record.ts';
import { formatDifference, isAsWritten, isSamePlace, readDifferences } from './differences.ts';
import { Player, type Role } from './player.ts';
import { type Moment, readMoments } from './record.ts';
import { type Difference, replay } from './replay.ts';

interface Recorded {
  readonly transcript: string;
  readonly file: string;
  /** What the daemon is told on its command line. */
  readonly args?: readonly string[];
  readonly secret?: string;
}

/** Records of one machine. */
const RECORDS: readonly Recorded[] = [
  { transcript: '01', file: '01-register-help-commands-ready.txt' },
  { transcript: '02', file: '02-service-to-service.txt' },
  { transcript: '04', file: '04-broadcast.txt', args: ['--hold-size', '0'] }, // it was in no hurry: lines before REGISTER waited their 2 s
  { transcript: '05', file: '05-status-queries.txt' },
  { transcript: '10', file: '10-udp-no-secret.txt' },
  { transcript: '11', file: '11-udp-secret.txt', secret: 's3cret' },
  { transcript: '12', file: '12-json.txt' },
];

interface RecordedRole {
  /** Which daemon ours is; the test plays the others. */
  readonly role: string;
  /** Of the record; as the rows in differences.md begin. */
  readonly transcripts: readonly string[];
  /** Its neighbours, as it was started in the record. */
  readonly neighbors?: string;
  readonly moments: () => Moment[];
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const cluster = (role: string) => (): Moment[] =>
  readClusterMoments(pathOf('20-cluster-services.txt'), pathOf('21-cluster-wire.txt'), role);
const gossip = (role: string) => (): Moment[] => readWireMoments(pathOf('22-gossip.txt'), '22', role);

/** Records of clusters, with our daemon in each place. */
const ROLES: readonly RecordedRole[] = [
  { role: 'n1', transcripts: ['20n1', '21n1'], moments: cluster('n1') },
  { role: 'n2', transcripts: ['20n2', '21n2'], neighbors: '10.77.0.1:4042', moments: cluster('n2') },
  { role: 'n3', transcripts: ['20n3', '21n3'], neighbors: '10.77.0.2:4042', moments: cluster('n3') },
  { role: 'n1', transcripts: ['22n1'], neighbors: '10.77.0.2:4042', moments: gossip('n1') },
  { role: 'n2', transcripts: ['22n2'], moments: gossip('n2') },
  { role: 'n1', transcripts: ['24'], moments: () => readMoments(pathOf('24-fake-remote-in.txt'), '24') },
];

const documented = readDifferences(new URL('differences.md', import.meta.url));

test.each(RECORDS)('$file', async ({ transcript, file, args = [], secret }) => {
  const env: Record<string, string> =
    secret === undefined
      ? {}
      : { SNAPCOMMUNICATORD_SIGNAL_SECRET: secret, SNAPCOMMUNICATORD_ALLOW_BARE_SECRET_CODE: 'true' };
  const daemon = await startDaemon({ args: ['--server-name', 'snap1', ...args], env });
  onTestFinished(() => daemon.kill());
  const player = new Player();
  await player.attach(daemon);
  const rows = documented.filter((row) => row.transcript === transcript);
  compare(await replay(readMoments(pathOf(file), transcript), player, rows), rows, transcript);
});

test.each(ROLES)('$transcripts: ours is $role', async ({ role, transcripts, neighbors = '', moments }) => {
  const services = mkdtempSync(join(tmpdir(), 'snapcom-services-'));
  onTestFinished(() => rmSync(services, { recursive: true, force: true }));
  const number = role.slice(1);
  writeFileSync(join(services, `svc${number}.service`), '');
  // A dialed connection comes from 127.0.0.1 here. Who is to find its own address the smaller one must have that one.
  const isAsking = transcripts.includes('22n1');
  const address = `10.77.0.${number}:4042`;
  const addresses = new Addresses(isAsking ? { [address]: `127.0.0.1:${await freePort()}` } : {});
  const hosts = { n1: '10.77.0.1', n2: '10.77.0.2', n3: '10.77.0.3', peer: '10.77.0.2' };
  const place: Role = { addresses, address, hosts: without(hosts, role) };
  const player = new Player(place);
  const args = ['--server-name', role, '--remote-listen', addresses.actual(address), '--services', services];
  // What comes at its own time is left out: questions whether the others are alive, and dialing again.
  args.push(
    '--alive-interval',
    '1h',
    '--reconnect-min',
    '1h',
    '--reconnect-max',
    '1h',
    '--compat-control',
    '--handshake-timeout',
    '1m',
  );
  if (neighbors !== '') args.push('--neighbors', addresses.actual(neighbors));
  if (transcripts.includes('24')) args.push('--no-gossip'); // it tells of daemons that are not there
  const rows = documented.filter((row) => transcripts.includes(row.transcript));
  let isStarted = false;
  const start = async (): Promise<void> => {
    isStarted = true;
    const daemon = await startDaemon({ args });
    onTestFinished(() => daemon.kill());
    await player.attach(daemon);
  };
  const [first] = moments();
  if (first?.act !== 'listen') await start();
  const happened = await replay(moments(), player, rows, async ({ act, connection }) => {
    const isItsTurn = act === 'listen' && (connection === role || transcripts.includes(`22${role}`));
    if (isItsTurn && !isStarted) await start();
  });
  compare(happened, rows, transcripts.join('-'));
});

test('every row of differences.md belongs to a record that is replayed', () => {
  const replayed = new Set(
    [...RECORDS, ...ROLES.flatMap(({ transcripts }) => transcripts.map((transcript) => ({ transcript })))].map(
      ({ transcript }) => transcript,
    ),
  );
  expect(documented.filter(({ transcript }) => !replayed.has(transcript))).toEqual([]);
});

function compare(happened: readonly Difference[], rows: readonly Difference[], name: string): void {
  const undocumented = happened.filter((one) => !rows.some((row) => isAsWritten(one, row)));
  const gone = rows.filter((row) => !happened.some((one) => isSamePlace(one, row)));
  if (process.env['DIFFERENCES_TO'] !== undefined) {
    writeFileSync(
      join(process.env['DIFFERENCES_TO'], name),
      undocumented.map((one) => `${formatDifference(one)}\n`).join(''),
    );
  }
  expect(undocumented.map(formatDifference), 'differences that are not in differences.md').toEqual([]);
  expect(gone.map(formatDifference), 'rows of differences.md that no longer hold').toEqual([]);
}

function without(hosts: Readonly<Record<string, string>>, role: string): Record<string, string> {
  return Object.fromEntries(Object.entries(hosts).filter(([name]) => name !== role));
}
