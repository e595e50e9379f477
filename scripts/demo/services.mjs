// The services of the demo: a shop on the net. Its front ends have visitors, and ask sessions, search, images, stock, orders;
// orders ask billing and write mails. A process of its own; the first argument is a JSON object of sockets by machine.
import { connect } from '../../packages/client/dist/index.js';
import { Actor, chance, now, pause, pick } from './actor.mjs';

const sockets = JSON.parse(process.argv[2]);
const visitsPerSecond = Number(process.argv[3]);
const open = (service, machine) => connect({ service, address: `sc://${sockets[machine]}`, timeout: 20_000 });
const actors = [];
const actor = (service, machines, live) => {
  for (const machine of machines) actors.push(new Actor(service, machine, () => open(service, machine), live));
};
const waves = { periodMs: 150_000, share: 0.5 };
const things = ['lamp', 'chair', 'teapot', 'scarf', 'kettle', 'globe', 'easel', 'violin', 'lantern', 'compass'];
const counts = { visits: 0, failures: 0 };
let isStuck = false;

// What visitors see.

actor('web', ['web1', 'web2', 'web3'], ({ bus, on, again }) => {
  on('CONFIG_CHANGED', () => undefined);
  on('MINUTE', () => undefined);
  const ask = (service, command, parameters) => bus.request(service, command, parameters, { timeout: 3000 });
  const pages = {
    async search() {
      const { parameters } = await ask('search', 'QUERY', { words: pick(things) });
      const shown = (parameters.found ?? '').split(',').slice(0, 3);
      await Promise.all(shown.map((thing) => ask('images', 'THUMBNAIL', { uri: `/${thing}.jpg`, width: '200' })));
    },
    async thing() {
      const thing = pick(things);
      await Promise.all([
        ask('inventory', 'STOCK', { thing }),
        ask('images', 'THUMBNAIL', { uri: `/${thing}.jpg`, width: '800' }),
      ]);
    },
    async order() {
      await ask('orders', 'ORDER', { thing: pick(things), count: String(1 + chance(3)) });
    },
    async login() {
      const { parameters } = await ask('users', 'LOGIN', { user: `user${chance(5000)}`, password: 'open sesame' });
      await ask('sessions', 'OPEN', { user: parameters.user ?? '' });
    },
  };
  const likely = ['search', 'search', 'search', 'thing', 'thing', 'thing', 'order', 'login'];
  again(
    () => -Math.log(1 - Math.random()) * (1000 / (visitsPerSecond * wave())),
    async () => {
      counts.visits++;
      const page = pick(likely);
      const began = now();
      let status = 200;
      try {
        await ask('sessions', 'CHECK', { token: `t${chance(9000)}` });
        await pages[page]();
      } catch {
        counts.failures++;
        status = 503;
      }
      const took = String(Math.round(now() - began));
      await bus.message('ACCESS').to('logs').param('page', page).param('status', status).param('ms', took).send();
    },
  );
});

// What they ask.

actor('sessions', ['db1', 'db2'], ({ on }) => {
  on('CHECK', (_message, { reply }) => reply('SESSION', { user: `user${chance(5000)}` }));
  on('OPEN', ({ parameters }, { reply }) => reply('SESSION', { user: parameters.user ?? '' }));
});

actor('users', ['db1'], ({ on }) => {
  on('LOGIN', async ({ parameters }, { reply }) => {
    // Checking a password takes its time.
    await pause(20 + chance(40));
    await reply('LOGGED_IN', { user: parameters.user ?? '' });
  });
});

actor('search', ['web2', 'media1'], ({ on }) => {
  on('INDEX', () => undefined);
  on('QUERY', async (_message, { reply }) => {
    await pause(2 + chance(12));
    await reply('RESULTS', { found: [pick(things), pick(things), pick(things), pick(things)].join(',') });
  });
});

actor('images', ['web1', 'media1'], ({ bus, on }) => {
  on('THUMBNAIL', async ({ parameters: { uri = '', width = '' } }, { reply }) => {
    if (chance(12) === 0) void bus.message('RESIZE').to('resize').param('uri', uri).param('width', width).send();
    await reply('IMAGE', { uri, bytes: 'x'.repeat(600 + chance(1400)) });
  });
});

// The slow one: a picture at a time. It raises a flag when it falls behind, and lowers it when it has caught up.
actor('resize', ['media1'], ({ bus, on, again }) => {
  const queue = [];
  const behind = bus.flag({ unit: 'media', section: 'resize', name: 'behind' }, { priority: 40, tags: ['media'] });
  let isRaised = false;
  on('RESIZE', ({ parameters }) => void queue.push(parameters.uri ?? ''));
  again(
    () => (isStuck ? 2000 : 60 + chance(120)),
    async () => {
      if (queue.length > 12 !== isRaised && (queue.length > 12 || queue.length < 4)) {
        isRaised = !isRaised;
        await (isRaised ? behind.up(`${queue.length} pictures wait to be resized`) : behind.down());
      }
      const uri = queue.shift();
      if (uri !== undefined) await bus.message('INDEX').to('search').param('uri', uri).send();
    },
  );
});

