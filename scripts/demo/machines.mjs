// The machines of the demo: which there are, how they are linked, and their daemons as processes.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { at, run } from '../lib.mjs';
import { Cable } from './cables.mjs';

const PLAIN_PORT = 4042;
const SECURE_PORT = 4043;
const CONSOLE_PORT = 4044;
const CONSOLE_PORTS = 50;
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;

//   east   web1 ── web2 ──────────── web3   west
//           │  ╲    │  ╲  (TLS)     ╱  │
//           │   ╲   │              ╱   │
//          mail1 ─ db1 ───────── db2 ─ media1
//                       (TLS)
export const MACHINES = [
  { name: 'web1', area: 'east' },
  { name: 'web2', area: 'east' },
  { name: 'db1', area: 'east' },
  { name: 'mail1', area: 'east' },
  { name: 'web3', area: 'west' },
  { name: 'db2', area: 'west' },
  { name: 'media1', area: 'west' },
];

/** Who dials whom; between the data centres it is far, and TLS. */
export const LINKS = [
  { from: 'web1', to: 'web2', delayMs: 0 },
  { from: 'web1', to: 'db1', delayMs: 0 },
  { from: 'web1', to: 'mail1', delayMs: 1 },
  { from: 'web2', to: 'db1', delayMs: 0 },
  { from: 'mail1', to: 'db1', delayMs: 1 },
  { from: 'web3', to: 'db2', delayMs: 0 },
  { from: 'web3', to: 'media1', delayMs: 1 },
  { from: 'media1', to: 'db2', delayMs: 0 },
  { from: 'db1', to: 'db2', delayMs: 9, isSecure: true },
  { from: 'web2', to: 'web3', delayMs: 14, isSecure: true },
];

export class Machines {
  #directory;
  /** The whole of 127.0.0.0/8 is this machine: each demo has a part of it to itself, by its process id. */
  #network = `127.${20 + (process.pid % 60)}.${(process.pid >> 6) % 250}`;
  #cables = new Map();
  #daemons = new Map();
  #consolePort = 0;
  #onDeath;

  /** @param onDeath told when a daemon has ended that nobody has ended */
  constructor(directory, onDeath) {
    this.#directory = directory;
    this.#onDeath = onDeath;
  }

  socketOf(name) {
    return `${this.#directory}/${name}/c.sock`;
  }

  get consoleUrl() {
    return `http://127.0.0.1:${this.#consolePort}`;
  }

