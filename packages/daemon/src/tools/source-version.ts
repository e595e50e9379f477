// Which version of the code this is, as precisely as can be known: for reports of failures.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../machine/version.ts';

/** The commit of the working copy that this runs from, with `+` when it has changes; else the version of the package. */
export function sourceVersion(): string {
  const directory = fileURLToPath(new URL('.', import.meta.url));
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', directory, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    // Installed below another project's working copy, its commit would say nothing about this code.
    git('ls-files', '--error-unmatch', fileURLToPath(new URL('../../package.json', import.meta.url)));
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${isChanged ? '+' : ''}`;
  } catch {
    return `of version ${VERSION}`;
  }
}
