// mosquitto with MQTT 3.1.1 at quality of service 0, for context.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { versionOf } from '../lib/processes.mjs';
import { payloadOf, plan, receiverPattern } from '../lib/traffic.mjs';

const SETTINGS = [
  'allow_anonymous true',
  'max_queued_messages 0',
  'max_inflight_messages 0',
  'set_tcp_nodelay true',
  'persistence false',
  'log_type none',
];

const CONNECTED = Buffer.from([0x20, 2, 0, 0]);
const SUBSCRIBED = Buffer.from([0x90, 3, 0, 1, 0]);

/** A packet: its type, the length of the rest in sevens of bits, the rest. */
function packet(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = [];
  let left = body.length;
  do {
    length.push((left & 127) | (left > 127 ? 128 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

const text = (value) => Buffer.concat([Buffer.from([value.length >> 8, value.length & 255]), Buffer.from(value)]);
const connect = (id) => packet(0x10, text('MQTT'), [4, 2, 0, 0], text(id));
const publish = (topic, payload) => packet(0x30, text(topic), payload);

export const mosquitto = {
  name: 'mosquitto',

  missing() {
    return versionOf('mosquitto', ['-h']) === undefined ? 'it is not installed (apt-get install mosquitto)' : undefined;
  },

  command({ directory, port }) {
    const file = join(directory, 'mosquitto.conf');
    writeFileSync(file, `listener ${port} 127.0.0.1\n${SETTINGS.join('\n')}\n`);
    return { program: 'mosquitto', arguments: ['-c', file] };
  },

  pump(shape) {
    const payload = payloadOf(shape.size);
    const block = Buffer.concat(plan(shape).map(({ destination }) => publish(destination, payload)));
    return {
      receiverHello: Buffer.concat([connect('rx@@@@'), packet(0x82, [0, 1], text(receiverPattern(shape)), [0])]),
      receiverAwait: SUBSCRIBED,
      senderHello: connect('tx@@@@'),
      senderAwait: CONNECTED,
      block,
      messages: plan(shape).length,
      delivered: block.length,
    };
  },
};
