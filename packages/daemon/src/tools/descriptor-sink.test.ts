// The sink of standard output: everything has been written when it returns, and a reader that is gone is told of.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DescriptorSink } from './descriptor-sink.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'snapcom-sink-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('has written all of a text when it returns', () => {
  const path = join(directory, 'file');
  const descriptor = openSync(path, 'w');
  const sink = new DescriptorSink(descriptor, () => expect.unreachable());
  const text = `ü→${'x'.repeat(3_000_000)}\n`;
  sink.write(text);
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(sink.isTTY).toBe(false);
  closeSync(descriptor);
});

it('says that nobody reads any more', () => {
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  // Opened for both, a pipe waits for nobody; its reader goes when the read end alone is closed.
  const both = openSync(path, 'r+');
  const writer = openSync(path, 'w');
  closeSync(both);
  let closed = 0;
  new DescriptorSink(writer, () => closed++).write('text');
  expect(closed).toBe(1);
  closeSync(writer);
});

it('throws what is no matter of a reader', () => {
  const full = openSync('/dev/full', 'w');
  expect(() => new DescriptorSink(full, () => undefined).write('x')).toThrow('ENOSPC');
  closeSync(full);
});
