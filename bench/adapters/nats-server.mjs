// nats-server, the yardstick: subjects stand for services, subscribers of one subject for a broadcast.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lineClient } from '../lib/line-client.mjs';
import { versionOf } from '../lib/processes.mjs';
import { payloadOf, plan, receiverPattern } from '../lib/traffic.mjs';

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false}\r\n';
const PONG = Buffer.from('PONG\r\n');
const PING_BYTES = 6;
const PAYLOAD = payloadOf(128);
const ATTEMPTS_MAX = 100;
const ATTEMPT_MS = 50;

const hello = (subject) => Buffer.from(`${CONNECT}${subject ? `SUB ${subject} 1\r\n` : ''}PING\r\n`);

export const natsServer = {
  name: 'nats-server',

  missing() {
    return versionOf('nats-server') === undefined ? 'it is not installed (apt-get install nats-server)' : undefined;
  },

  /** Several are a cluster: all linked to all, as such clusters are. */
  command({ directory, port, linkPort, place, stations }) {
    const file = join(directory, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${port}"`,
      'max_pending: 256MB',
      'write_deadline: "30s"',
      'max_connections: 20000',
    ];
    if (linkPort !== undefined) {
      const routes = stations.map((station) => `"nats://127.0.0.1:${station.linkPort}"`);
      lines.push(`server_name: "n${place}"`);
      lines.push(`cluster { name: "bench", listen: "127.0.0.1:${linkPort}", routes: [${routes.join(', ')}] }`);
    }
    writeFileSync(file, `${lines.join('\n')}\n`);
    return { program: 'nats-server', arguments: ['-c', file] };
  },

  /** Says the same again until it comes out at the other end: what is published before routes are up is lost. */
  async joined(targets) {
    const [publisher, subscriber] = await Promise.all([lineClient(targets[0]), lineClient(targets.at(-1))]);
    await subscriber.write(`${CONNECT}SUB probe 1\r\n`);
    await publisher.write(CONNECT);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      await publisher.write('PUB probe 1\r\nx\r\n');
      const isHeard = (await subscriber.line(/^MSG probe/, ATTEMPT_MS)) !== undefined;
      if (!isHeard) continue;
      publisher.close();
      subscriber.close();
      return;
    }
    throw new Error('nats-server: the cluster did not come together');
  },

  pump(shape) {
    const payload = payloadOf(shape.size);
    const subject = (destination) => (shape.fanOut ? 'rx' : destination);
    const messages = plan(shape).map(({ destination }) => subject(destination));
    const delivered = messages.map((to) => `MSG ${to} 1 ${payload.length}\r\n${payload}\r\n`.length);
    return {
      receiverHello: hello(subject(receiverPattern(shape))),
      receiverAwait: PONG,
      senderHello: hello(),
      senderAwait: PONG,
      block: Buffer.from(messages.map((to) => `PUB ${to} ${payload.length}\r\n${payload}\r\n`).join('')),
      messages: messages.length,
      delivered: delivered.reduce((sum, length) => sum + length, 0),
      // It says PING to every client some two seconds after it connected.
      surplusPerConnection: PING_BYTES,
    };
  },

  roundTrip() {
    const size = PAYLOAD.length;
    return {
      askerHello: hello('aa'),
      askerAwait: PONG,
      answererHello: hello('bb'),
      answererAwait: PONG,
      request: Buffer.from(`PUB bb aa ${size}\r\n${PAYLOAD}\r\n`),
      reply: Buffer.from(`PUB aa ${size}\r\n${PAYLOAD}\r\n`),
      requestDelivered: `MSG bb 1 aa ${size}\r\n${PAYLOAD}\r\n`.length,
      replyDelivered: `MSG aa 1 ${size}\r\n${PAYLOAD}\r\n`.length,
      skip: 'PING\r\n',
    };
  },

  idle() {
    return { hello: hello('svc@@@@'), await: PONG };
  },
};
