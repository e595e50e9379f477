// Runs every test, or those whose file matches a filter; the last line is "N passed, N failed".
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, runInstalled } from './lib.mjs';

const directory = mkdtempSync(join(tmpdir(), 'snapcommunicator-test-'));
const countsFile = join(directory, 'counts.json');
try {
  const args = ['run', '--passWithNoTests', '--reporter=default', `--reporter=${at('scripts/test-reporter.mjs')}`];
  // Left to itself vitest writes colours into log files.
  if (!process.stdout.isTTY) args.push('--no-color');
  const { code } = await runInstalled('vitest/vitest.mjs', [...args, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, TEST_COUNTS_FILE: countsFile },
  });
  // Without counts vitest itself broke down, which must not look like a run without failures.
  const noCounts = { passed: 0, failed: 1, skipped: [] };
  const counts = existsSync(countsFile) ? JSON.parse(readFileSync(countsFile, 'utf8')) : noCounts;
  // vitest may fail for reasons that belong to no test; the last line must not hide that.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  for (const { name, reason } of counts.skipped) console.log(`skipped: ${name}: ${reason}`);
  const nothingRan = counts.passed + counts.failed === 0;
  if (nothingRan) console.error('No test ran.');
  process.exitCode = counts.failed > 0 || nothingRan ? 1 : 0;
  const skipped = counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
} finally {
  rmSync(directory, { recursive: true });
}
