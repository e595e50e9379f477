// What the figures were measured on: the machine, the programs, the commit.
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

import { ROOT } from './places.mjs';
import { versionOf } from './processes.mjs';

export function describeMachine() {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    nats: versionOf('nats-server'),
    redis: versionOf('redis-server'),
    mosquitto: versionOf('mosquitto', ['-h']),
    commit: commit(),
  };
}

/** The commit that was measured, with a plus when there were changes beside it that are not in it. */
export function commit() {
  try {
    const git = (...flags) =>
      execFileSync('git', flags, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'packages', 'bin').trim() !== '';
    return git('rev-parse', '--short', 'HEAD').trim() + (changed ? '+' : '');
  } catch {
    return 'unknown';
  }
}
