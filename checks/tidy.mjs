// Checks what no other tool does: files open with a comment, stay short, leave nothing to do, know no machine's paths.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { at, filesUnder, root } from '../scripts/lib.mjs';

const linesMax = 450;
const sources = ['packages', 'scripts', 'checks', 'test', 'bench', 'examples', 'bin'];
const isSource = /[.](ts|mjs|cjs|js|py|sh|c)$|^bin\//;
const isText = /[.](ts|mjs|cjs|js|py|sh|c|md|json|conf|txt|svg)$|^bin\//;
const opensWithComment = /^(#!.*\n)?(\/\/|\/\*|#|"""|'use )/;
/** Where this checkout happens to lie, and what lies beside it; common directories say nothing about a machine. */
const machinePaths = [root, dirname(root)]
  .filter((path) => !['/', '/tmp', '/home', '/root', '/opt', '/srv', '/var'].includes(path))
  .map((path) => `${path}/`);
// Spelt so that this file is not its own first finding.
const unfinished = /\b(TO[D]O|FIX[M]E|X[X]X)\b/;

/** The faults of one file, as sentences. */
function* faults(path, text) {
  const lines = text.split('\n');
  if (isSource.test(path)) {
    if (!opensWithComment.test(text)) yield `${path}:1: begin with a sentence on what this file is responsible for`;
    if (lines.length - 1 > linesMax) {
      yield `${path}:${linesMax}: ${lines.length - 1} lines; above ${linesMax} a file usually hides a second one`;
    }
  }
  for (const [index, line] of lines.entries()) {
    if (isSource.test(path) && unfinished.test(line)) yield `${path}:${index + 1}: finish it, or write an issue`;
    if (machinePaths.some((machine) => line.includes(machine))) yield `${path}:${index + 1}: a path of one machine`;
  }
}

/** Every fault of the tree, as `path:line: sentence`. */
export function tidy() {
  const found = [];
  for (const directory of [...sources, 'docs', 'decisions']) {
    for (const path of filesUnder(directory)) {
      if (!isText.test(path) || path.endsWith('package-lock.json')) continue;
      found.push(...faults(path, readFileSync(at(path), 'utf8')));
    }
  }
  return found;
}
