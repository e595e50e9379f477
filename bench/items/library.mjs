// What the client library costs beside bare sockets: sends a second from one process, and a request's round trip.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { fromParts, part } from '../lib/proof.mjs';
import { summary } from '../lib/statistics.mjs';

const REPEATS = 5;
const SECONDS = 1.5;
const SENDS_MIN = 400_000;
const FACTOR_MAX = 1.6;
const ARRIVAL_MS = 5_000;
const PROGRAM_MS = 30_000;

const program = (name) => fileURLToPath(new URL(`../contenders/${name}.mjs`, import.meta.url));

export const library = {
  name: 'library',
  goal: `≥ ${SENDS_MIN.toLocaleString('en-US')} sends a second from one process through the library; a request’s round trip within ${FACTOR_MAX} × of the raw one`,
  seconds: 40,

  async run(context) {
    const daemon = await context.daemon();
    const address = `sc://127.0.0.1:${daemon.port}`;
    const sends = [];
    for (let i = 0; i < REPEATS; i++) sends.push(await measureSends(daemon, address));
    context.log(`sends: ${sends.map((rate) => Math.round(rate).toLocaleString('en-US')).join(', ')} a second`);

    const raw = [];
    const through = [];
    const inC = [];
    for (let i = 0; i < REPEATS; i++) {
      raw.push((await roundTrip('raw', daemon.port)).p50);
      through.push((await roundTrip('library', address)).p50);
      const options = { ...context.adapter.roundTrip(), address: daemon.address, seconds: SECONDS };
      inC.push((await context.generate('round-trip', options, daemon.directory)).p50);
    }
    const rate = summary(sends);
    const [rawTime, libraryTime, cTime] = [raw, through, inC].map((values) => summary(values).median);
    const factor = libraryTime / rawTime;
    const inMicroseconds = (values) => `${summary(values).min.toFixed(0)} – ${summary(values).max.toFixed(0)} µs`;
    return fromParts(
      [
        part(
          `≥ ${SENDS_MIN.toLocaleString('en-US')} sends a second`,
          `${Math.round(rate.median).toLocaleString('en-US')} sends a second (${Math.round(rate.min).toLocaleString('en-US')} – ${Math.round(rate.max).toLocaleString('en-US')})`,
          rate.median >= SENDS_MIN,
        ),
        part(
          `round trip within ${FACTOR_MAX} × of the raw one`,
          `round trip ${libraryTime.toFixed(0)} µs, ${factor.toFixed(2)} × the raw ${rawTime.toFixed(0)} µs`,
          factor <= FACTOR_MAX,
        ),
      ],
      [
        `sends are of 110 bytes and more, made of parts, each awaited; counted when the receiver has them, none lost; median of ${REPEATS}`,
        `raw: the same two processes in Node with ready-made lines on bare sockets (${inMicroseconds(raw)}; library ${inMicroseconds(through)}); two threads in C take ${cTime.toFixed(0)} µs, ${(libraryTime / cTime).toFixed(2)} × as long through the library`,
      ],
    );
  },
};

/** Sends a second, by the clock of the sender, when everything that it sent has arrived. */
async function measureSends(daemon, address) {
  const receiver = connect({ host: '127.0.0.1', port: daemon.port });
  let lines = 0;
  receiver.write('REGISTER service=rx;version=1\n');
  await once(receiver, 'connect');
  receiver.on('data', (chunk) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  });
  const handshakeLines = 2; // HELP and READY
  await until(() => lines === handshakeLines, 'the receiver was not registered');
  const { sent, warmUp, seconds } = await result(spawnProgram('library', 'send', address));
  const expected = handshakeLines + sent + warmUp;
  await until(
    () => lines >= expected,
    'messages did not arrive',
    () => `${lines} of ${expected} lines`,
  );
  receiver.destroy();
  return sent / seconds;
}

async function roundTrip(kind, where) {
  const answering = spawnProgram(kind, 'answer', where);
  try {
    await Promise.race([once(answering.stdout, 'data'), failure(answering)]);
    return await result(spawnProgram(kind, 'ask', where));
  } finally {
    const ended = once(answering, 'exit');
    answering.kill('SIGTERM');
    await ended;
  }
}

function spawnProgram(name, mode, where) {
  const values = [program(name), mode, String(where), String(SECONDS)];
  return spawn(process.execPath, values, { stdio: ['ignore', 'pipe', 'inherit'], timeout: PROGRAM_MS });
}

async function failure(child) {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`${child.spawnargs.slice(1, 3).join(' ')} ended with ${signal ?? code}`);
}

async function result(child) {
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${child.spawnargs.slice(1, 3).join(' ')} ended with ${signal ?? code}`);
  return JSON.parse(output);
}

async function until(condition, complaint, state = () => '') {
  const deadline = Date.now() + ARRIVAL_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${complaint}: ${state()}`);
    await pause(5);
  }
}
