// The prototype that found the limit, when BENCH_PROTOTYPE names the directory where it lies prepared (see the README).
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { line, lineBlock, receiverPattern, SERVER_NAME, senderPattern } from '../lib/traffic.mjs';

const directory = process.env.BENCH_PROTOTYPE ?? '';
const ROUND_TRIP_BYTES = 128;
const registered = Buffer.from('REGISTERED\n');
const register = (name) => Buffer.from(`REGISTER service=${name}\n`);

/** It knows one head, `NAME/`, and names of at most 15 characters: rows with others are compared with that. */
const known = (shape) => ({ ...shape, head: 'plain', names: 'short' });

export const prototype = {
  name: 'prototype',
  unix: true,

  missing() {
    if (directory === '') return 'BENCH_PROTOTYPE is not set';
    const program = join(directory, 'as/route.wasm');
    return existsSync(program) ? undefined : `${program} is not there`;
  },

  command({ port, unixPath, byUnix }) {
    return {
      program: process.execPath,
      arguments: [join(directory, 'd-wasm.js'), byUnix ? `unix:${unixPath}` : `tcp:${port}`],
      environment: { FLUSH: 'imm', RB: '131072', OC: '139264' },
    };
  },

  pump(wanted) {
    const shape = known(wanted);
    const hello = `REGISTER service=${receiverPattern(shape)}\n${shape.fanOut ? 'LISTEN group=rx\n' : ''}`;
    const stamp = `<${SERVER_NAME}:${senderPattern(shape)} `;
    return {
      receiverHello: Buffer.from(hello),
      receiverAwait: registered,
      senderHello: register(senderPattern(shape)),
      senderAwait: registered,
      ...lineBlock(shape, shape.fanOut ? { stamp, address: () => 'rx/' } : { stamp }),
    };
  },

  roundTrip() {
    const delivered = ROUND_TRIP_BYTES + `<${SERVER_NAME}:aa `.length;
    return {
      askerHello: register('aa'),
      askerAwait: registered,
      answererHello: register('bb'),
      answererAwait: registered,
      request: Buffer.from(line('bb/', 'PING', ROUND_TRIP_BYTES)),
      reply: Buffer.from(line('aa/', 'PONG', ROUND_TRIP_BYTES)),
      requestDelivered: delivered,
      replyDelivered: delivered,
    };
  },

  idle() {
    return { hello: register('svc@@@@'), await: registered };
  },
};
