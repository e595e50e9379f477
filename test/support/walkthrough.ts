// Does in one Bash what a README shows: each command of its console blocks, in order, with what it prints there.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutOwnVariables } from './daemon.ts';

/** One command and what the README says that it prints; `…` stands for anything. */
export interface Step {
  readonly command: string;
  /** Empty: what it prints is not shown. */
  readonly shown: readonly string[];
  /** Of the README, counted from 1. */
  readonly line: number;
}

export interface WalkOptions {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

const stepMsMax = 20_000;
const prompt = '$ ';
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) endGroup(child);
});

/** The commands of a README's blocks marked `console`. @throws Error for such a block that begins with no command */
export function readSteps(readme: string): Step[] {
  const steps: { command: string; shown: string[]; line: number }[] = [];
  let isInside = false;
  for (const [index, text] of readme.split('\n').entries()) {
    if (text.startsWith('```')) isInside = text === '```console';
    else if (!isInside) continue;
    else if (text.startsWith(prompt)) steps.push({ command: text.slice(prompt.length), shown: [], line: index + 1 });
    else if (steps.length === 0) throw new Error(`line ${index + 1}: ${text} follows no command`);
    else steps.at(-1)?.shown.push(text);
  }
  return steps;
}

/**
 * Runs the commands one after the other. Programs in the background are waited for at the end: a README that starts
 * them says how they are stopped.
 * @throws Error naming the command that failed, did not end in time, or printed something else than is shown
 */
export async function walk(steps: readonly Step[], { directory, env }: WalkOptions): Promise<void> {
  const outputs = mkdtempSync(join(tmpdir(), 'snapcom-walk-'));
  // A group of its own, so that whatever was started in the background ends with it.
  const shell = spawn('bash', ['--noprofile', '--norc'], {
    cwd: directory,
    env: { ...withoutOwnVariables(process.env), ...env },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(shell);
  const words = wordsOf(shell);
  try {
    for (const step of steps) {
      const file = join(outputs, `line-${step.line}`);
      shell.stdin?.write(`{ ${step.command}\n} < /dev/null > '${file}' 2>&1; echo $? >&3\n`);
      const code = await words.next(step);
      const printed = readFileSync(file, 'utf8');
      if (code !== '0') throw failure(step, `ended with ${code}`, printed);
      if (!isAsShown(step, printed)) throw failure(step, 'printed something else', printed);
    }
    shell.stdin?.end('wait; echo ended >&3\n');
    await words.next({ command: 'the end of what runs in the background', shown: [], line: 0 });
  } finally {
    endGroup(shell);
    rmSync(outputs, { recursive: true, force: true });
  }
}

function isAsShown({ shown }: Step, printed: string): boolean {
  if (shown.length === 0) return true;
  const pattern = shown.map((line) => line.split('…').map(literally).join('.*')).join('\n');
  return new RegExp(`^${pattern}$`).test(printed.trimEnd());
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

function failure({ command, shown, line }: Step, what: string, printed: string): Error {
  const expected = shown.length === 0 ? '' : `\nshown:\n${shown.join('\n')}`;
  return new Error(`line ${line}: ${command}: ${what}${expected}\nprinted:\n${printed}`);
}

/** What the shell says on its fourth channel, word by word. */
function wordsOf(shell: ChildProcess): { next(step: Step): Promise<string> } {
  let text = '';
  let complaints = '';
  let wake = (): void => {};
  let hasEnded = false;
  shell.stderr?.setEncoding('utf8').on('data', (more: string) => {
    complaints += more;
  });
  (shell.stdio[3] as NodeJS.ReadableStream).setEncoding('utf8').on('data', (more: string) => {
    text += more;
    wake();
  });
  shell.once('exit', () => {
    running.delete(shell);
    hasEnded = true;
    wake();
  });
  return {
    next: async (step) => {
      const deadline = Date.now() + stepMsMax;
      while (!text.includes('\n')) {
        const leftMs = deadline - Date.now();
        if (hasEnded) throw failure(step, 'the shell has ended', complaints);
        if (leftMs <= 0) throw failure(step, `did not end within ${stepMsMax} ms`, complaints);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, leftMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const end = text.indexOf('\n');
      const word = text.slice(0, end);
      text = text.slice(end + 1);
      return word;
    },
  };
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Everything in it has ended.
  }
}
