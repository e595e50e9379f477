// Runs the README: every command block and every program in it, in order, as a reader would; and weighs the library.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningDaemon, startDaemon, withoutOwnVariables } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';

/** What a comment before a block says: `<!-- test {"prints": "…"} -->`. */
interface Annotation {
  /** It goes on while the others run, once this was printed, or `service NAME` is there. */
  readonly background?: string;
  readonly prints?: string | readonly string[];
  /** The name of a program. */
  readonly file?: string;
}

interface Block extends Annotation {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/(?:<!-- test (\{[^\n]*\}) -->\n)?^```(\w*)\n(.*?)^```$/gms)].map(
  ([, annotation, language = '', text = ''], index, all): Block => ({
    ...(JSON.parse(annotation ?? '{}') as Annotation),
    language,
    text,
    line: readme.slice(0, all[index]?.index).split('\n').length,
  }),
);
const hasNetcat = spawnSync('nc', ['-h']).error === undefined;
const waitMsMax = 40_000;
const endMsMax = 10_000;
const packedToleranceShare = 0.1;

/** A block that runs: everything that it prints, and its end. */
interface Run {
  readonly child: ChildProcess;
  output(): string;
  readonly ended: Promise<number>;
}

let daemon: RunningDaemon;
let directory: string;
/** Where daemons listen for each other there, and where they do here. */
const ports = new Map<string, number>();
const background: { readonly block: Block; readonly run: Run }[] = [];

beforeAll(async () => {
  daemon = await startDaemon();
  for (const port of ['4142', '4143']) ports.set(port, await freePort());
  // Here a program finds the library by its name, as it does everywhere in this checkout.
  mkdirSync(join(root, 'node_modules/.cache/snapcommunicator'), { recursive: true });
  directory = mkdtempSync(join(root, 'node_modules/.cache/snapcommunicator/readme-'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
});

afterAll(async () => {
  for (const { run } of background) await end(run);
  rmSync(directory, { recursive: true, force: true });
  await daemon.stop();
});

/** The reader's own daemon is not disturbed, and tests do not run themselves for ever; all else is as it stands there. */
function adapt(text: string): string {
  const own = join(daemon.directory, 'start');
  const adapted = text
    .replace(/^npm start$/m, `npm start -- --data-path ${own} --unix-listen ${own}/c.sock`)
    .replace(/^npm test$/m, 'npm test -- packages/client/src/contract')
    .replaceAll('127.0.0.1 4040', `127.0.0.1 ${daemon.port}`)
    .replaceAll('sc://$PWD/.run/communicatord.sock', `sc://${daemon.unixPath}`)
    .replaceAll('$PWD/.run', own)
    .replace(/\.run\b/g, own);
  return [...ports].reduce((lines, [port, free]) => lines.replaceAll(`:${port}`, `:${free}`), adapted);
}

function start(program: string, args: readonly string[]): Run {
  const env = Object.fromEntries(
    Object.entries(withoutOwnVariables(process.env)).filter(([name]) => !/^(VITEST|TEST|NODE_ENV|npm_)/.test(name)),
  );
  // Node of this run, also for npm and the programs that it starts.
  env['PATH'] = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  env['SNAPCOMMUNICATOR'] = `sc://${daemon.unixPath}`;
  const child = spawn(program, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  return { child, output: () => output, ended };
}

/** Ctrl-C: it goes to all processes of the block. Does nothing when it has ended. */
async function end({ child, ended }: Run): Promise<void> {
  const pid = child.pid as number;
  const kill = (signal: NodeJS.Signals): void => void (isRunning(child) && process.kill(-pid, signal));
  kill('SIGINT');
  const late = setTimeout(() => kill('SIGKILL'), endMsMax);
  await ended;
  clearTimeout(late);
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

/** The command line that runs a block. */
async function commandOf({ language, text, file = 'program.js' }: Block): Promise<[string, string[]]> {
  if (language === 'sh') return ['bash', ['-euo', 'pipefail', '-c', adapt(text)]];
  writeFileSync(join(directory, file), text);
  if (language === 'ts') {
    const flags =
      '--strict --module nodenext --target es2022 --lib es2023,esnext.disposable --types node --skipLibCheck --ignoreConfig';
    const compiler = [join(root, 'node_modules/typescript/bin/tsc'), ...flags.split(' '), join(directory, file)];
    const run = start(process.execPath, compiler);
    expect(await run.ended, run.output()).toBe(0);
  }
  return [process.execPath, [join(directory, file.replace(/ts$/, 'js'))]];
}

/** Waits for it to print the text; looks whenever something has come. */
async function printed(run: Run, text: string): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!run.output().includes(text)) {
    if (!isRunning(run.child) || Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(run.output()).toContain(text);
}

async function whenReady(run: Run, sign: string): Promise<void> {
  if (!sign.startsWith('service ')) return printed(run, sign);
  const deadline = Date.now() + waitMsMax;
  for (;;) {
    const look = start(join(root, 'bin/snapcom'), sign.replace('service', 'services').split(' '));
    if ((await look.ended) === 0) return;
    expect(isRunning(run.child), run.output()).toBe(true);
    expect(Date.now(), `${sign} did not come`).toBeLessThan(deadline);
  }
}

describe('the README', () => {
  for (const block of blocks) {
    it(`line ${block.line}: ${block.text.split('\n')[0]}`, async (context) => {
      if (/\bnc\b/.test(block.text) && !hasNetcat) context.skip('nc is not installed');
      expect(['sh', 'ts', 'js'], 'the language of the block').toContain(block.language);
      const run = start(...(await commandOf(block)));
      if (block.background !== undefined) {
        background.push({ block, run });
        await whenReady(run, block.background);
        return;
      }
      expect(await run.ended, run.output()).toBe(0);
      for (const text of [block.prints ?? []].flat()) expect(run.output()).toContain(text);
    });
  }

  it('what went on meanwhile has printed what it should, and ends by Ctrl-C', async () => {
    for (const { block, run } of background) {
      for (const text of [block.prints ?? []].flat()) await printed(run, text);
      await end(run);
    }
    expect(background.length).toBeGreaterThan(0);
  });

  it('says how large the library is, and that it has no dependencies', async () => {
    const [, dependencies, kilobytes] = /`snapcommunicator`: (\d+) dependencies, (\d+) kB packed/.exec(readme) ?? [];
    const run = start('npm', ['pack', '--dry-run', '--json', '--silent', '-w', 'packages/client']);
    expect(await run.ended, run.output()).toBe(0);
    const [{ size }] = JSON.parse(run.output().slice(run.output().indexOf('['))) as [{ size: number }];
    expect(Math.abs(size / 1000 - Number(kilobytes)) / (size / 1000)).toBeLessThan(packedToleranceShare);
    const manifest = JSON.parse(readFileSync(join(root, 'packages/client/package.json'), 'utf8')) as object;
    const declared = Object.entries(manifest).filter(([name]) => /dependencies$/i.test(name));
    expect(declared.flatMap(([, packages]) => Object.keys(packages as object)).length).toBe(Number(dependencies));
  });
});
