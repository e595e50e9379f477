// Whether the accounts of all daemons balance after the demo has run for long, with something that fails every minute.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { ROOT, WORK } from '../lib/places.mjs';
import { fromParts, part } from '../lib/proof.mjs';

const SECONDS = 3600;
const EVERY_SECONDS = 60;
const START_MS_MAX = 120_000;
const MENDED_MS_MAX = 120_000;
const LOOK_MS = 1000;
/** What is told of accounts that do not balance. */
const FAULTS_SHOWN = 20;

export const audit = {
  name: 'audit',
  goal: 'snapcom audit balances after an hour of the demo with failures',
  seconds: SECONDS,
  needsDaemon: false,

  async run({ log, seconds = SECONDS }) {
    const demo = await startDemo(log);
    try {
      await demo.running(seconds);
      await demo.calm();
      const { code, json } = await demo.snapcom('audit', '--patience', '20s');
      const { isBalanced, entries = [], ended = [], unseen = [], ledgers = [] } = json[0] ?? {};
      const faults = entries.filter(({ state }) => state !== 'balanced');
      const expected = Math.max(1, Math.floor(seconds / EVERY_SECONDS) - 1);
      const lives = ended.length;
      return fromParts(
        [
          part(
            'the accounts of all daemons balance',
            `${entries.length} comparisons, ${faults.length} of which do not hold`,
            code === 0 && isBalanced === true,
          ),
          part(
            'every daemon tells its accounts',
            `${ledgers.length} of 7`,
            ledgers.length === 7 && unseen.length === 0,
          ),
          part(
            `at least ${expected} failures in ${seconds} s`,
            `${demo.failures()} failures, all mended`,
            demo.failures() >= expected,
          ),
        ],
        [
          demo.visits(),
          `lives of daemons that were over: ${lives}; what they had counted went with them`,
          ...faults.slice(0, FAULTS_SHOWN).map((fault) => JSON.stringify(fault)),
        ],
      );
    } finally {
      await demo.stop();
    }
  },
};

async function startDemo(log) {
  const directory = join(WORK, 'demo');
  const words = ['scripts/demo.mjs', '--directory', directory, '--every', String(EVERY_SECONDS)];
  const child = spawn(process.execPath, words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
      for (const line of text.split('\n')) if (/^\d\d:\d\d:\d\d /.test(line)) log(line);
    });
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const until = async (what, isSo, msMax) => {
    const deadline = performance.now() + msMax;
    while (!(await isSo())) {
      if (isOver()) throw new Error(`the demo ended before ${what}:\n${said.slice(-2000)}`);
      if (performance.now() > deadline) throw new Error(`waited ${msMax} ms until ${what}`);
      await pause(LOOK_MS);
    }
  };
  const snapcom = async (...args) => {
    const program = spawn(
      process.execPath,
      ['bin/snapcom', ...args, '--json', '--to', `sc://${directory}/web1/c.sock`],
      {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let text = '';
    program.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
    const [code] = await once(program, 'close');
    const lines = text.split('\n').filter((line) => line !== '');
    return { code, json: lines.map((line) => JSON.parse(line)) };
  };
  await until('it was complete', () => said.includes('It ends with Ctrl-C'), START_MS_MAX);
  return {
    snapcom,
    failures: () => said.split('mended; ').length - 1,
    visits: () => [...said.matchAll(/mended; (.*)/g)].at(-1)?.[1] ?? 'no visits',
    async running(seconds) {
      const deadline = performance.now() + seconds * 1000;
      while (performance.now() < deadline) {
        if (isOver()) throw new Error(`the demo ended by itself:\n${said.slice(-2000)}`);
        await pause(Math.min(LOOK_MS, deadline - performance.now()));
      }
    },
    /** Nothing fails any more, and all are there. */
    async calm() {
      child.kill('SIGUSR2');
      const isWell = async () => {
        const { json } = await snapcom('servers');
        return json.length === 7 && json.every(({ status }) => status === 'up');
      };
      await until('all machines were there again', isWell, MENDED_MS_MAX);
    },
    async stop() {
      if (isOver()) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
