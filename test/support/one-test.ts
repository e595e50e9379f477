// What lives as long as one test: a daemon, a directory.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type DaemonOptions, type RunningDaemon, startDaemon } from './daemon.ts';

/** A daemon that is killed when the test is over. */
export async function startForTest(options: DaemonOptions = {}): Promise<RunningDaemon> {
  const daemon = await startDaemon(options);
  onTestFinished(() => daemon.kill());
  return daemon;
}

/** An empty directory that is removed when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'snapcom-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
