// Makes a checkout ready to run: installs and builds what is missing or older than its sources, else does nothing.
import { utimesSync } from 'node:fs';
import { at, buildIsCurrent, install, installIsOld, workspaces } from './lib.mjs';

if (installIsOld('.', ['package.json', ...workspaces().map((workspace) => `${workspace}/package.json`)])) {
  console.error('Installing what running and testing need …');
  await install();
  // npm leaves this file alone when nothing had to change; we look at its time to know that we have been here.
  utimesSync(at('node_modules/.package-lock.json'), new Date(), new Date());
}

if (!buildIsCurrent()) {
  console.error('Building …');
  const { build } = await import('./build.mjs');
  await build();
}
