// What the scripts share: paths of the checkout, running programs, walking and comparing source files.
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Makes an absolute path of one that is relative to the checkout. */
export function at(...parts) {
  return join(root, ...parts);
}

/** The workspaces, as paths relative to the checkout: `packages/client`, … */
export function workspaces() {
  return readdirSync(at('packages'))
    .map((name) => `packages/${name}`)
    .filter((path) => existsSync(at(path, 'package.json')));
}

/** Every file under a directory of the checkout, sorted, without what was installed or built. */
export function* filesUnder(directory) {
  if (!existsSync(at(directory))) return;
  const entries = readdirSync(at(directory), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${directory}/${entry.name}`;
    if (entry.isFile()) yield path;
    else if (entry.isDirectory() && !/^(node_modules|dist|\.work)$/.test(entry.name)) yield* filesUnder(path);
  }
}

export function modified(path) {
  return statSync(at(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Runs a program and gives its exit code (1 if a signal ended it) and, unless it inherits ours, what it printed on
 * both outputs. `stdio: 'inherit'` lets it print directly.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs the program of an installed package, by its file: no shell, no search, the same Node. */
export function runInstalled(file, args, options) {
  return run(process.execPath, [at('node_modules', file), ...args], options);
}

/** Runs `npm install` in a directory of the checkout; one that fails ends the script. */
export async function install(directory = '.') {
  const { code } = await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: at(directory),
    stdio: ['ignore', 2, 2],
  });
  if (code !== 0) fail(`npm install failed in ${at(directory)}: see its messages above.`);
  // npm leaves this file alone when nothing had to change; its time tells installIsOld() that we have been here.
  utimesSync(at(directory, 'node_modules/.package-lock.json'), new Date(), new Date());
}

/** Whether what is installed is older than the lock file or one of the manifests. */
export function installIsOld(directory = '.', manifests = [`${directory}/package.json`]) {
  const installed = modified(`${directory}/node_modules/.package-lock.json`);
  return installed === 0 || [`${directory}/package-lock.json`, ...manifests].some((path) => modified(path) > installed);
}

/** Ends the script with a sentence. */
export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

const buildStamp = 'node_modules/.cache/snapcommunicator/build';

/** Everything that the build reads. */
function* buildInputs() {
  yield* ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json', 'scripts/build.mjs', 'scripts/generate.mjs'];
  for (const workspace of workspaces()) {
    yield* [`${workspace}/package.json`, `${workspace}/tsconfig.json`];
    if (workspace === 'packages/console') yield* ['index.html', 'vite.config.ts'].map((name) => `${workspace}/${name}`);
    for (const path of filesUnder(`${workspace}/src`)) if (!path.endsWith('.test.ts')) yield path;
  }
}

/** One word that changes whenever a file that the build reads is added, removed or written. */
export function buildFingerprint() {
  const hash = createHash('sha256');
  for (const path of buildInputs()) {
    const stat = statSync(at(path), { throwIfNoEntry: false });
    hash.update(`${path} ${stat?.mtimeMs} ${stat?.size}\n`);
  }
  return hash.digest('hex');
}

/** Whether the last build was of the sources as they are, and its result is still there. */
export function buildIsCurrent() {
  // The page of the console is no package that others compile against: it lies in the daemon's dist.
  const results = workspaces().map((workspace) =>
    workspace === 'packages/console' ? 'packages/daemon/dist/console/index.html' : `${workspace}/dist/.tsbuildinfo`,
  );
  return (
    [...results, buildStamp].every((path) => existsSync(at(path))) &&
    readFileSync(at(buildStamp), 'utf8') === buildFingerprint()
  );
}

/** Notes that the sources with this fingerprint are built. */
export function noteBuild(fingerprint) {
  mkdirSync(dirname(at(buildStamp)), { recursive: true });
  writeFileSync(at(buildStamp), fingerprint);
}
