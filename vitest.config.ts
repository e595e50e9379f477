// How the tests run: unit tests beside their sources, end-to-end tests in test/, all against the sources of the packages.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const packages = new URL('./packages/', import.meta.url);

/** `snapcommunicator/wire` → packages/client/src/wire/index.ts: what a test sees is never an older build. */
function sourceAliases() {
  return readdirSync(packages).flatMap((directory) => {
    const { name, exports = {} } = JSON.parse(readFileSync(new URL(`${directory}/package.json`, packages), 'utf8')) as {
      name: string;
      exports?: Record<string, string | { types: string }>;
    };
    return Object.entries(exports).flatMap(([door, target]) => {
      if (typeof target === 'string') return [];
      const source = target.types.replace('./dist/', `${directory}/src/`).replace(/\.d\.ts$/, '.ts');
      const find = new RegExp(`^${name}${door.slice(1)}$`);
      return [{ find, replacement: fileURLToPath(new URL(source, packages)) }];
    });
  });
}

const resolve = { alias: sourceAliases() };

export default defineConfig({
  test: {
    // Two at once, on any machine: an end-to-end test runs several processes of its own.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        resolve,
        test: {
          name: 'end-to-end',
          include: ['test/**/*.test.ts', 'bench/**/*.test.{ts,mjs}'],
          testTimeout: 120_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
