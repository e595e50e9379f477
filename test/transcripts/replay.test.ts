// The recorded conversations of the C++ daemon, replayed: what differs must stand in differences.md, and only that.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { formatDifference, isAsWritten, isSamePlace, readDifferences } from './differences.ts';
import { replay } from './replay.ts';

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

const documented = readDifferences(new URL('differences.md', import.meta.url));

test.each(RECORDS)('$file', async ({ transcript, file, args = [], secret }) => {
  const env: Record<string, string> =
    secret === undefined
      ? {}
      : { SNAPCOMMUNICATORD_SIGNAL_SECRET: secret, SNAPCOMMUNICATORD_ALLOW_BARE_SECRET_CODE: 'true' };
  const daemon = await startDaemon({ args: ['--server-name', 'snap1', ...args], env });
  onTestFinished(() => daemon.kill());
  const rows = documented.filter((row) => row.transcript === transcript);
  const happened = await replay(fileURLToPath(new URL(file, import.meta.url)), transcript, daemon, rows);
  const undocumented = happened.filter((one) => !rows.some((row) => isAsWritten(one, row)));
  const gone = rows.filter((row) => !happened.some((one) => isSamePlace(one, row)));
  if (process.env['DIFFERENCES_TO'] !== undefined) {
    writeFileSync(
      join(process.env['DIFFERENCES_TO'], transcript),
      undocumented.map((one) => `${formatDifference(one)}\n`).join(''),
    );
  }
  expect(undocumented.map(formatDifference), 'differences that are not in differences.md').toEqual([]);
  expect(gone.map(formatDifference), 'rows of differences.md that no longer hold').toEqual([]);
});

test('every row of differences.md belongs to a record that is replayed', () => {
  const replayed = new Set(RECORDS.map(({ transcript }) => transcript));
  expect(documented.filter(({ transcript }) => !replayed.has(transcript))).toEqual([]);
});
