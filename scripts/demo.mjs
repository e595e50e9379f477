// `npm run demo`: a small cluster on this machine, two data centres, with services that talk all the time.
//
//     east: harbour, bridge, tower      west: mill, forge
//
// Within a data centre links are plain; bridge – mill and tower – forge are TLS, with keys made here. All of it is in
// .run/demo/, and ends with Ctrl-C.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { at, run } from './lib.mjs';

const directory = at('.run/demo');
const remotePort = 4042;
const securePort = 4043;
/** The whole of 127.0.0.0/8 is this machine: each daemon has an address of its own. */
const machines = [
  { name: 'harbour', area: 'east', host: '127.4.0.1', neighbors: [] },
  { name: 'bridge', area: 'east', host: '127.4.0.2', neighbors: ['127.4.0.1'] },
  { name: 'tower', area: 'east', host: '127.4.0.3', neighbors: ['127.4.0.1', '127.4.0.2'] },
  { name: 'mill', area: 'west', host: '127.4.1.1', neighbors: ['scs://127.4.0.2'] },
  { name: 'forge', area: 'west', host: '127.4.1.2', neighbors: ['127.4.1.1', 'scs://127.4.0.3'] },
];
const snapcom = (...words) => run(process.execPath, [at('bin/snapcom'), ...words]);
const socketOf = (name) => `${directory}/${name}/communicatord.sock`;

const children = [];
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end());
// Whatever goes wrong here, nothing is left running.
process.on('exit', () => {
  for (const child of children) child.kill('SIGTERM');
});

mkdirSync(directory, { recursive: true });
await makeKeys();
const ports = await freePorts(machines.length);
for (const [place, machine] of machines.entries()) start('bin/snapcommunicatord', flagsOf(machine, ports[place]));
start(
  'scripts/demo-services.mjs',
  machines.map(({ name }) => `${name}=${socketOf(name)}`),
);
await untilComplete();
if (!isEnding) greet();

async function makeKeys() {
  rmSync(`${directory}/keys`, { recursive: true, force: true });
  await mustWork(snapcom('keys', 'init', '--directory', `${directory}/keys`));
  for (const { name, host } of machines)
    await mustWork(snapcom('keys', 'add', name, '--address', host, '--directory', `${directory}/keys`));
}

async function mustWork(running) {
  const { code, output } = await running;
  if (code !== 0) throw new Error(`the keys of the demo could not be made: ${output}`);
}

function flagsOf({ name, area, host, neighbors }, port) {
  const home = `${directory}/${name}`;
  mkdirSync(home, { recursive: true });
  const options = {
    config: 'none',
    'server-name': name,
    'data-center': area,
    'local-listen': `127.0.0.1:${port}`,
    'unix-listen': socketOf(name),
    signal: 'none',
    console: 'none',
    'data-path': `${home}/data`,
    'log-level': 'warn',
    'remote-listen': `${host}:${remotePort}`,
    'secure-listen': `scs://${host}:${securePort}`,
    certificate: `${directory}/keys/${name}.crt`,
    'private-key': `${directory}/keys/${name}.key`,
    'certificate-authority': `${directory}/keys/ca.crt`,
  };
  const flags = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
  return neighbors.length === 0 ? flags : [...flags, '--neighbors', neighbors.join(',')];
}

function start(program, words) {
  // The warning that plain links prove nothing is for those who run a cluster, not for who looks at a demo.
  const child = spawn(process.execPath, [at(program), ...words], { stdio: ['ignore', 'inherit', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    if (!text.includes('plain links prove nothing')) process.stderr.write(text);
  });
  child.on('exit', (code) => {
    if (!isEnding) console.error(`${program} ended with ${code}`);
    void end(code ?? 1);
  });
  children.push(child);
}

/** Waits until every machine is seen from the first. */
async function untilComplete() {
  const names = machines.map(({ name }) => name);
  while (!isEnding) {
    const { output } = await snapcom('servers', '--json', '--to', `sc://${socketOf('harbour')}`);
    if (names.every((name) => output.includes(`"${name}"`))) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function greet() {
  console.log(`
A cluster of ${machines.length} machines in two data centres runs here. In a second terminal:

    export SNAPCOMMUNICATOR=sc://${socketOf('harbour')}
    bin/snapcom map
    bin/snapcom trace forge:orders
    bin/snapcom what-if --without bridge
    bin/snapcom sniff 'command==ORDER'

It ends with Ctrl-C.
`);
}

async function end(code = 0) {
  if (isEnding) return;
  isEnding = true;
  process.exitCode = code;
  const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
  const ended = Promise.all(running.map((child) => once(child, 'exit')));
  for (const child of running) child.kill('SIGTERM');
  await ended;
}

/** So many ports on the loopback address that nobody has. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const found = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}
