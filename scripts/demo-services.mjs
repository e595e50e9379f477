// The services of the demo: shops order at the forge, the mill grinds, sensors tell everybody, a ledger keeps count.
// Arguments: MACHINE=SOCKET of each daemon.
import { connect } from '../packages/client/dist/index.js';

const sockets = new Map(process.argv.slice(2).map((word) => word.split('=')));
const every = (ms, act) => setInterval(() => void Promise.resolve(act()).catch(() => undefined), ms);

/** Connects a service to its machine; it reconnects by itself for ever. */
function join(service, machine) {
  return connect({ service, address: `sc://${sockets.get(machine)}` });
}

const orders = await join('orders', 'forge');
orders.on('ORDER', async (message, { reply }) => {
  await orders
    .message('GRIND')
    .to('flour')
    .param('bags', message.parameters.bags ?? '1')
    .send();
  await reply('CONFIRMED', { number: message.parameters.number ?? '' });
});

for (const machine of ['mill', 'bridge']) {
  const flour = await join('flour', machine);
  flour.on('GRIND', () => flour.message('GROUND').to('ledger').param('where', machine).send());
}

const ledger = await join('ledger', 'harbour');
ledger.on('GROUND', () => undefined);
ledger.on('WEATHER', () => undefined);

let number = 0;
for (const machine of ['tower', 'harbour']) {
  const shop = await join('shop', machine);
  every(400, () => shop.request('orders', 'ORDER', { number: String(++number), bags: '2' }, { timeout: 2000 }));
}

for (const machine of sockets.keys()) {
  const sensor = await join('sensor', machine);
  sensor.on('WEATHER', () => undefined);
  every(2000, () =>
    sensor.broadcast('WEATHER', { where: machine, celsius: String(15 + (number % 7)) }, { scope: 'cluster' }),
  );
}
