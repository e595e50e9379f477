// `npm run dev [-- flags of the daemon]`: runs one daemon, and builds and restarts it when a source changes.
import { once } from 'node:events';
import { chooseAddresses, greeting, passSignalsOn, ready, startDaemon } from './daemon.mjs';
import { at, buildFingerprint, run } from './lib.mjs';

/** How often to look at the sources. Node's own watching loses files that an editor replaces, a look costs little. */
const lookMs = 300;

let daemon;
let built;
let greeted = false;
let stopping = false;

passSignalsOn(() => daemon);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => (stopping = true));

const addresses = await chooseAddresses();
while (!stopping) {
  const sources = buildFingerprint();
  if (sources === built) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  } else {
    built = sources;
    await rebuild();
  }
}
await endDaemon();

async function rebuild() {
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
