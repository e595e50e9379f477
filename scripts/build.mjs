// Builds every package: the inner loop to WebAssembly, TypeScript to dist/, the programs to dist/bundle/, the console's
// page to dist/console/, the reference.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { at, buildFingerprint, fail, filesUnder, modified, noteBuild, root, runInstalled } from './lib.mjs';

const daemon = 'packages/daemon';
const innerLoop = {
  source: `${daemon}/src/switch/assembly/inner-loop.ts`,
  target: `${daemon}/dist/switch/inner-loop.wasm`,
};
const page = {
  directory: 'packages/console',
  /** Whose sources become part of it. */
  sources: ['packages/console/src', 'packages/network/src', 'packages/client/src'],
  manifests: ['index.html', 'package.json', 'svelte.config.js', 'vite.config.ts'],
  target: `${daemon}/dist/console/index.html`,
};

/**
 * What is started or imported by name, and how it is bundled. The daemon and its door share chunks; the tools, which start
 * again for every message of a script, are one file with all that they need: reading one file is what costs them least.
 */
const bundles = [
  {
    entries: ['src/bin/snapcommunicatord.ts', 'src/index.ts'],
    options: {
      splitting: true,
      // What serves the console is loaded when somebody looks.
      external: [
        'lmdb',
        'node-unix-socket',
        'pino',
        'hono',
        '@hono/node-server',
        'ws',
        'prom-client',
        '@opentelemetry/api',
      ],
    },
  },
  {
    entries: ['src/bin/snapcom.ts'],
    options: {
      // Certificates are made once in years: what makes them is not read before.
      external: ['node-unix-socket', '@peculiar/x509', 'reflect-metadata'],
      // Commander is CommonJS, and calls this for modules of Node.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    },
  },
];

export async function build() {
  const fingerprint = buildFingerprint();
  const failures = (await Promise.all([compileInnerLoop(), compileTypeScript()])).filter(Boolean);
  if (failures.length > 0) fail(failures.join('\n'));
  await bundle();
  await generate();
  const pageFailure = await bundlePage();
  if (pageFailure !== '') fail(pageFailure);
  noteBuild(fingerprint);
}

async function compileInnerLoop() {
  const { source, target } = innerLoop;
  if (!existsSync(at(source)) || modified(target) > Math.max(modified(source), modified('scripts/build.mjs')))
    return '';
  mkdirSync(dirname(at(target)), { recursive: true });
  // The arena begins at 64: the loop has no static data, and the host lays out the memory that it imports.
  const flags = '-O3 --noAssert --runtime stub --importMemory --memoryBase 64 --enable simd --enable bulk-memory';
  return compile('assemblyscript/bin/asc.js', [source, '--outFile', target, ...flags.split(' ')]);
}

async function compileTypeScript() {
  return compile('typescript/bin/tsc', ['-b']);
}

/** The page of the console, if something that it is made of has changed. */
async function bundlePage() {
  const { directory, sources, manifests, target } = page;
  const files = sources.flatMap((source) => [...filesUnder(source)]).filter((path) => !path.endsWith('.test.ts'));
  const inputs = [...files, ...manifests.map((name) => `${directory}/${name}`)];
  const newest = inputs.reduce((latest, path) => Math.max(latest, modified(path)), 0);
  if (modified(target) > newest) return '';
  return compile('vite/bin/vite.js', ['build', directory, '--logLevel', 'warn']);
}

/**
 * The programs as few files as possible, since each file read costs start-up time. Everything lies flat in one
 * directory two levels below the package, as src/switch/ does, so that paths relative to a module hold in both.
 */
async function bundle() {
  const { build: esbuild } = await import('esbuild');
  const outdir = at(daemon, 'dist/bundle');
  const written = new Set();
  for (const { entries, options } of bundles) {
    const { metafile } = await esbuild({
      absWorkingDir: root,
      entryPoints: entries.map((entry) => ({ in: `${daemon}/${entry}`, out: basename(entry, '.ts') })),
      outdir,
      chunkNames: '[name]-[hash]',
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      sourcesContent: false,
      metafile: true,
      logLevel: 'warning',
      ...options,
    }).catch(() => fail('The bundle of the programs failed: see the messages above.'));
    for (const path of Object.keys(metafile.outputs)) written.add(basename(path));
  }
  for (const name of readdirSync(outdir)) if (!written.has(name)) rmSync(at(daemon, 'dist/bundle', name));
}

async function generate() {
  const { generateReference } = await import('./generate.mjs');
  for (const path of await generateReference()) console.error(`Wrote ${path}`);
}

/** Runs a compiler; gives an empty text, or a sentence if it failed. */
async function compile(file, args) {
  const { code } = await runInstalled(file, args, { stdio: ['ignore', 2, 2] });
  return code === 0 ? '' : `The build failed in ${file}: see its messages above.`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await build();
