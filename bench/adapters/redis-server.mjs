// redis-server with publish and subscribe, for context.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { versionOf } from '../lib/processes.mjs';
import { payloadOf, plan, receiverPattern } from '../lib/traffic.mjs';

const SETTINGS = [
  'save ""',
  'appendonly no',
  'daemonize no',
  'client-output-buffer-limit pubsub 0 0 0',
  'client-output-buffer-limit normal 0 0 0',
  'maxclients 15000',
];

const bulk = (...texts) => `*${texts.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('')}`;

export const redisServer = {
  name: 'redis-server',

  missing() {
    return versionOf('redis-server') === undefined ? 'it is not installed (apt-get install redis-server)' : undefined;
  },

  command({ directory, port }) {
    const file = join(directory, 'redis.conf');
    writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${directory}\n${SETTINGS.join('\n')}\n`);
    return { program: 'redis-server', arguments: [file] };
  },

  pump(shape) {
    const payload = payloadOf(shape.size);
    const messages = plan(shape).map(({ destination }) => destination);
    return {
      receiverHello: Buffer.from(bulk('SUBSCRIBE', receiverPattern(shape))),
      receiverAwait: Buffer.from(':1\r\n'),
      senderHello: Buffer.from(bulk('PING')),
      senderAwait: Buffer.from('+PONG\r\n'),
      block: Buffer.from(messages.map((to) => bulk('PUBLISH', to, payload)).join('')),
      messages: messages.length,
      delivered: messages.reduce((sum, to) => sum + bulk('message', to, payload).length, 0),
      answersSenders: true,
    };
  },
};
