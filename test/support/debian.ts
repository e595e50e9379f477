// Programs of Debian that a test needs: installed if this is root's test run, else said to be missing.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** By package, what it is known by. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'nginx-light': '/usr/sbin/nginx',
  logrotate: '/usr/sbin/logrotate',
  curl: '/usr/bin/curl',
  iproute2: '/usr/sbin/ip',
  nftables: '/usr/sbin/nft',
};
const installMsMax = 120_000;

/** Makes sure that these packages are there. @returns why they are not, or an empty text */
export function missingPackages(packages: readonly string[]): string {
  const missing = (): string[] => packages.filter((name) => !existsSync(PROGRAMS[name] ?? `/usr/bin/${name}`));
  const wanted = missing();
  if (wanted.length === 0) return '';
  if (process.getuid?.() !== 0) return `not installed, and only root can: ${wanted.join(', ')}`;
  // RUNLEVEL=1 keeps what is installed from being started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = { env, encoding: 'utf8', timeout: installMsMax } as const;
  const install = (): { stderr?: string } =>
    spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', ...wanted], options);
  install();
  if (missing().length > 0) spawnSync('apt-get', ['update'], options);
  const { stderr = '' } = missing().length > 0 ? install() : {};
  return missing().length === 0 ? '' : `could not be installed: ${missing().join(', ')}. ${stderr}`.trim();
}
