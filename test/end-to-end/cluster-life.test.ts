// Machines that come and go: what services are told, what waits and goes on, what a durable message survives.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Cluster, until } from '../support/cluster.ts';
import { LineClient } from '../support/line-client.ts';

const WORDS =
  'PING,FENCE,NEW_REMOTE_CONNECTION,DISCONNECTED,HANGUP,CLUSTER_UP,CLUSTER_DOWN,CLUSTER_COMPLETE,CLUSTER_INCOMPLETE';
const FAST = ['--reconnect-max', '300ms'];

describe('three machines in a line', () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = new Cluster([
      { name: 'n1', args: FAST },
      { name: 'n2', dials: ['n1'], args: FAST },
      { name: 'n3', dials: ['n2'], args: FAST },
    ]);
    await cluster.start();
  });
  afterEach(() => cluster.stop());

  test('services hear of a machine that stops in order, is killed, and comes again', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    const w2 = await cluster.join('w2', 'n2', WORDS);
    expect(await cluster.daemon('n3').stop()).toBe(0);
    await w2.expect('<n2:communicatord ./DISCONNECTED server_name=n3');
    await w2.expect('<n2:communicatord ./CLUSTER_INCOMPLETE neighbors_count=3');
    await w1.expect('<n1:communicatord ./CLUSTER_INCOMPLETE neighbors_count=3');
    await cluster.startDaemon('n3');
    await w2.expect('<n2:communicatord ./NEW_REMOTE_CONNECTION server_name=n3');
    await w2.expect('<n2:communicatord ./CLUSTER_COMPLETE neighbors_count=3');
    await w1.expect('<n1:communicatord ./CLUSTER_COMPLETE neighbors_count=3');
    await cluster.daemon('n2').kill();
    await w1.expect('<n1:communicatord ./HANGUP server_name=n2');
    await w1.expect('<n1:communicatord ./CLUSTER_DOWN neighbors_count=3');
    await w1.expect('<n1:communicatord ./CLUSTER_INCOMPLETE neighbors_count=3');
    await cluster.startDaemon('n2');
    await w1.expect('<n1:communicatord ./NEW_REMOTE_CONNECTION server_name=n2');
    await w1.skipTo('<n1:communicatord ./CLUSTER_COMPLETE neighbors_count=3');
  });

  test('a daemon in the middle is killed and comes again: nothing is lost, doubled or out of order', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    const w3 = await cluster.join('w3', 'n3', 'PING');
    const count = 4000;
    let sent = 0;
    const timer = setInterval(() => {
      for (let burst = 0; burst < 20 && sent < count; burst++) w1.send(`w3/PING n=${++sent}`);
    }, 5);
    await until('a quarter is sent', () => sent > count / 4);
    await cluster.daemon('n2').kill();
    await until('half is sent', () => sent > count / 2);
    await cluster.startDaemon('n2');
    await until('all is sent', () => sent === count);
    clearInterval(timer);
    for (let number = 1; number <= count; number++) await w3.expect(`<n1:w1 w3/PING n=${number}`);
  });

  test('what was sent to a machine that is away goes there when it comes', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    const w3 = await cluster.join('w3', 'n3', 'PING');
    await cluster.daemon('n3').stop();
    await w1.skipTo('<n1:communicatord ./CLUSTER_INCOMPLETE neighbors_count=3');
    for (let number = 1; number <= 5; number++) w1.send(`w3/PING n=${number}`);
    w1.send('n3:w3/PING n=6;cache=durable;message_id=m6');
    await w1.expect('<n1:communicatord TRANSMISSION_REPORT command=PING;message_id=m6;status=cached');
    w3.socket.destroy();
    const { port } = await cluster.startDaemon('n3');
    const again = await LineClient.register({ port }, 'w3', 'PING');
    for (let number = 1; number <= 5; number++) await again.expect(`<n1:w1 w3/PING n=${number}`);
    await again.expect('<n1:w1 n3:w3/PING n=6;cache=durable;message_id=m6');
    await again.close();
  });

  test('an answer to a passing client waits for the way to its machine', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    const asking = await LineClient.registerPassing({ port: cluster.daemon('n3').port }, 'tool');
    asking.send('w1/PING n=1');
    await w1.expect('<n3:tool_1 w1/PING n=1');
    await cluster.daemon('n2').kill();
    await w1.skipTo('<n1:communicatord ./CLUSTER_INCOMPLETE neighbors_count=3');
    w1.send('n3:tool_1/PONG n=1');
    w1.send('n3:tool_1/PONG n=2;cache=durable;message_id=m2');
    await w1.expect('<n1:communicatord TRANSMISSION_REPORT command=PONG;message_id=m2;status=cached');
    await cluster.startDaemon('n2');
    await asking.expect('<n1:w1 n3:tool_1/PONG n=1');
    await asking.expect('<n1:w1 n3:tool_1/PONG n=2;cache=durable;message_id=m2');
    await asking.close();
  });

  test('an answer that a passing client did not wait for holds up none for the next of its name', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    const { port } = cluster.daemon('n3');
    const impatient = await LineClient.registerPassing({ port }, 'tool');
    impatient.send('w1/PING n=1');
    await w1.expect('<n3:tool_1 w1/PING n=1');
    await impatient.close();
    w1.send('n3:tool_1/PONG n=1');
    await until('n3 has returned it', async () => {
      w1.send('DAEMON_STATUS');
      return (await w1.next())?.includes(';kept=1;') === true;
    });
    const patient = await LineClient.registerPassing({ port }, 'tool');
    patient.send('w1/PING n=2');
    await w1.expect('<n3:tool_1 w1/PING n=2');
    w1.send('n3:tool_1/PONG n=2');
    await patient.expect('<n1:w1 n3:tool_1/PONG n=1');
    await patient.expect('<n1:w1 n3:tool_1/PONG n=2');
    await patient.close();
  });

  test('a durable message survives the death of the daemon that holds it, and of the one that had taken it', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    w1.send('w3/PING n=1;cache="durable;ttl=1h";message_id=m1');
    await w1.expect('<n1:communicatord TRANSMISSION_REPORT command=PING;message_id=m1;status=cached');
    const { directory } = cluster.daemon('n1');
    await cluster.restart('n1');
    expect(cluster.daemon('n1').directory).toBe(directory);
    const w3 = await LineClient.register({ port: cluster.daemon('n3').port }, 'w3', 'PING');
    await w3.expect(/^<n1:w1 w3\/PING cache="durable;ttl=1h";message_id=m1;n=1;redelivered=1$/);
    await w3.close();
  });

  test('a daemon that comes back as one that others have heard more of begins anew', async () => {
    const identity = join(cluster.daemon('n3').directory, 'data', 'identity.json');
    const comeAs = async (incarnation: number): Promise<void> => {
      await cluster.daemon('n3').stop();
      writeFileSync(identity, JSON.stringify({ ...JSON.parse(readFileSync(identity, 'utf8')), incarnation }));
      await cluster.startDaemon('n3');
    };
    // As when the data path is restored from a copy while the clock is wrong.
    const farAhead = 5_000_000_000;
    await comeAs(farAhead);
    const w1 = await cluster.join('w1', 'n1', WORDS);
    await cluster.join('other', 'n3', 'PING');
    const first = await cluster.join('w3', 'n3', 'PING');
    for (let number = 1; number <= 20; number++) w1.send(`w3/PING n=${number}`);
    for (let number = 1; number <= 20; number++) await first.expect(`<n1:w1 w3/PING n=${number}`);
    await comeAs(farAhead);
    const daemon = cluster.daemon('n3');
    await until('n3 is ready again', () => daemon.log().split('"msg":"ready"').length === 3);
    expect(daemon.log()).toContain('beginning anew: other machines take what this one sends for what they have had');
    // What is sent to the life that is over may be lost with it: one of the new life's own services says that it is known.
    const again = await LineClient.register({ path: daemon.unixPath }, 'w4', 'PING');
    await cluster.untilKnown('n3:w4', true, ['n1']);
    w1.send('w4/PING n=21');
    await again.expect('<n1:w1 w4/PING n=21');
    again.send('w1/PING n=22');
    await w1.skipTo('<n3:w4 w1/PING n=22');
    await again.close();
    expect(await daemon.stop()).toBe(0);
  });

  test('a sender keeps to an instance as long as it goes on, and after a silence takes the nearest', async () => {
    const w1 = await cluster.join('w1', 'n1', WORDS);
    const far = await LineClient.register({ port: cluster.daemon('n3').port }, 'images', 'PING');
    await cluster.untilKnown('n3:images');
    w1.send('images/PING n=1');
    await far.expect('<n1:w1 images/PING n=1');
    const near = await LineClient.register({ port: cluster.daemon('n2').port }, 'images', 'PING');
    await cluster.untilKnown('n2:images');
    // Longer than a silence, without one. (A machine that stood still for a second would be one.)
    const until = Date.now() + 2500;
    let number = 1;
    for (let last = Date.now(); Date.now() < until; last = Date.now()) {
      w1.send(`images/PING n=${++number}`);
      const line = await far.next();
      if (Date.now() - last < 500) expect(line).toBe(`<n1:w1 images/PING n=${number}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    w1.send(`images/PING n=${++number}`);
    await near.expect(`<n1:w1 images/PING n=${number}`);
    await Promise.all([near.close(), far.close()]);
  });

  test('SHUTDOWN over links that prove nothing stops this machine only', async () => {
    const tool = await LineClient.connect({ path: cluster.daemon('n1').unixPath });
    tool.send('SHUTDOWN');
    expect(await cluster.daemon('n1').ended()).toBe(0);
    await until('n3 has refused it', () => cluster.daemon('n3').log().includes('SHUTDOWN needs a privilege'));
    expect(cluster.daemon('n2').log()).not.toContain('"msg":"stopping"');
  });
});

describe('machines that share a secret', () => {
  const directory = mkdtempSync(join(tmpdir(), 'snapcom-secret-'));
  const file = join(directory, 'secret');
  writeFileSync(file, 'a secret of all machines\n', { mode: 0o600 });
  const args = ['--cluster-secret-file', file];
  const cluster = new Cluster([
    { name: 'n1', args },
    { name: 'n2', dials: ['n1'], args },
    { name: 'n3', dials: ['n2'], args },
  ]);
  beforeAll(() => cluster.start());
  afterAll(async () => {
    await cluster.stop();
    rmSync(directory, { recursive: true });
  });

  test('SHUTDOWN stops them all', async () => {
    const tool = await LineClient.connect({ path: cluster.daemon('n1').unixPath });
    tool.send('SHUTDOWN');
    const codes = await Promise.all(['n1', 'n2', 'n3'].map((name) => cluster.daemon(name).ended()));
    expect(codes).toEqual([0, 0, 0]);
  });
});
