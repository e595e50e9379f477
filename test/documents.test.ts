// Keeps the documents true where a program can: links lead somewhere, lists are whole, worked examples come out.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sign } from 'snapcommunicator/signal';
import { decodeText } from 'snapcommunicator/wire';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const documents = [
  '.',
  'decisions',
  'docs',
  'packages/client',
  'packages/daemon',
  'test/transcripts',
  'bench',
  'examples',
  ...readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join('examples', name)),
].flatMap((directory) =>
  readdirSync(join(root, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => relative(root, join(root, directory, name))),
);

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The anchors of a document's headings, as they are made where it is shown. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('every link leads somewhere', () => {
  it.each(documents)('%s', (path) => {
    const text = textOf(path).replace(/^```.*?^```$/gms, '');
    const lost = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#');
        const full = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(root, full))) return true;
        return anchor !== undefined && !anchorsOf(textOf(full)).includes(anchor);
      });
    expect(lost).toEqual([]);
  });
});

it('the decisions are all in their list', () => {
  const files = documents.filter((path) => /^decisions\/\d/.test(path)).map((path) => path.slice('decisions/'.length));
  const listed = [...textOf('decisions/README.md').matchAll(/\((\d{4}-[\w-]+\.md)\)/g)].map(([, file]) => file);
  expect(listed).toEqual(files.sort());
});

it('the signal in PROTOCOL.md has the proof that stands there', () => {
  const text = textOf('PROTOCOL.md');
  const find = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  const line = decodeText(find(/line: +(.+)$/m));
  expect(line.kind).toBe('message');
  if (line.kind !== 'message') return;
  const signed = sign(line.message, find(/secret: (\w+)/), Number(find(/time: (\d+)/)), find(/nonce: (\w+)/));
  expect(signed.parameters?.['signal_proof']).toBe(find(/signal_proof=(\w+)/));
});
