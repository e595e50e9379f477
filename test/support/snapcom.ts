// Runs the real snapcom for a test: to its end, or until it has said something.

import { type ChildProcess, spawn } from 'node:child_process';
import { programPath, withoutOwnVariables } from './daemon.ts';

export interface SnapcomOptions {
  /** Where the communicator is: SNAPCOMMUNICATOR in its environment. */
  readonly to?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface SnapcomResult {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A snapcom that runs until it is told to end. */
export interface RunningSnapcom {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Waits until standard output holds so many lines. @returns them */
  lines(count: number): Promise<string[]>;
  /** Waits until standard error contains the text. */
  said(text: string): Promise<void>;
  /** Sends the signal (SIGINT) and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<SnapcomResult>;
  ended(): Promise<SnapcomResult>;
}

const waitMsMax = 20_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs a subcommand to its end. */
export function snapcom(args: readonly string[], options: SnapcomOptions = {}): Promise<SnapcomResult> {
  return startSnapcom(args, options).ended();
}

/** Starts a subcommand. */
export function startSnapcom(args: readonly string[], { to, stdin, env = {} }: SnapcomOptions = {}): RunningSnapcom {
  const child = spawn(process.execPath, [programPath('snapcom'), ...args], {
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...withoutOwnVariables(process.env), ...(to !== undefined && { SNAPCOMMUNICATOR: to }), ...env },
  });
  running.add(child);
  // It may end before it has read all of it.
  child.stdin?.on('error', () => {}).end(stdin);
  const texts = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  const look = (): void => {
    for (const watcher of watchers) watcher();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      look();
    });
  }
  let result: SnapcomResult | undefined;
  const ended = new Promise<SnapcomResult>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      result = { code: code ?? -1, ...texts };
      resolve(result);
      look();
    });
  });
  const until = (what: string, isSo: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        watchers.delete(watcher);
        if (error === undefined) resolve();
        else reject(error);
      };
      const fail = (how: string): void =>
        settle(new Error(`snapcom ${args.join(' ')} ${how} ${what}; it printed ${JSON.stringify(texts)}`));
      const watcher = (): void => {
        if (isSo()) settle();
        else if (result !== undefined) fail('ended before');
      };
      const timer = setTimeout(() => fail('goes on without'), waitMsMax);
      watchers.add(watcher);
      watcher();
    });
  const linesOf = (): string[] => texts.stdout.split('\n').slice(0, -1);
  return {
    pid: child.pid as number,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    lines: async (count) => {
      await until(`${count} lines`, () => linesOf().length >= count);
      return linesOf();
    },
    said: (text) => until(JSON.stringify(text), () => texts.stderr.includes(text)),
    stop: async (signal = 'SIGINT') => {
      child.kill(signal);
      return ended;
    },
    ended: () => ended,
  };
}