  /** Makes keys and secrets, lays the cables, and starts every daemon. */
  async start() {
    mkdirSync(this.#directory, { recursive: true });
    writeFileSync(`${this.#directory}/cluster-secret`, `${randomBytes(24).toString('base64')}\n`, { mode: 0o600 });
    await this.#makeKeys();
    for (const [place, { to, isSecure, from, delayMs }] of LINKS.entries()) {
      const target = { host: this.#hostOf(to), port: isSecure ? SECURE_PORT : PLAIN_PORT };
      const cable = new Cable({ listen: { host: this.#cableOf(place), port: target.port }, target, delayMs });
      await cable.listening();
      this.#cables.set(`${from}–${to}`, cable);
    }
    this.#consolePort = await freePort(CONSOLE_PORT, CONSOLE_PORTS);
    await Promise.all(MACHINES.map(({ name }) => this.startDaemon(name)));
  }

  /** @param link `from–to` */
  cable(link) {
    return this.#cables.get(link);
  }

  /** Starts a daemon, or starts it again with what it has stored. Resolves when it is ready. */
  async startDaemon(name) {
    const home = `${this.#directory}/${name}`;
    mkdirSync(home, { recursive: true });
    const log = `${home}/log`;
    writeFileSync(log, '', { flag: 'a' });
    const seen = readFileSync(log, 'utf8').length;
    const words = [at('bin/snapcommunicatord'), ...this.#flagsOf(name, home, log)];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const daemon = { child, isExpectedToEnd: false, said: '' };
    child.stderr.setEncoding('utf8').on('data', (text) => {
      daemon.said = (daemon.said + text).slice(-10_000);
    });
    this.#daemons.set(name, daemon);
    child.once('exit', (code, signal) => {
      if (daemon.isExpectedToEnd) return;
      const rest = readFileSync(log, 'utf8').slice(seen).trim().split('\n').slice(-5).join('\n');
      this.#onDeath(`the daemon of ${name} ended (${signal ?? code})\n${daemon.said}${rest}`);
    });
    const deadline = performance.now() + READY_MS_MAX;
    while (!readFileSync(log, 'utf8').slice(seen).includes('"msg":"ready"')) {
      if (daemon.isExpectedToEnd || child.exitCode !== null) return;
      if (performance.now() > deadline) throw new Error(`the daemon of ${name} was not ready in time: see ${log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** @param signal SIGTERM: in order; SIGKILL: as if it had lost its power */
  async endDaemon(name, signal) {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined) return;
    daemon.isExpectedToEnd = true;
    const { child } = daemon;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(late);
  }

  async stop() {
    await Promise.all([...this.#daemons.keys()].map((name) => this.endDaemon(name, 'SIGTERM')));
    for (const cable of this.#cables.values()) cable.close();
  }

  /** For when nothing can be waited for any more. */
  kill() {
    for (const { child } of this.#daemons.values()) child.kill('SIGKILL');
  }

  async #makeKeys() {
    const directory = ['--directory', `${this.#directory}/keys`];
    await mustWork('keys', 'init', ...directory);
    for (const { name } of MACHINES) {
      const cables = LINKS.flatMap(({ to }, place) => (to === name ? [this.#cableOf(place)] : []));
      const addresses = [this.#hostOf(name), ...cables].flatMap((host) => ['--address', host]);
      await mustWork('keys', 'add', name, ...addresses, ...directory);
    }
  }

  /** Above those of cables: the smaller address of two asks the other to connect, and that would go round the cable. */
  #hostOf(name) {
    return `${this.#network}.${201 + MACHINES.findIndex((machine) => machine.name === name)}`;
  }

  #cableOf(place) {
    return `${this.#network}.${101 + place}`;
  }

  #flagsOf(name, home, log) {
    const keys = `${this.#directory}/keys`;
    const { area } = MACHINES.find((machine) => machine.name === name);
    const neighbors = LINKS.flatMap(({ from, isSecure }, place) =>
      from === name ? [isSecure ? `scs://${this.#cableOf(place)}` : this.#cableOf(place)] : [],
    );
    const options = {
      config: 'none',
      'server-name': name,
      'data-center': area,
      'local-listen': 'none',
      'unix-listen': this.socketOf(name),
      signal: 'none',
      console: name === MACHINES[0].name ? `127.0.0.1:${this.#consolePort}` : 'none',
      'data-path': `${home}/data`,
      'log-file': log,
      'log-format': 'json',
      'cluster-secret-file': `${this.#directory}/cluster-secret`,
      'remote-listen': `${this.#hostOf(name)}:${PLAIN_PORT}`,
      'secure-listen': `scs://${this.#hostOf(name)}:${SECURE_PORT}`,
      certificate: `${keys}/${name}.crt`,
      'private-key': `${keys}/${name}.key`,
      'certificate-authority': `${keys}/ca.crt`,
      // Nobody finds a way round a cable that is cut.
      gossip: 'false',
      // A link that was cut is there again soon after it is mended.
      'reconnect-max': '2s',
      ...(neighbors.length > 0 && { neighbors: neighbors.join(',') }),
    };
    return Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  }
}

async function mustWork(...words) {
  const { code, output } = await run(process.execPath, [at('bin/snapcom'), ...words]);
  if (code !== 0) throw new Error(`the keys of the demo could not be made: ${output}`);
}

/** The first port of this machine's loopback that nobody has. */
async function freePort(first, count) {
  for (let port = first; port < first + count; port++) {
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`no port from ${first} to ${first + count - 1} is free for the console`);
}
