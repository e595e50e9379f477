// The same round trip as library.mjs on bare sockets: ready-made lines, no parsing, counting line ends only.
// usage: raw.mjs ask|answer PORT SECONDS; the result is one line of JSON, the answering side says "ready"
import { connect } from 'node:net';

const [mode, port, secondsText] = process.argv.slice(2);
const milliseconds = Number(secondsText) * 1000;
const WARM_UP = 2000;
const LF = 10;
const value = 'x'.repeat(60);

const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
socket.write(`REGISTER service=${mode === 'ask' ? 'aa' : 'bb'};version=1\n`);

function onLine(handle) {
  socket.on('data', (chunk) => {
    if (chunk[chunk.length - 1] === LF) handle(chunk);
  });
}

function answer() {
  const line = `aa/PONG a=${value}\n`;
  onLine((chunk) => {
    if (chunk.includes(' READY ')) console.log('ready');
    else if (!chunk.includes(' HELP')) socket.write(line);
  });
}

function ask() {
  const line = `bb/PING a=${value}\n`;
  const times = [];
  let began = 0;
  let last = 0;
  let rounds = 0;
  onLine((chunk) => {
    if (chunk.includes(' HELP') && !chunk.includes(' READY ')) return;
    const now = performance.now();
    if (++rounds > WARM_UP) {
      if (began === 0) began = now;
      else times.push((now - last) * 1000);
      if (now - began >= milliseconds) return finish(times);
    }
    last = performance.now();
    socket.write(line);
  });
}

function finish(times) {
  times.sort((a, b) => a - b);
  console.log(
    JSON.stringify({ p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], count: times.length }),
  );
  socket.destroy();
}

({ ask, answer })[mode]();
