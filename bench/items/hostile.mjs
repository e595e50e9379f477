// What strangers may throw at the daemon: each attack gets an answer or a close, and bystanders hardly notice.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { compare } from '../lib/latency.mjs';
import { lineClient } from '../lib/line-client.mjs';
import { freePort, residentKilobytes } from '../lib/processes.mjs';
import { part } from '../lib/proof.mjs';
import { median } from '../lib/statistics.mjs';

const FACTOR_MAX = 2;
const TURNS = 5;
const SECONDS = 2;
const ATTACKER = fileURLToPath(new URL('../contenders/attacker.mjs', import.meta.url));

const attacks = [
  { attack: 'endless', name: '64 MB without an end' },
  { attack: 'half-open', name: '10,000 half-open connections', seconds: 6 },
  { attack: 'noise', name: 'random bytes' },
  { attack: 'killers', name: 'what kills the C++ daemon' },
  { attack: 'datagrams', name: 'datagrams' },
];

export const hostile = {
  name: 'hostile',
  goal: `a 64 MB line without an end, 10,000 half-open connections, random bytes, all that kills the C++ daemon: an answer or a close, the others’ 99th percentile at most ${FACTOR_MAX} × the undisturbed one`,
  seconds: 240,

  async run(context) {
    const daemon = await startWithSignals(context);
    // One that lists a command, so that broadcasts have somewhere to go.
    const listener = await (await lineClient(daemon.target)).register('listener');
    await listener.write('COMMANDS list=PING\n');
    const before = residentKilobytes(daemon.pid);

    // Where the same attack costs the machine's processors as much, but not this daemon.
    const other = await startWithSignals(context);

    const parts = [];
    const details = [];
    for (const attack of attacks) {
      const outcomes = [];
      const p99 = await compare(
        context,
        daemon,
        {
          disturbed: async (turn) => {
            const end = await begin(attack, daemon, context.seed + turn);
            return async () => outcomes.push(await end());
          },
          elsewhere: (turn) => begin(attack, other, context.seed + turn),
        },
        { turns: TURNS, seconds: attack.seconds ?? SECONDS },
      );
      if (!daemon.alive()) throw new Error(`${attack.name} killed the daemon: ${daemon.output()}`);
      const { said } = outcomes.at(-1);
      const [quiet, disturbed, control] = [p99.quiet, p99.disturbed, p99.elsewhere].map(median);
      const each = (values) => values.map((value) => value.toFixed(0)).join(' ');
      context.log(
        `${attack.name}: ${said}; p99 in µs undisturbed ${each(p99.quiet)}, disturbed ${each(p99.disturbed)}`,
      );
      details.push(
        `${attack.name}: with the same attack on another daemon of this machine p99 was ${control.toFixed(0)} µs`,
      );
      parts.push(
        part(
          `${attack.name}: an answer or a close`,
          said,
          outcomes.every(({ holds }) => holds),
        ),
        part(
          `${attack.name}: p99 of others at most ${FACTOR_MAX} ×`,
          `${(disturbed / quiet).toFixed(2)} × (${quiet.toFixed(0)} → ${disturbed.toFixed(0)} µs)`,
          disturbed / quiet <= FACTOR_MAX,
        ),
      );
    }
    const stillAnswers = await listener.alive();
    parts.push(part('a service from before is still served', stillAnswers ? 'it is' : 'it is not', stillAnswers));
    listener.close();

    const worst = Math.max(...parts.map(({ measured }) => Number(/^([\d.]+) ×/.exec(measured)?.[1] ?? 0)));
    const short = parts.filter(({ verdict }) => verdict !== 'holds');
    return {
      measured: `${parts.length - short.length} of ${parts.length} checks hold; p99 of others at worst ${worst.toFixed(2)} ×`,
      verdict: short.length === 0 ? 'holds' : 'falls short',
      details: [
        ...parts.map(({ goal, measured, verdict }) => `${goal}: ${measured} — ${verdict}`),
        ...details,
        'an attacker is a process of its own with a lower priority: it shall not take the processor from those whose time is measured',
        `resident memory ${(before / 1000).toFixed(0)} MB before, ${(residentKilobytes(daemon.pid) / 1000).toFixed(0)} MB after all attacks`,
      ],
    };
  },
};

async function startWithSignals(context) {
  const signalPort = await freePort();
  return { ...(await context.daemon({ options: { signal: `127.0.0.1:${signalPort}` } })), signalPort };
}

/** Starts an attack; resolves when it has begun, with a function that ends it and gives its outcome. */
async function begin({ attack }, daemon, seed) {
  const values = [ATTACKER, attack, daemon.port, daemon.signalPort, daemon.pid, seed].map(String);
  const child = spawn(process.execPath, values, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await Promise.race([once(child.stdout, 'data'), closed]);
  return async () => {
    child.stdin.end();
    const [code] = await closed;
    if (code !== 0) throw new Error(`the attacker (${attack}) ended with ${code}`);
    return JSON.parse(output.trim().split('\n').at(-1));
  };
}
