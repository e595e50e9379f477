// A service that uses the client library: it sends as fast as it can, asks one request after the other, or answers them.
// usage: library.mjs send|ask|answer ADDRESS SECONDS; the result is one line of JSON, the answering side says "ready"
import { setImmediate as turn } from 'node:timers/promises';

import { connect, message, param, to } from 'snapcommunicator';

const [mode, address, secondsText] = process.argv.slice(2);
const milliseconds = Number(secondsText) * 1000;
const SENDS_PER_TURN = 500;
const WARM_UP = 2000;

/** As a service would: parts made anew for each message, every promise awaited, the event loop let go on now and then. */
async function send(bus) {
  const value = 'x'.repeat(100);
  let sent = 0;
  let began = performance.now();
  let warm = false;
  for (;;) {
    for (let i = 0; i < SENDS_PER_TURN; i++) await bus.send(message('PING'), to('rx'), param('a', value));
    sent += SENDS_PER_TURN;
    await turn();
    const now = performance.now();
    if (!warm && sent >= 100_000) {
      warm = true;
      began = now;
      sent = 0;
    } else if (warm && now - began >= milliseconds) return { sent, warmUp: 100_000, seconds: (now - began) / 1000 };
  }
}

async function ask(bus) {
  const parameters = { a: 'x'.repeat(60) };
  const once = () => bus.request('bb', 'PING', parameters);
  for (let i = 0; i < WARM_UP; i++) await once();
  const times = [];
  const began = performance.now();
  for (let last = began; last - began < milliseconds; ) {
    await once();
    const now = performance.now();
    times.push((now - last) * 1000);
    last = now;
  }
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], count: times.length };
}

if (mode === 'answer') {
  const bus = await connect({ service: 'bb', address });
  const value = 'x'.repeat(60);
  bus.on('PING', (_message, { reply }) => reply('PONG', { a: value }));
  console.log('ready');
} else {
  const bus = await connect({ service: mode === 'send' ? 'tx1' : 'aa', address });
  const result = await { send, ask }[mode](bus);
  await bus[Symbol.asyncDispose]();
  console.log(JSON.stringify(result));
}
