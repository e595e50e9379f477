// A directory for the web server of the examples, and that web server: set up, rotated and stopped as they do it.

import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { programPath, withoutOwnVariables } from './daemon.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const prepare = fileURLToPath(new URL('../../examples/log-rotation/prepare.sh', import.meta.url));
const stopMsMax = 5000;
const lookMs = 10;

/** A directory for temporary files into which the workers of an nginx that root started may look. */
export function makeSites(): string {
  const sites = mkdtempSync(join(tmpdir(), 'snapcom-sites-'));
  chmodSync(sites, 0o755);
  return sites;
}

/** Stops every web server whose files lie in such a directory, and removes it. */
export async function removeSites(sites: string): Promise<void> {
  for (const name of readdirSync(sites)) await stopNginx(join(sites, name, 'nginx.pid'));
  rmSync(sites, { recursive: true, force: true });
}

/** The environment of commands that find `snapcom` and the daemon at this address. */
export const commandEnvironment = (address: string): Record<string, string> => ({
  PATH: [dirname(programPath('snapcom')), dirname(process.execPath), process.env['PATH']].join(delimiter),
  SNAPCOMMUNICATOR: address,
});

export interface Site {
  readonly directory: string;
  /** Of the web server: `http://127.0.0.1:port`. */
  readonly url: string;
  /** Rotates every log, by force. */
  rotate(): Promise<void>;
  /** The lines of a log, by file: what it was before its rotations, the oldest first, and what it is. */
  filesOf(log: string): string[][];
}

/**
 * Starts nginx with its files in `sites`.
 * @param address of the daemon that logrotate's scripts speak to
 * @param prefix what a command begins with to run on another machine, as `Network.inside` says it
 */
export async function startSite(sites: string, address: string, prefix: readonly string[] = []): Promise<Site> {
  const directory = mkdtempSync(join(sites, 'site-'));
  const port = await freePort();
  await run(prepare, [directory, String(port)]);
  const inside = async (command: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> => {
    const [program = '', ...args] = [...prefix, ...command];
    await run(program, args, env === undefined ? {} : { env });
  };
  await inside(['/usr/sbin/nginx', '-p', directory, '-c', 'nginx.conf', '-e', 'error.log']);
  const env = { ...withoutOwnVariables(process.env), ...commandEnvironment(address) };
  const flags = ['--state', join(directory, 'logrotate.state'), '--force', join(directory, 'logrotate.conf')];
  return {
    directory,
    url: `http://127.0.0.1:${port}`,
    rotate: () => inside(['/usr/sbin/logrotate', ...flags], env),
    filesOf: (log) =>
      readdirSync(directory)
        .filter((name) => name === log || name.startsWith(`${log}.`))
        .sort((a, b) => b.localeCompare(a))
        .map((name) => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1)),
  };
}

async function stopNginx(pidFile: string): Promise<void> {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
  if (pid === 0) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + stopMsMax;
  // It removes the file as the last thing that it does.
  while (existsSync(pidFile) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, lookMs));
}
