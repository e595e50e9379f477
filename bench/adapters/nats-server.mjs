// nats-server, the yardstick: subjects stand for services, subscribers of one subject for a broadcast.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { versionOf } from '../lib/processes.mjs';
import { payloadOf, plan, receiverPattern } from '../lib/traffic.mjs';

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false}\r\n';
const PONG = Buffer.from('PONG\r\n');
const PING_BYTES = 6;
const PAYLOAD = payloadOf(128);

const hello = (subject) => Buffer.from(`${CONNECT}${subject ? `SUB ${subject} 1\r\n` : ''}PING\r\n`);

export const natsServer = {
  name: 'nats-server',

  missing() {
    return versionOf('nats-server') === undefined ? 'it is not installed (apt-get install nats-server)' : undefined;
  },

  command({ directory, port }) {
    const file = join(directory, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${port}"`,
      'max_pending: 256MB',
      'write_deadline: "30s"',
      'max_connections: 20000',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return { program: 'nats-server', arguments: ['-c', file] };
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
