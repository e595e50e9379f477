// Runs a daemon of this checkout for one person at a keyboard: without root, its files in .run/, on free addresses.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { at } from './lib.mjs';

const host = '127.0.0.1';
const defaults = { local: 4040, signal: 4041, console: 4044 };
const readyPollMs = 20;
/** What the kernel takes as the path of a Unix socket, in bytes, without the NUL at its end. */
const unixPathBytesMax = 107;

/** Chooses where the daemon listens: the default addresses if nobody else is there. */
export async function chooseAddresses() {
  const free = (await tcpPort(defaults.local)) !== 0 && (await udpPort(defaults.signal)) !== 0;
  const socket = at('.run/communicatord.sock');
  return {
    local: free ? defaults.local : await tcpPort(0),
    signal: free ? defaults.signal : await udpPort(0),
    console: (await tcpPort(defaults.console)) || (await tcpPort(0)),
    unix: Buffer.byteLength(socket) <= unixPathBytesMax ? socket : undefined,
    /** Whether tools find this daemon without being told: they look for a Unix socket before they try the port. */
    foundByDefault: free && !(await Promise.all(defaultUnixSockets().map((path) => answers({ path })))).includes(true),
  };
}

/** Starts the daemon; the caller listens to the child process that is returned. */
export function startDaemon({ local, signal, console: consolePort, unix }, flags = []) {
  mkdirSync(at('.run/data'), { recursive: true });
  const options = {
    'local-listen': `${host}:${local}`,
    'unix-listen': unix ?? 'none',
    signal: `${host}:${signal}`,
    console: `${host}:${consolePort}`,
    'data-path': at('.run/data'),
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(process.execPath, [at('bin/snapcommunicatord'), ...args, ...flags], { stdio: 'inherit' });
}

/** Resolves to true when the daemon takes connections, to false if it ended before. */
export async function ready(daemon, { local }) {
  while (daemon.exitCode === null && daemon.signalCode === null) {
    if (await answers({ host, port: local })) return true;
    await new Promise((resolve) => setTimeout(resolve, readyPollMs));
  }
  return false;
}

/** Passes Ctrl-C and SIGTERM on to the daemon that `current()` names; it ends in order, and so do we. */
export function passSignalsOn(current) {
  // Ctrl-C in a terminal reaches the daemon by itself, a signal sent to us alone does not; twice does no harm.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => current()?.kill('SIGTERM'));
}

/** What to say once the daemon is ready. */
export function greeting({ local, console: consolePort, unix, foundByDefault }) {
  const address = `sc://${host}:${local}`;
  const lines = ['', `Snap! Communicator is ready at ${address}${unix ? ` and ${unix}` : ''}`, ''];
  if (!foundByDefault) {
    lines.push('Another communicator has the default addresses. In each terminal, name this one first:', '');
    lines.push(`    export SNAPCOMMUNICATOR=${unix ? `sc://${unix}` : address}`, '');
  }
  lines.push(`Look at it in a browser: http://${host}:${consolePort}`, '');
  lines.push('Try, in a second and a third terminal (here is where it ends, with Ctrl-C):', '');
  lines.push('    bin/snapcom listen hello PING', '    bin/snapcom send hello/PING text=hi', '');
  if (foundByDefault && unix) {
    lines.push(`What needs a privilege (stop, sniff) goes through the Unix socket: --to sc://${unix}`, '');
  }
  return lines.join('\n');
}

/** The port if it is free on the loopback address (for 0: one that is), else 0. */
function tcpPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(0));
    server.listen({ host, port }, () => {
      const found = server.address().port;
      server.close(() => resolve(found));
    });
  });
}

function udpPort(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('error', () => resolve(0));
    socket.bind({ address: host, port }, () => {
      const found = socket.address().port;
      socket.close(() => resolve(found));
    });
  });
}

function answers(address) {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Where the tools look before they try the default port. */
function defaultUnixSockets() {
  const { RUNTIME_DIRECTORY: service, XDG_RUNTIME_DIR: user } = process.env;
  return [service, user, '/run/snapcommunicator', '/run/communicator']
    .filter(Boolean)
    .map((directory) => `${directory}/communicatord.sock`);
}