actor('inventory', ['db2'], ({ on }) => {
  on('STOCK', (_message, { reply }) => reply('STOCKED', { count: String(chance(40)) }));
  on('RESERVE', (_message, { reply }) => reply('RESERVED', { until: String(Math.round(Date.now() / 1000) + 900) }));
});

actor('orders', ['db1', 'db2'], ({ bus, on }) => {
  let number = 0;
  on('ORDER', async ({ parameters: { thing = '', count = '1' } }, { reply }) => {
    const options = { timeout: 2500 };
    await bus.request('inventory', 'RESERVE', { thing, count }, options);
    await bus.request('billing', 'CHARGE', { cents: String(990 * Number(count)) }, options);
    const order = `${bus.server}-${++number}`;
    // The mail may wait for its server; the archive must never lose an order.
    await bus.message('SEND').to('mail').param('about', `order ${order}`).cache({ ttl: '10m' }).send();
    void bus
      .message('ORDERED')
      .to('archive')
      .param('order', order)
      .cache({ durable: true, ttl: '1h' })
      .send()
      .catch(() => {});
    await reply('CONFIRMED', { order });
  });
});

actor('billing', ['db1'], ({ bus, on }) => {
  on('CHARGE', async ({ parameters }, { reply }) => {
    await pause(30 + chance(60));
    await reply('CHARGED', { receipt: String(chance(1e9)) });
    await bus
      .message('SALE')
      .to('reports')
      .param('cents', parameters.cents ?? '0')
      .cache({ ttl: '10m' })
      .send();
  });
});

actor('mail', ['mail1'], ({ bus, on }) => {
  on('SEND', async ({ parameters }) => {
    await pause(50);
    await bus
      .message('MAILED')
      .to('logs')
      .param('about', parameters.about ?? '')
      .send();
  });
});

actor('archive', ['db2'], ({ on }) => on('ORDERED', () => undefined));

actor('logs', ['mail1'], ({ on }) => {
  for (const command of ['ACCESS', 'MAILED', 'LOG_ROTATE']) on(command, () => undefined);
});

// Comes by, takes what was kept for it, and goes again.
actor('reports', ['mail1'], ({ on }) => on('SALE', () => undefined));

// What happens by the clock, and everybody hears.

actor('cron', ['db1'], ({ bus, again }) => {
  again(
    () => 20_000,
    () => bus.broadcast('MINUTE', { at: new Date().toISOString() }, { scope: 'cluster' }),
  );
  again(
    () => 45_000,
    () => bus.broadcast('CONFIG_CHANGED', { revision: String(Date.now()) }, { scope: 'cluster', service: 'web' }),
  );
});

actor('agent', Object.keys(sockets), ({ bus, on, again }) => {
  for (const command of ['LOAD', 'MINUTE']) on(command, () => undefined);
  again(
    () => 4000 + chance(2000),
    () => bus.broadcast('LOAD', { machine: bus.server, load: String(chance(100)) }, { scope: 'network' }),
  );
});

/** More by day than by night, in minutes. */
function wave() {
  return 1 + waves.share * Math.sin((2 * Math.PI * Date.now()) / waves.periodMs);
}

const named = (name) => actors.filter((each) => `${each.service}@${each.machine}` === name);
const orders = {
  join: (name) => Promise.all(named(name).map((each) => each.join())),
  leave: (name) => Promise.all(named(name).map((each) => each.leave())),
  stuck: (isSo) => {
    isStuck = isSo;
  },
};

process.on('message', ({ order, value, id }) => {
  void Promise.resolve(orders[order](value))
    .catch(() => {})
    .then(() => process.send?.({ id }));
});
// Whoever started this has gone: so does this.
for (const event of ['disconnect', 'SIGTERM']) process.once(event, () => void end());

for (const each of actors) await each.join();
process.send?.({ id: 0 });
setInterval(() => process.send?.({ counts }), 1000).unref();
setInterval(() => void comeBy(), 90_000).unref();

async function comeBy() {
  const [reports] = named('reports@mail1');
  await reports?.leave();
  setTimeout(() => void reports?.join().catch(() => {}), 30_000).unref();
}

async function end() {
  await Promise.allSettled(actors.map((each) => each.leave()));
  process.exit(0);
}
