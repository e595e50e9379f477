// C++ daemons among ours: n1 – n2 are linked, `fake` with n2, `both` with n1 and n2; what a service sees, and what they see.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { balancedLedger } from '../support/ledger.ts';
import { LineClient } from '../support/line-client.ts';

const QUIET = ['--alive-interval', '1h', '--compat-control'];

/** An envelope as a C++ daemon puts it, with `HOST` for its address. */
const ENVELOPE =
  'broadcast_hops=1;broadcast_informed_neighbors=HOST;broadcast_originator=HOST;broadcast_timeout=9999999999;secure_remote=false';

const CONVERSATIONS: Readonly<Record<string, string>> = {
  'a service that it has announced is found from anywhere': `
    w1> w9/PING n=1
    fake< <n1:w1 w9/PING broadcast_hops=1;broadcast_informed_neighbors=HOST_OF_N2;broadcast_msgid=…;broadcast_originator=HOST_OF_N2;broadcast_timeout=…;n=1;secure_remote=false`,
  'and by its machine': `
    w1> FAKE:w9/PING n=2
    fake< <n1:w1 FAKE:w9/PING …;n=2;…`,
  'what nobody knows is asked there': `
    w1> ghost/PING n=3
    fake< <n1:w1 ghost/PING …;n=3;…
    w2> ghost/PING n=4
    fake< <n2:w2 ghost/PING …;n=4;…`,
  'what belongs here, and was here a moment ago, is waited for': `
    w2 leaves
    w1> w2/PING n=5
    w2 comes
    w2< <n1:w1 w2/PING n=5`,
  'a machine that nobody knows is waited for': `
    w1> nowhere:w9/PING n=6;transmission_report=failure
    w1< <n1:communicatord TRANSMISSION_REPORT command=PING;status=cached`,
  'from there to a service anywhere, which sees it as it was sent': `
    fake> <fake:w9 w1/PING n=7;broadcast_msgid=fake-7;ENVELOPE
    w1< <fake:w9 w1/PING n=7
    w1> fake:w9/PONG n=7
    fake< <n1:w1 fake:w9/PONG …;n=7;…
    fake> <fake:w9 n1:w1/PING b="x;y";a=\\\\
    w1< <fake:w9 n1:w1/PING a=\\\\;b="x;y"`,
  'a machine behind it is answered by the same way': `
    fake> <beyond:x w1/PING n=8;broadcast_msgid=beyond-8;ENVELOPE
    w1< <beyond:x w1/PING n=8
    w1> beyond:x/PONG n=8
    fake< <n1:w1 beyond:x/PONG …;n=8;…`,
  'a broadcast reaches it once, and comes from it once': `
    w1> */PING n=9
    w2< <n1:w1 */PING n=9
    fake< <n1:w1 */PING …;n=9;…
    w2> ?/PING n=10
    w1< <n2:w2 ?/PING n=10
    fake< <n2:w2 ?/PING …;n=10;…
    fake> <fake:w9 */PING n=11;broadcast_msgid=fake-11;ENVELOPE
    w1< <fake:w9 */PING n=11
    w2< <fake:w9 */PING n=11
    fake> <fake:w9 */PING n=11;broadcast_msgid=fake-11;ENVELOPE`,
  'a daemon of ours answers it, and its own answers come back': `
    fake> <fake:w9 n1:communicatord/ALIVE serial=12
    fake< <n1:communicatord fake:w9/ABSOLUTELY …;serial=12
    w1> fake:communicatord/ALIVE serial=13
    fake< <n1:w1 fake:communicatord/ALIVE …;serial=13
    fake> n1:w1/ABSOLUTELY serial=13
    w1< n1:w1/ABSOLUTELY serial=13`,
  'it hears what became of its messages': `
    fake> <fake:w9 nobody/PING transmission_report=failure
    fake< <n2:communicatord fake:w9/TRANSMISSION_REPORT …;command=PING;reason=absent;…
    fake> <fake:w9 w1/PING cache="no;reply";n=14
    w1< <fake:w9 w1/PING cache="no;reply";n=14`,
  'it cannot speak for a service of the machine that it is linked with': `
    fake> <n2:w2 w1/PING n=15`,
  'what is no message goes no further': `
    w1> w9/PING broken
    fake> w1/P-NG
    fake< <n2:communicatord INVALID command=UNDEFINED;message=…`,
  'where a service is that only it has, nobody claims to know': `
    w1> SERVICE_STATUS service=ghost
    w1< <n1:communicatord STATUS cache=no;service=ghost;status=unknown`,
};

