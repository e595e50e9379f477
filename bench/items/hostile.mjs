// What strangers may throw at the daemon: each attack gets an answer or a close, and bystanders hardly notice.
import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { compare } from '../lib/latency.mjs';
import { lineClient } from '../lib/line-client.mjs';
import { freePort, residentKilobytes } from '../lib/processes.mjs';
import { part } from '../lib/proof.mjs';

const FACTOR_MAX = 2;
const TURNS = 5;
const SECONDS = 2;
const MEGABYTE = 1 << 20;
const ENDLESS_BYTES = 64 * MEGABYTE;
const CHUNK_BYTES = 65_536;
const HALF_OPEN = 10_000;
const HALF_OPEN_RATE = 2_500; // a second
const HALF_OPEN_SECONDS = 6;
const HALF_OPEN_REST_SECONDS = 1.5;
const ENDLESS_PAUSE_MS = 300;
const NOISE_PERIOD_MS = 4;
const KILLER_PERIOD_MS = 20;
const ANSWER_MS = 3_000;

export const hostile = {
  name: 'hostile',
  goal: `a 64 MB line without an end, 10,000 half-open connections, random bytes, all that kills the C++ daemon: an answer or a close, the others’ 99th percentile at most ${FACTOR_MAX} × the undisturbed one`,
  seconds: 180,

  async run(context) {
    const signalPort = await freePort();
    const daemon = await context.daemon({ options: { signal: `127.0.0.1:${signalPort}` } });
    // One that lists a command, so that broadcasts have somewhere to go.
    const listener = await (await lineClient(daemon.target)).register('listener');
    await listener.write('COMMANDS list=PING\n');
    const before = residentKilobytes(daemon.pid);

    const parts = [];
    for (const attack of attacks({ context, daemon, signalPort })) {
      const outcomes = [];
      const latency = await compare(
        context,
        daemon,
        async (signal) => {
          outcomes.push(await attack.run(signal));
        },
        { turns: TURNS, seconds: attack.seconds ?? SECONDS },
      );
      if (!daemon.alive()) throw new Error(`${attack.name} killed the daemon: ${daemon.output()}`);
      const ratio = latency.disturbed / latency.quiet;
      const each = (values) => values.map((value) => value.toFixed(0)).join(' ');
      context.log(`${attack.name}: ${outcomes.at(-1).said}`);
      context.log(`  p99 in µs, undisturbed ${each(latency.all.quiet)}, disturbed ${each(latency.all.disturbed)}`);
      parts.push(
        part(
          `${attack.name}: an answer or a close`,
          outcomes.at(-1).said,
          outcomes.every(({ holds }) => holds),
        ),
        part(
          `${attack.name}: p99 of others at most ${FACTOR_MAX} ×`,
          `${ratio.toFixed(2)} × (${latency.quiet.toFixed(0)} → ${latency.disturbed.toFixed(0)} µs)`,
          ratio <= FACTOR_MAX,
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
        `resident memory ${(before / 1000).toFixed(0)} MB before, ${(residentKilobytes(daemon.pid) / 1000).toFixed(0)} MB after all attacks`,
      ],
    };
  },
};

function attacks({ context, daemon, signalPort }) {
  return [
    { name: '64 MB without an end', run: (signal) => endlessLines(daemon, signal) },
    {
      name: '10,000 half-open connections',
      seconds: HALF_OPEN_SECONDS,
      run: (signal) => halfOpen(context, daemon, signal),
    },
    { name: 'random bytes', run: (signal) => randomBytes(context, daemon, signal) },
    { name: 'what kills the C++ daemon', run: (signal) => killers(daemon, signal) },
    { name: 'datagrams', run: (signal) => datagrams(context, daemon, signalPort, signal) },
  ];
}

/** One line without an end after the other, at full speed: the daemon closes each when it has had enough. */
async function endlessLines(daemon, signal) {
  const outcomes = [];
  while (!signal.aborted) {
    outcomes.push(await endlessLine(daemon));
    await pause(ENDLESS_PAUSE_MS);
  }
  const open = outcomes.filter(({ closed }) => !closed).length;
  const { answer, mebibytes } = outcomes[0];
  const said = `${outcomes.length} lines, ${answer ? 'answered INVALID' : 'no answer'}, ${open === 0 ? `each closed after ${mebibytes} MiB` : `${open} not closed`}`;
  return { said, holds: open === 0 };
}

async function endlessLine(daemon) {
  const client = await lineClient(daemon.target);
  const chunk = Buffer.alloc(CHUNK_BYTES, 'x');
  await client.write('bb/PING a=');
  let written = 0;
  while (written <= ENDLESS_BYTES && !client.closed) {
    await client.write(chunk);
    written += chunk.length;
  }
  await client.until(() => client.closed, ANSWER_MS);
  const answer = client.lines.find((line) => / INVALID /.test(line));
  const { closed } = client;
  client.close();
  return { answer, closed, mebibytes: Math.round(written / MEGABYTE) };
}

/** Connections that begin to say something and never finish; while they are open, newcomers are still served. */
async function halfOpen(context, daemon, signal) {
  const before = openFiles(daemon.pid);
  const holding = context.generate(
    'hold',
    {
      address: daemon.address,
      hello: Buffer.from('REGISTER service=half'),
      connections: HALF_OPEN,
      rate: HALF_OPEN_RATE,
      settle: HALF_OPEN_SECONDS - HALF_OPEN / HALF_OPEN_RATE + HALF_OPEN_REST_SECONDS,
    },
    daemon.directory,
  );
  await untilAborted(signal);
  const open = openFiles(daemon.pid) - before;
  const client = await (await lineClient(daemon.target)).register('after_half_open');
  const served = await client.alive();
  client.close();
  const { closed } = await holding;
  while (openFiles(daemon.pid) > before + 8) await pause(20); // their end disturbs nobody's quiet time
  const said = `${HALF_OPEN_RATE} a second, ${open} open at once, ${closed} closed by the daemon, a newcomer ${served ? 'is served' : 'is not served'}`;
  return { said, holds: served };
}

function openFiles(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Bytes of every kind with a line's end now and then, from a few connections in turn, new ones where one was closed. */
async function randomBytes({ random }, daemon, signal) {
  const clients = new Map();
  let sent = 0;
  let answers = 0;
  let closes = 0;
  while (!signal.aborted) {
    const place = random(8);
    let client = clients.get(place);
    if (client === undefined || client.closed) {
      if (client !== undefined) closes++;
      answers += client?.lines.length ?? 0;
      client = await lineClient(daemon.target);
      clients.set(place, client);
    }
    const bytes = Buffer.allocUnsafe(1 + random(4096));
    for (let i = 0; i < bytes.length; i++) bytes[i] = random(100) === 0 ? 10 : random(256);
    await Promise.race([client.write(bytes), pause(100)]);
    sent += bytes.length;
    await pause(NOISE_PERIOD_MS);
  }
  for (const client of clients.values()) {
    await client.write('\n');
    await client.until(() => client.lines.length > 0, ANSWER_MS);
    answers += client.lines.length;
    client.close();
  }
  const said = `${(sent / 1e6).toFixed(1)} MB of noise, ${answers} answers, ${closes} closes`;
  return { said, holds: answers + closes > 0 };
}

const registered = (text) => ({ text, service: 'victim' });

/** `service`: registered first; `silent`: the protocol gives no answer, the connection only has to go on or close. */
const killerLines = [
  { text: 'REGISTER service=x;version=abc' },
  { text: 'REGISTER service=bad-name;version=1' },
  { text: 'REGISTER service=;version=1' },
  { text: 'REGISTER service=x' },
  { text: 'REGISTER version=1' },
  { text: `REGISTER service=${'n'.repeat(65)};version=1` },
  { ...registered('UNKNOWN'), silent: true },
  { ...registered('INVALID'), silent: true },
  { ...registered('UNREGISTER_FROM_LOADAVG'), silent: true },
  registered('LISTEN_LOADAVG ips=junk'),
  registered('LISTEN_LOADAVG'),
  { ...registered('LOADAVG avg=junk;my_address=junk;timestamp=junk'), silent: true },
  registered('CONNECT version=1;server_name=beta;my_address=junk'),
  registered('GOSSIP my_address=junk'),
  registered('FORGET ip=junk'),
  registered('BLOCK uri=1;period=junk'),
  registered('COMMANDS list=;;='),
  {
    ...registered('*/PING broadcast_timeout=junk;broadcast_msgid=junk;broadcast_hops=junk;broadcast_originator=junk'),
    silent: true,
  },
  { ...registered('*/PING broadcast_timeout=99999999999999999999'), silent: true },
  registered(`victim/PING value=${'v'.repeat(MEGABYTE)}`),
  { ...registered(`victim/PING value=${'v'.repeat(MEGABYTE - 4096)}`), silent: true },
  registered('victim/PING value="unclosed'),
  registered('a:b:c/PING'),
  registered('{"command":'),
  registered('{"command":"PING","service":"victim","parameters":{"a":{"b":1}}}'),
  registered('@D 40 junk'),
  registered('a\0b'),
];

/** Each line on a connection of its own, over and over: it must be answered or closed, or, where the protocol is silent, go on. */
async function killers(daemon, signal) {
  const unheard = new Set();
  let tried = 0;
  do {
    for (const killer of killerLines) {
      const outcome = await tryKiller(daemon, killer);
      if (!outcome) unheard.add(killer.text.slice(0, 60));
      tried++;
      await pause(KILLER_PERIOD_MS);
    }
  } while (!signal.aborted);
  const said = `${tried} times one of ${killerLines.length} lines; ${unheard.size === 0 ? 'each answered or closed' : `nothing came after: ${[...unheard].join(' | ')}`}`;
  return { said, holds: unheard.size === 0 };
}

async function tryKiller(daemon, { text, service, silent = false }) {
  const client = await lineClient(daemon.target);
  try {
    if (service !== undefined) await client.register(service);
    const before = client.lines.length;
    await client.write(`${text}\n`);
    // What comes before the answer to ALIVE came because of the line.
    const goesOn = await client.alive(ANSWER_MS);
    const answered = client.lines.slice(before).some((line) => !/ ABSOLUTELY /.test(line));
    return client.closed || (goesOn && (silent || answered));
  } finally {
    client.close();
    await client.until(() => client.closed, ANSWER_MS);
  }
}

const datagramTexts = [
  'ALIVE serial=1;timestamp=junk',
  'HELP',
  'REGISTER service=x;version=abc',
  '<a:b listener/PING',
  'junk\0',
  '',
  '@',
  '{',
];

/** Nobody is answered over a datagram: the daemon has to live on, and to let well-formed ones through. */
async function datagrams({ random }, daemon, port, signal) {
  const socket = createSocket('udp4');
  const send = (data) => new Promise((resolve) => socket.send(data, port, '127.0.0.1', resolve));
  let sent = 0;
  let received = 0;
  socket.on('message', () => received++);
  try {
    while (!signal.aborted) {
      const choice = random(datagramTexts.length + 1);
      const noise = () => Buffer.from(Array.from({ length: 1 + random(2000) }, () => random(256)));
      await send(choice < datagramTexts.length ? datagramTexts[choice] : noise());
      sent++;
      await pause(1);
    }
  } finally {
    socket.close();
  }
  const client = await lineClient(daemon.target);
  const served = await client.alive(ANSWER_MS);
  client.close();
  const said = `${sent} datagrams, ${received} answers (there must be none), the daemon ${served ? 'goes on' : 'does not answer'}`;
  return { said, holds: served && received === 0 };
}

function untilAborted(signal) {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
