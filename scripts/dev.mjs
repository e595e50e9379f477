// `npm run dev [-- flags of the daemon]`: runs one daemon, and builds and restarts it when a source changes.
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chooseAddresses, greeting, passSignalsOn, ready, startDaemon } from './daemon.mjs';
import { at, run, workspaces } from './lib.mjs';

/** Editors write in several steps, and save several files at once. */
const settleMs = 100;

let daemon;
let changed = true;
let stopping = false;
let wake = () => {};

passSignalsOn(() => daemon);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    stopping = true;
    wake();
  });
}

let timer;
for (const workspace of workspaces()) {
  watch(at(workspace, 'src'), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed = true;
      wake();
    }, settleMs);
  });
}

const addresses = await chooseAddresses();
let greeted = false;
while (!stopping) {
  if (changed) await rebuild();
  else await new Promise((resolve) => (wake = resolve));
}
await endDaemon();
process.exit(0);

async function rebuild() {
  changed = false;
  const { code } = await run(process.execPath, [at('scripts/setup.mjs')], { stdio: 'inherit' });
  // What does not compile leaves the daemon that runs in peace.
  if (code !== 0 || stopping) return;
  await endDaemon();
  daemon = startDaemon(addresses, process.argv.slice(2));
  if ((await ready(daemon, addresses)) && !greeted) {
    greeted = true;
    console.log(greeting(addresses));
  }
}

async function endDaemon() {
  if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await ended;
}