describe('behind one border', () => {
  const cluster = new Cluster([
    { name: 'n1', args: QUIET },
    { name: 'n2', dials: ['n1'], args: QUIET },
  ]);
  const fill = (script: string): string =>
    script
      .replaceAll('ENVELOPE', ENVELOPE.replaceAll('HOST', cluster.peerHostOf('fake')))
      .replaceAll('HOST_OF_N2', cluster.hostOf('n2'));

  beforeAll(async () => {
    await cluster.start();
    await cluster.join('w1', 'n1', 'PING');
    await cluster.join('w2', 'n2', 'PING');
    await cluster.connectPeer('fake', 'n2', 'fake', ';services=w9;heard_of=rumour');
    await reaches(cluster, 'w1', 'fake', 'fake');
  });
  afterAll(() => cluster.stop());

  test.each(Object.entries(CONVERSATIONS))('%s', async (_title, script) => {
    await cluster.converse(fill(script));
  });

  test('after all that the ledgers balance', async () => {
    const n1 = await balancedLedger(cluster.daemon('n1').port);
    const n2 = await balancedLedger(cluster.daemon('n2').port);
    expect([n1.ended.opaque > 0, n2.ended.opaque > 0, n2.came.opaque > 0]).toEqual([false, true, true]);
  });
});

describe('linked with two of ours', () => {
  const cluster = new Cluster([
    { name: 'n1', args: QUIET },
    { name: 'n2', dials: ['n1'], args: QUIET },
  ]);

  beforeAll(async () => {
    await cluster.start();
    await cluster.join('w1', 'n1', 'PING');
    await cluster.join('w2', 'n2', 'PING');
    await cluster.connectPeer('both1', 'n1', 'both');
    await cluster.connectPeer('both2', 'n2', 'both');
    await reaches(cluster, 'w1', 'both1', 'both');
    await reaches(cluster, 'w2', 'both2', 'both');
  });
  afterAll(() => cluster.stop());

  test('a broadcast of ours bears one id on both links, so that it is taken once', async () => {
    cluster.client('w1').send('*/PING n=1');
    await cluster.client('w2').expect('<n1:w1 */PING n=1');
    const [first, second] = [await cluster.client('both1').next(), await cluster.client('both2').next()];
    expect(idIn(first)).toMatch(/./);
    expect(idIn(second)).toBe(idIn(first));
    // What is said to be another one of that machine's comes from there by itself, if it is true.
    const detour = second?.replace(idIn(first), idIn(first).replace(/\d+$/, '999999')) ?? '';
    cluster.client('both2').send(detour);
    await cluster.expectSilence();
  });

  test.each([
    ['a broadcast', '*/PING'],
    ['a message for one', 'w1/PING'],
  ])('%s that it repeats over both links arrives once', async (_what, head) => {
    const host = cluster.peerHostOf('both');
    const id = `both-${head.length}`;
    const line = `<both:x ${head} n=2;broadcast_msgid=${id};${ENVELOPE.replaceAll('HOST', host)}`;
    cluster.client('both1').send(line);
    cluster.client('both2').send(line);
    await cluster.client('w1').expect(`<both:x ${head} n=2`);
    if (head.startsWith('*')) await cluster.client('w2').expect(`<both:x ${head} n=2`);
    await cluster.expectSilence();
  });
});

