// `npm run check [-- --fix]`: everything that can be said about the sources without running them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { at, install, installIsOld, run, runInstalled } from './lib.mjs';

const fix = process.argv.includes('--fix');
const code = ['packages', 'scripts', 'checks', 'bin', 'test', 'bench', 'examples', 'vitest.config.ts'].filter((path) =>
  existsSync(at(path)),
);
const packages = ['client', 'daemon'].map((name) => `packages/${name}`);

/** Each step gives what to print; an empty text means that all is well. */
const steps = {
  'lock file': lockFile,
  types: () => allOf([node('typescript/bin/tsc', '-b'), node('typescript/bin/tsc', '-p', 'tsconfig.tests.json')]),
  'types of the page': node('svelte-check/bin/svelte-check', '--workspace', 'packages/console', '--fail-on-warnings'),
  lint: check('oxlint', [
    '-c',
    'checks/oxlint.json',
    '--type-aware',
    '--deny-warnings',
    '--ignore-pattern=**/assembly/**',
    ...(fix ? ['--fix'] : []),
    ...code,
  ]),
  formatting: check('biome', fix ? ['check', '--write', '.'] : ['check', '--reporter=summary', '.']),
  'import direction': check('depcruise', ['--config', 'checks/import-direction.cjs', ...everySource()]),
  'dead code': check('knip', ['-c', 'checks/knip.json', '--no-progress', '--no-config-hints']),
  'package shape': () => allOf(packages.flatMap((path) => [publint(path), typesOfPackage(path)])),
  'doc comments': check('typedoc', ['--options', 'checks/typedoc.json']),
  'reference documents': async () => (await import('./generate.mjs')).verifyReference(),
  tidy: async () => (await import('../checks/tidy.mjs')).tidy().join('\n'),
};

const { code: setup } = await run(process.execPath, [at('scripts/setup.mjs')], { stdio: 'inherit' });
if (installIsOld('checks')) await install('checks');

let failed = setup === 0 ? 0 : 1;
for (const [name, step] of Object.entries(steps)) {
  const start = performance.now();
  const output = await Promise.resolve()
    .then(step)
    .catch((error) => String(error.stack));
  if (output !== '') {
    failed++;
    console.log(output.trimEnd());
  }
  console.log(`${output === '' ? 'ok    ' : 'failed'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}
console.log(failed === 0 ? 'All checks passed.' : `${failed} of ${Object.keys(steps).length} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;

function everySource() {
  return ['client', 'network', 'daemon', 'console'].map((name) => `packages/${name}/src`);
}

/** A step that runs a program of checks/. */
function check(program, args) {
  // oxlint looks for its type-aware half on the path.
  const path = `${at('checks/node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: undefined };
  return async () => {
    const { code, output } = await run(at('checks/node_modules/.bin', program), args, { env });
    return code === 0 ? '' : output || `${program} ended with exit code ${code} and said nothing.`;
  };
}

function node(file, ...args) {
  return async () => {
    const { code, output } = await runInstalled(file, args);
    return code === 0 ? '' : output;
  };
}

async function allOf(parts) {
  let output = '';
  for (const part of parts) output += await part();
  return output;
}

function publint(path) {
  return check('publint', ['run', path, '--strict', '--pack', 'npm']);
}

function typesOfPackage(path) {
  return check('attw', ['--pack', path, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']);
}

/** The lock file must be what an install makes of the manifests; another would change under people's hands. */
async function lockFile() {
  const hash = () =>
    createHash('sha256')
      .update(readFileSync(at('package-lock.json')))
      .digest('hex');
  const before = hash();
  await install();
  return hash() === before ? '' : 'npm install changed package-lock.json: look at the difference and commit it.';
}
