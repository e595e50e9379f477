// `npm run demo`: a cluster on this machine, two data centres of seven machines, with a shop's services that talk all the
// time, and something that fails and is mended every minute. It needs no root, and ends with Ctrl-C.
//
//     --seconds N        ends by itself after so long
//     --every SECONDS    how often something fails (60); 0: never
//     --visits N         visitors a second at each front end (6)
//     --directory DIR    for its files (.run/demo)
//
// SIGUSR2 mends what has failed, and nothing fails any more.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MACHINES, Machines } from './demo/machines.mjs';
import { troublesOf } from './demo/troubles.mjs';
import { at, fail, run } from './lib.mjs';

const DIRECTORY = '.run/demo';
/** Shows whose directory it is. */
const MARK = 'of-the-demo';
/** So much of the time between two troubles each lasts. */
const TROUBLE_SHARE = 0.4;
const SERVICES_MS_MAX = 5000;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string' },
    every: { type: 'string', default: '60' },
    visits: { type: 'string', default: '6' },
    directory: { type: 'string', default: at(DIRECTORY) },
  },
});
for (const name of ['seconds', 'every', 'visits'])
  if (options[name] !== undefined && !(Number(options[name]) >= 0))
    fail(`--${name} is ${options[name]}, expected a number`);

const directory = resolve(options.directory);
const machines = new Machines(directory, (text) => {
  if (isEnding) return;
  console.error(text);
  void end(1);
});
let services;
let isEnding = false;
let isCalm = false;
let lastOrder = 0;
let counts = { visits: 0, failures: 0 };
const wakers = new Set();

takeDirectory();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end());
process.on('SIGUSR2', calm);
// Whatever goes wrong here, nothing is left running.
process.on('exit', () => {
  services?.kill('SIGKILL');
  machines.kill();
});

try {
  await machines.start();
  if (!isEnding) await startServices();
  await untilComplete();
  if (!isEnding) greet();
  if (!isEnding && options.seconds !== undefined) setTimeout(() => void end(), Number(options.seconds) * 1000);
  if (Number(options.every) > 0) await makeTrouble(Number(options.every) * 1000);
} catch (error) {
  if (!isEnding) console.error(error);
  await end(1);
}

/** Takes the directory for this process, and empties it: each demo begins anew. */
function takeDirectory() {
  const file = `${directory}/pid`;
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (pid > 0 && isDemo(pid))
    fail(`A demo runs in ${directory} already, as process ${pid}. Give --directory, or end it.`);
  const isOurs = directory === at(DIRECTORY) || existsSync(`${directory}/${MARK}`);
  if (existsSync(directory) && readdirSync(directory).length > 0 && !isOurs)
    fail(`${directory} holds other files than those of a demo: give another --directory.`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/${MARK}`, 'All of this directory is removed when the demo is started again.\n');
  writeFileSync(file, `${process.pid}\n`);
}

function isDemo(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('demo.mjs');
  } catch {
    return false;
  }
}

async function startServices() {
  const sockets = Object.fromEntries(MACHINES.map(({ name }) => [name, machines.socketOf(name)]));
  const words = [at('scripts/demo/services.mjs'), JSON.stringify(sockets), options.visits];
  services = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true });
  services.on('message', (message) => {
    counts = message.counts ?? counts;
  });
  services.once('exit', (code, signal) => {
    if (isEnding) return;
    console.error(`the services of the demo ended (${signal ?? code})`);
    void end(1);
  });
  await heard(0);
}

/** Has the services do something; resolves when they have. */
async function tellServices(order, value) {
  if (isEnding) return;
  const id = ++lastOrder;
  services.send({ order, value, id });
  await heard(id);
}

function heard(id) {
  return new Promise((resolve) => {
    const done = () => {
      services.off('message', look);
      services.off('exit', done);
      resolve();
    };
    const look = (message) => {
      if (message.id === id) done();
    };
    services.on('message', look);
    services.once('exit', done);
  });
}

async function snapcom(...words) {
  return run(process.execPath, [at('bin/snapcom'), ...words, '--to', `sc://${machines.socketOf('web1')}`]);
}

/** Waits until every machine is seen from the first, and every service. */
async function untilComplete() {
  const wanted = MACHINES.map(({ name }) => name);
  while (!isEnding) {
    const [servers, known] = await Promise.all([snapcom('servers', '--json'), snapcom('services', '--json')]);
    const isLinked = wanted.every((name) => servers.output.includes(`"${name}"`));
    if (isLinked && known.output.split('"service":"agent"').length > wanted.length) return;
    await pause(200);
  }
}

function greet() {
  const every = Number(options.every);
  console.log(`
A shop runs on ${MACHINES.length} machines in two data centres. See it at

    ${machines.consoleUrl}

or in a second terminal:

    export SNAPCOMMUNICATOR=sc://${machines.socketOf('web1')}
    bin/snapcom map
    bin/snapcom top
    bin/snapcom sniff 'command==ORDER'
    bin/snapcom why --count 1 'command==CHARGE'
    bin/snapcom what-if --without db2
    bin/snapcom flag list

${every > 0 ? `Every ${every} s something fails, and is mended a little later. ` : ''}It ends with Ctrl-C.
`);
}

/** One thing after the other fails and is mended, as long as the demo lasts. */
async function makeTrouble(everyMs) {
  const troubles = troublesOf({ machines, services: tellServices, snapcom });
  for (let place = 0; !isEnding && !isCalm; place = (place + 1) % troubles.length) {
    await pause(everyMs * (1 - TROUBLE_SHARE));
    if (isEnding || isCalm) return;
    const { text, begin, end: mend } = troubles[place];
    tell(text);
    await begin();
    await pause(everyMs * TROUBLE_SHARE);
    if (isEnding) return;
    await mend();
    const { visits, failures } = counts;
    tell(
      `mended; ${visits.toLocaleString('en-US')} visits so far, ${failures.toLocaleString('en-US')} of them in vain`,
    );
  }
}

function calm() {
  isCalm = true;
  for (const wake of wakers) wake();
}

/** Is over at once when the demo ends, or is to be calm. */
function pause(ms) {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
  });
}

function tell(text) {
  console.log(`${new Date().toLocaleTimeString('en-GB')}  ${text}`);
}

async function end(code = 0) {
  if (isEnding) return;
  isEnding = true;
  process.exitCode = code;
  for (const wake of wakers) wake();
  if (services !== undefined && services.exitCode === null && services.signalCode === null) {
    const ended = once(services, 'exit');
    services.kill('SIGTERM');
    const late = setTimeout(() => services.kill('SIGKILL'), SERVICES_MS_MAX);
    await ended;
    clearTimeout(late);
  }
  await machines.stop();
  rmSync(`${directory}/pid`, { force: true });
  process.exit();
}
