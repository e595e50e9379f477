// One attack on a daemon, at low priority so that what bystanders feel comes from the daemon, until its standard input ends.
// usage: attacker.mjs ATTACK PORT SIGNAL-PORT PID SEED; says "begun", and at the end one line of JSON: { said, holds }
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { runGenerator } from '../lib/generator.mjs';
import { lineClient } from '../lib/line-client.mjs';
import { numbers } from '../lib/traffic.mjs';
import { datagramTexts, killerLines } from './killer-lines.mjs';

const PRIORITY = 10;
const MEBIBYTE = 1 << 20;
const ENDLESS_BYTES = 64 * MEBIBYTE;
const ENDLESS_PAUSE_MS = 300;
const CHUNK_BYTES = 65_536;
const HALF_OPEN = 10_000;
const HALF_OPEN_RATE = 2_500; // a second
const HALF_OPEN_SECONDS = 7.5; // in all, longer than anybody measures
const NOISE_PERIOD_MS = 4;
const KILLER_PERIOD_MS = 20;
const ANSWER_MS = 3_000;

const attacks = { endless: endlessLines, 'half-open': halfOpen, noise: randomBytes, killers, datagrams };

async function main() {
  setPriority(PRIORITY);
  const [name, port, signalPort, pid, seed] = process.argv.slice(2);
  const target = { host: '127.0.0.1', port: Number(port) };
  const stop = new AbortController();
  process.stdin.on('end', () => stop.abort()).resume();
  console.log('begun');
  const daemon = { target, port: Number(port), signalPort: Number(signalPort), pid: Number(pid) };
  const outcome = await attacks[name]({ daemon, random: numbers(Number(seed)), signal: stop.signal });
  console.log(JSON.stringify(outcome));
}

/** One line without an end after the other, at full speed: the daemon closes each when it has had enough. */
async function endlessLines({ daemon, signal }) {
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
  return { answer, closed, mebibytes: Math.round(written / MEBIBYTE) };
}

/** Connections that begin to say something and never finish; while they are open, newcomers are still served. */
async function halfOpen({ daemon, signal }) {
  const before = openFiles(daemon.pid);
  const directory = mkdtempSync(join(tmpdir(), 'snapattack-'));
  const options = {
    address: `tcp:${daemon.port}`,
    hello: Buffer.from('REGISTER service=half'),
    connections: HALF_OPEN,
    rate: HALF_OPEN_RATE,
    settle: HALF_OPEN_SECONDS - HALF_OPEN / HALF_OPEN_RATE,
  };
  const holding = runGenerator('hold', options, directory);
  if (!signal.aborted) await once(signal, 'abort');
  const open = openFiles(daemon.pid) - before;
  const client = await (await lineClient(daemon.target)).register('after_half_open');
  const served = await client.alive();
  client.close();
  const { closed } = await holding;
  rmSync(directory, { recursive: true });
  while (openFiles(daemon.pid) > before + 8) await pause(20); // their end disturbs nobody's quiet time
  const said = `${HALF_OPEN_RATE} a second, ${open} open at once, ${closed} closed by the daemon, a newcomer ${served ? 'is served' : 'is not served'}`;
  return { said, holds: served };
}

function openFiles(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Bytes of every kind, line ends among them, from a few connections in turn, new ones where one was closed. */
async function randomBytes({ daemon, random, signal }) {
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
    for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
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

/** Each line on a connection of its own, over and over: it must be answered or closed, or, where the protocol is silent, go on. */
async function killers({ daemon, signal }) {
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

/** Nobody is answered over a datagram: the daemon has to live on, and to let well-formed ones through. */
async function datagrams({ daemon, random, signal }) {
  const socket = createSocket('udp4');
  const send = (data) => new Promise((resolve) => socket.send(data, daemon.signalPort, '127.0.0.1', resolve));
  let sent = 0;
  let received = 0;
  socket.on('message', () => received++);
  try {
    while (!signal.aborted) {
      const choice = random(datagramTexts.length + 1);
      const noise = () => Buffer.alloc(1 + random(2000), String.fromCharCode(random(256)), 'latin1');
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

await main();