describe('the life of a link', () => {
  test('two of ours that only a C++ daemon joins', async () => {
    const cluster = new Cluster([
      { name: 'n1', args: QUIET },
      { name: 'n2', args: QUIET },
    ]);
    try {
      await cluster.startDaemon('n1');
      await cluster.startDaemon('n2');
      const [left, right] = [
        await cluster.connectPeer('left', 'n1', 'mid'),
        await cluster.connectPeer('right', 'n2', 'mid'),
      ];
      const w1 = await LineClient.register({ port: cluster.daemon('n1').port }, 'w1', 'PING');
      const w2 = await LineClient.register({ port: cluster.daemon('n2').port }, 'w2', 'PING');
      for (const [head, from, over, to, at] of [
        ['*/PING', w1, left, right, w2],
        ['w2/PING', w1, left, right, w2],
        ['w1/PING', w2, right, left, w1],
        ['*/PING', w2, right, left, w1],
      ] as const) {
        from.send(`${head} n=1`);
        const [name, server] = from === w1 ? ['w1', 'n1'] : ['w2', 'n2'];
        to.send(await over.expect(new RegExp(`^<${server}:${name} `)));
        await at.expect(`<${server}:${name} ${head} n=1`);
      }
      // The way back, by the name of the machine, which is heard of by then.
      w2.send('n1:w1/PONG');
      left.send(await right.expect(/^<n2:w2 n1:w1\/PONG /));
      await w1.expect('<n2:w2 n1:w1/PONG');
      for (const client of [w1, w2]) await client.close();
    } finally {
      await cluster.stop();
    }
  });

  test('services hear of it; what is for it while it is away waits, in order; silence ends it', async () => {
    const cluster = new Cluster([{ name: 'n1', args: ['--alive-interval', '500ms', '--compat-control'] }]);
    try {
      await cluster.start();
      const heard = 'NEW_REMOTE_CONNECTION,DISCONNECTED,HANGUP,CLUSTER_INCOMPLETE';
      const w1 = await cluster.join('w1', 'n1', heard);
      const first = await cluster.connectPeer('fake', 'n1', 'fake', ';services=w9');
      await w1.expect('<n1:communicatord ./NEW_REMOTE_CONNECTION server_name=fake');
      first.send('DISCONNECT');
      await w1.expect('<n1:communicatord ./DISCONNECTED server_name=fake');
      await w1.expect('<n1:communicatord ./CLUSTER_INCOMPLETE neighbors_count=2');
      for (const n of [1, 2, 3]) w1.send(`fake:w9/PING n=${n}`);
      w1.send('fake:w9/PING cache=durable;message_id=m4;n=4');
      await w1.expect('<n1:communicatord TRANSMISSION_REPORT command=PING;message_id=m4;status=cached');
      const second = await cluster.connectPeer('fake', 'n1', 'fake', ';services=w9');
      await w1.expect('<n1:communicatord ./NEW_REMOTE_CONNECTION server_name=fake');
      const beat = setInterval(() => second.send('ABSOLUTELY'), 100);
      for (const n of [1, 2, 3, 4]) await second.skipTo(new RegExp(`fake:w9/PING .*;n=${n};`));
      // It connects anew while the old connection still stands: that gives way, and nobody is alarmed.
      const third = await cluster.connectPeer('fake', 'n1', 'fake', ';services=w9');
      await second.until(() => second.isClosed, 'the end of the old connection');
      clearInterval(beat);
      w1.send('fake:w9/PING n=5');
      await third.skipTo(/ fake:w9\/PING .*;n=5;/);
      // It answers nothing.
      await third.skipTo(/^<n1:communicatord ALIVE serial=/);
      await w1.expect('<n1:communicatord ./HANGUP server_name=fake');
    } finally {
      await cluster.stop();
    }
  });

  test('loads are told both ways', async () => {
    const cluster = new Cluster([{ name: 'n1', args: [...QUIET, '--loadavg-interval', '100ms'] }]);
    try {
      await cluster.start();
      const w1 = await cluster.join('w1', 'n1');
      const fake = await cluster.connectPeer('fake', 'n1', 'fake');
      fake.send('<fake:communicatord REGISTER_FOR_LOADAVG');
      const own = `avg=[\\d.]+;my_address=${cluster.hostOf('n1')}:4042;timestamp=[\\d.]+`;
      for (let times = 0; times < 3; times++) await fake.expect(new RegExp(`^<n1:communicatord LOADAVG ${own}$`));
      w1.send(`LISTEN_LOADAVG ips=${cluster.peerHostOf('fake')}`);
      await w1.fence();
      const load = `LOADAVG avg=1.25;my_address=${cluster.peerHostOf('fake')}:4042;timestamp=1795353889.5`;
      fake.send(`<fake:communicatord ${load}`);
      await w1.expect(`<n1:communicatord ${load}`);
    } finally {
      await cluster.stop();
    }
  });

  test('what nobody knows waits until somebody may know; what belongs here goes nowhere else', async () => {
    const services = mkdtempSync(join(tmpdir(), 'snapcom-services-'));
    writeFileSync(join(services, 'own.service'), '');
    const cluster = new Cluster([{ name: 'n1', args: [...QUIET, '--services', services] }]);
    try {
      await cluster.start();
      const w1 = await cluster.join('w1', 'n1');
      for (const to of ['ghost', 'own', 'ghost']) w1.send(`${to}/PING`);
      await w1.fence();
      const fake = await cluster.connectPeer('fake', 'n1', 'fake');
      for (let times = 0; times < 2; times++) await fake.expect(/^<n1:w1 ghost\/PING /);
      w1.send('own/PING');
      const own = await cluster.join('own', 'n1');
      for (let times = 0; times < 2; times++) await own.expect('<n1:w1 own/PING');
      await cluster.expectSilence();
    } finally {
      await cluster.stop();
      rmSync(services, { recursive: true });
    }
  });

  test('another machine by its name is refused for a day, one that we cannot read for minutes', async () => {
    const cluster = new Cluster([{ name: 'n1', args: QUIET }]);
    try {
      await cluster.start();
      await cluster.connectPeer('fake', 'n1', 'fake');
      const refused = async (server: string, address: string): Promise<string> => {
        const client = await LineClient.connect({ host: cluster.hostOf('n1'), port: 4042 }, 'rival');
        client.send(`CONNECT version=1;my_address=${address};server_name=${server}`);
        return client.expect(/^<n1:communicatord REFUSE /);
      };
      expect(await refused('fake', '10.9.9.9:4042')).toBe('<n1:communicatord REFUSE conflict=name');
      expect(await refused('n1', '10.9.9.9:4042')).toBe('<n1:communicatord REFUSE conflict=name');
      expect(await refused('other', 'nonsense')).toBe('<n1:communicatord REFUSE reason=malformed;shutdown=true');
    } finally {
      await cluster.stop();
    }
  });

  test('a daemon that says conflict=name after it was linked means a second connection: it is waited for, without alarm', async () => {
    const cluster = new Cluster([{ name: 'n1' }]);
    const host = cluster.peerHostOf('fake');
    const dialed: LineClient[] = [];
    const server = createServer((socket) => void dialed.push(LineClient.adopt(socket, 'fake')));
    server.listen({ host, port: 4042 });
    /** The next connection that n1 opens and does not only ask to be called by. */
    const dial = async (): Promise<LineClient> => {
      for (;;) {
        await until('n1 dials', () => dialed.length > 0);
        const client = dialed.shift() as LineClient;
        const line = await client.next();
        if (line?.startsWith('<n1:communicatord CONNECT ')) return client;
        client.send('<fake:communicatord RECEIVED');
      }
    };
    try {
      const args = [...QUIET, '--neighbors', `${host}:4042`, '--reconnect-min', '50ms', '--reconnect-max', '1h'];
      args.push('--gossip-wait', '0s');
      const daemon = await cluster.startDaemon('n1', { args });
      const first = await dial();
      first.send(`<fake:communicatord ACCEPT server_name=fake;my_address=${host}:4042`);
      await first.expect('<n1:communicatord HELP');
      await first.expect('<n1:communicatord REGISTER_FOR_LOADAVG');
      first.send('<fake:communicatord DISCONNECT');
      // Without the link before, this would be two machines of one name, and the next attempt an hour away.
      (await dial()).send('<fake:communicatord REFUSE conflict=name');
      // The same if the other one had dialed.
      const third = await dial();
      const second = await cluster.connectPeer('fake', 'n1', 'fake');
      third.send('<fake:communicatord REFUSE conflict=name');
      // Time for an attempt that finds itself linked and gives up: the link's end must bring on another.
      await pause(300);
      second.send('DISCONNECT');
      await dial();
      expect(daemon.log()).not.toContain('two machines have one name');
    } finally {
      server.close();
      for (const { socket } of dialed) socket.destroy();
      await cluster.stop();
    }
  });

  test('SHUTDOWN reaches C++ daemons behind any of ours, and from one of them all of ours', async () => {
    const cluster = new Cluster([
      { name: 'n1', args: QUIET },
      { name: 'n2', dials: ['n1'], args: QUIET },
    ]);
    try {
      await cluster.start();
      const w1 = await cluster.join('w1', 'n1');
      const near = await cluster.connectPeer('near', 'n1', 'near');
      const far = await cluster.connectPeer('far', 'n2', 'far');
      near.send('<near:communicatord SHUTDOWN');
      await far.expect('<n2:communicatord SHUTDOWN');
      await far.expect('<n2:communicatord DISCONNECT');
      await near.expect('<n1:communicatord DISCONNECT');
      await w1.until(() => w1.isClosed, 'the end');
      expect(await cluster.daemon('n2').ended()).toBe(0);
    } finally {
      await cluster.stop();
    }
  });
});

const idIn = (line: string | undefined): string => /broadcast_msgid=([^;]*)/.exec(line ?? '')?.[1] ?? '';

/** Waits until messages for a peer leave by it. */
async function reaches(cluster: Cluster, from: string, connection: string, server: string): Promise<void> {
  const peer = cluster.client(connection);
  await until(`${from} reaches ${connection}`, async () => {
    cluster.client(from).send(`${server}:communicatord/FENCE cache=no`);
    await peer.fence();
    return peer.lines.length > 0;
  });
  await cluster.client(from).fence();
  await peer.fence();
  peer.lines.length = 0;
}
