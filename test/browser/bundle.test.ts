// How large the console's page is, and that it asks for nothing but its own files.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';

const page = fileURLToPath(new URL('../../packages/daemon/dist/console/', import.meta.url));
const bytesMax = 150_000;
/** What is there before anything but the first picture is wanted. */
const firstBytesMax = 110_000;

const files = readdirSync(page, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /\.(html|js|css|svg)$/.test(path),
);
const compressed = new Map(files.map((path) => [path, brotliCompressSync(readFileSync(join(page, path)))]));
const bytesOf = (paths: readonly string[]): number =>
  paths.reduce((sum, path) => sum + (compressed.get(path)?.length ?? 0), 0);

test('all of it is under 150 kB compressed', () => {
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(bytesOf(files)).toBeLessThan(bytesMax);
});

test('the simulator and the audit are not loaded with the page', () => {
  const html = readFileSync(join(page, 'index.html'), 'utf8');
  const first = files.filter((path) => path === 'index.html' || html.includes(path));
  expect(files.filter((path) => /worker|auditing/.test(path))).toHaveLength(2);
  expect(first.filter((path) => /worker|auditing/.test(path))).toEqual([]);
  expect(bytesOf(first)).toBeLessThan(firstBytesMax);
});

test('what the daemon serves compressed is the same', () => {
  for (const [path, bytes] of compressed) expect(readFileSync(join(page, `${path}.br`)).equals(bytes)).toBe(true);
});

test('nothing is named that lies elsewhere, and nothing is written into the page itself', () => {
  const html = readFileSync(join(page, 'index.html'), 'utf8');
  expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(html).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\bstyle="/);
  const styles = files.filter((path) => path.endsWith('.css')).map((path) => readFileSync(join(page, path), 'utf8'));
  for (const style of styles) expect(style).not.toMatch(/@import|url\((?!['"]?(?:data:|#))/);
});
