// Starting and ending the programs that are measured: each on ports of its own, known to be up before it is used.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const READY_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 8_000;
const OUTPUT_KEPT_BYTES = 4096;
const LINE_LENGTH_MAX = 16;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const givenPorts = new Set();

/** A TCP port of the loopback interface that nobody listens on at this moment, and that was not given out before. */
export async function freePort() {
  for (;;) {
    const server = createServer();
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    // The system may give the same one again at once, and then two programs that are about to start would want it.
    if (givenPorts.has(port)) continue;
    givenPorts.add(port);
    return port;
  }
}

/**
 * Starts a contender freshly and waits until it accepts connections.
 *
 * @param line.length so many of it, each linked to the next: senders are at the first, receivers at the last
 * @param line.isSecure the links are under TLS
 * @returns `{ pid, address, port, unixPath, directory, child, output(), alive(), stop() }` of the first, where `address`
 *   is what the generators take: `tcp:PORT`, or `unix:PATH` when that was asked for and the contender has a Unix socket;
 *   `pids` of all, separated by commas, and `lastAddress`.
 */
export async function startContender(adapter, { transport = 'tcp', options = {}, line = {} } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'snapbench-'));
  const byUnix = transport === 'unix' && adapter.unix === true;
  const isSecure = line.isSecure === true && !adapter.isAlwaysPlain;
  const stations = await placesOf(Math.min(line.length ?? 1, adapter.lineLengthMax ?? LINE_LENGTH_MAX), directory);
  const started = [];
  const stop = async () => {
    const ends = await Promise.all(started.map((station) => station.stop()));
    rmSync(directory, { recursive: true, force: true });
    return ends[0];
  };
  try {
    for (const [place, station] of stations.entries()) {
      const command = adapter.command({ ...station, byUnix, options, isSecure, place, stations });
      started.push(startProgram(adapter.name, command, station));
    }
    const targets = stations.map(({ port, unixPath }) => (byUnix ? { path: unixPath } : { host: '127.0.0.1', port }));
    for (const [place, target] of targets.entries()) await accepting(target, started[place]);
    if (stations.length > 1) await adapter.joined?.(targets);
    const addresses = stations.map(({ port, unixPath }) => (byUnix ? `unix:${unixPath}` : `tcp:${port}`));
    return {
      ...started[0],
      ...stations[0],
      pids: started.map(({ pid }) => pid).join(),
      address: addresses[0],
      lastAddress: addresses.at(-1),
      target: targets[0],
      output: () => started.map((station) => station.output()).join(''),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where each of a line has its socket for clients, its socket for neighbours, and its files. */
async function placesOf(count, directory) {
  const stations = [];
  for (let place = 0; place < count; place++) {
    const own = count === 1 ? directory : join(directory, String(place));
    mkdirSync(own, { recursive: true });
    stations.push({
      port: await freePort(),
      linkPort: count === 1 ? undefined : await freePort(),
      directory: own,
      unixPath: join(own, 's.sock'),
    });
  }
  return stations;
}

/** Starts a program of a contender. */
export function startProgram(name, command, { directory }) {
  const child = spawn(command.program, command.arguments, {
    cwd: directory,
    env: { ...process.env, ...command.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(-OUTPUT_KEPT_BYTES);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      keep(error.message);
      resolve();
    });
    child.once('exit', resolve);
  }).then(() => running.delete(child));
  return {
    name,
    pid: child.pid,
    child,
    output: () => output,
    alive: () => running.has(child),
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(late);
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
}

/** Waits until a connection is accepted, or says why there will be none. */
export async function accepting(target, contender) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (!contender.alive()) throw new Error(`${contender.name} ended before it listened: ${contender.output().trim()}`);
    if (await accepts(target)) return;
    await pause(10);
  }
  throw new Error(`${contender.name} did not listen within ${READY_TIMEOUT_MS} ms: ${contender.output().trim()}`);
}

function accepts(target) {
  return new Promise((resolve) => {
    const socket = connect(target);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Resident memory of a process in kB. */
export function residentKilobytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? Number.NaN);
}

/** Processor time of a process and its threads in seconds. */
export function processorSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The first line that a program prints about its version, or undefined when the program is not there. */
export function versionOf(program, flags = ['--version']) {
  try {
    return execFileSync(program, flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      .split('\n')[0]
      .trim();
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    return `${error.stdout ?? ''}${error.stderr ?? ''}`.split('\n')[0].trim();
  }
}
