// How the page is built: into the daemon's dist, against the sources of the packages that it imports.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const source = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Compressed once here, so that no daemon has to do it for each page. */
const precompress = (): Plugin => ({
  name: 'precompress',
  apply: 'build',
  writeBundle: ({ dir = '' }) => {
    for (const path of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(html|js|css|svg)$/.test(path)) continue;
      const bytes = readFileSync(join(dir, path));
      writeFileSync(join(dir, `${path}.br`), brotliCompressSync(bytes));
      writeFileSync(join(dir, `${path}.gz`), gzipSync(bytes, { level: 9 }));
    }
  },
});

export default defineConfig({
  plugins: [svelte(), precompress()],
  // Relative, so that the page also works behind a proxy that serves it under a path.
  base: './',
  resolve: {
    alias: [
      { find: /^@snapcommunicator\/network\/router$/, replacement: source('network/src/router/router.ts') },
      { find: /^@snapcommunicator\/network\/filter$/, replacement: source('network/src/filter/filter.ts') },
      { find: /^@snapcommunicator\/network\/(\w+)$/, replacement: `${source('network/src')}/$1/index.ts` },
      { find: /^snapcommunicator\/(\w+)$/, replacement: `${source('client/src')}/$1/index.ts` },
    ],
  },
  build: {
    outDir: source('daemon/dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    // Every browser that runs the page preloads modules by itself.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
