// `npm start [-- flags of the daemon]`: runs one daemon without root, its files in .run/, and says what to try next.
import { chooseAddresses, greeting, passSignalsOn, ready, startDaemon } from './daemon.mjs';

const addresses = await chooseAddresses();
const daemon = startDaemon(addresses, process.argv.slice(2));
passSignalsOn(() => daemon);
daemon.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
if (await ready(daemon, addresses)) console.log(greeting(addresses));
