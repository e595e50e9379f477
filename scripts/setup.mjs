// Makes a checkout ready to run: installs and builds what is missing or older than its sources, else does nothing.
import { buildIsCurrent, install, installIsOld, workspaces } from './lib.mjs';

if (installIsOld('.', ['package.json', ...workspaces().map((workspace) => `${workspace}/package.json`)])) {
  console.error('Installing what running and testing need …');
  await install();
}

if (!buildIsCurrent()) {
  console.error('Building …');
  const { build } = await import('./build.mjs');
  await build();
}
