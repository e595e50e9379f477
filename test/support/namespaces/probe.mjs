// What a machine of a test's network can do to look at that network: answer, ask, hold a connection.
//
//     probe.mjs answer              sends datagrams back with the address that they came from, and accepts connections
//     probe.mjs ask ADDRESS COUNT   sends datagrams, prints {"lost": percent, "leastMs": …, "seenAs": address}
//     probe.mjs hold ADDRESS        prints "connected", and later with which error that ended
//     probe.mjs stream ADDRESS      sends a datagram each millisecond, until it is ended
//     probe.mjs gaps                prints, for each line on standard input, the longest time in ms without a datagram
//                                   since the line before, and how many came

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const PORT = 4000;
const PAUSE_MS = 2;
const PATIENCE_MS = 400;
const DIAL_PAUSE_MS = 20;

async function answer() {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, { address, port }) => socket.send(`${bytes.toString()} ${address}`, port, address));
  socket.bind(PORT);
  createServer((connection) => connection.on('error', ({ code }) => console.log(code))).listen(PORT);
  await once(socket, 'listening');
  console.log('ready');
}

async function ask(address, count) {
  const socket = createSocket('udp4');
  const sentAt = [];
  const times = [];
  let seenAs = '';
  // A message that cannot be sent is a lost one.
  socket.on('error', () => {});
  socket.on('message', (bytes) => {
    const [number, from] = bytes.toString().split(' ');
    times.push(performance.now() - sentAt[Number(number)]);
    seenAs = from;
  });
  for (let number = 0; number < count; number++) {
    sentAt.push(performance.now());
    socket.send(String(number), PORT, address, () => {});
    await pause(PAUSE_MS);
  }
  const deadline = performance.now() + PATIENCE_MS;
  while (times.length < count && performance.now() < deadline) await pause(PAUSE_MS);
  console.log(JSON.stringify({ lost: 100 - (times.length / count) * 100, leastMs: Math.min(...times), seenAs }));
  process.exit();
}

async function hold(address) {
  const socket = connect(PORT, address);
  socket.on('connect', () => console.log('connected'));
  const [{ code }] = await once(socket, 'error');
  if (code === 'ECONNREFUSED') {
    await pause(DIAL_PAUSE_MS);
    return hold(address);
  }
  console.log(code);
}

async function stream(address) {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  const began = performance.now();
  for (let sent = 0; ; await pause(1)) {
    for (const due = performance.now() - began; sent < due; sent++) socket.send('x', PORT, address, () => {});
  }
}

async function gaps() {
  const socket = createSocket('udp4');
  let last = performance.now();
  let longest = 0;
  let came = 0;
  socket.on('message', () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    came++;
  });
  process.stdin.on('data', () => {
    console.log(`${longest.toFixed(1)} ${came}`);
    longest = 0;
    came = 0;
  });
  socket.bind(PORT, () => console.log('ready'));
}

const [what, address, count] = process.argv.slice(2);
await { answer, ask, hold, stream, gaps }[what](address, Number(count));
