// The daemon of this checkout: how it is started for a measurement, and what its clients say.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../lib/places.mjs';
import { commandList, line, lineBlock, receiverPattern, SERVER_NAME, senderPattern } from '../lib/traffic.mjs';

const PROGRAM = join(ROOT, 'bin/snapcommunicatord');
const BUNDLE = join(ROOT, 'packages/daemon/dist/bundle/snapcommunicatord.js');
const ROUND_TRIP_BYTES = 128;

const register = (name) => Buffer.from(`REGISTER service=${name};version=1\n`);
const stamp = (sender) => `<${SERVER_NAME}:${sender} `;

export const snapcommunicatord = {
  name: 'snapcommunicatord',
  unix: true,

  missing() {
    return existsSync(BUNDLE) ? undefined : 'it is not built: npm run setup';
  },

  /** Everything that it does by default stays on; only what would meet another daemon of this machine is moved or off. */
  command({ directory, port, unixPath, options = {} }) {
    const flags = {
      'server-name': SERVER_NAME,
      'local-listen': `127.0.0.1:${port}`,
      'unix-listen': unixPath,
      signal: 'none',
      console: 'none',
      'data-path': join(directory, 'data'),
      ...options,
    };
    return {
      program: process.execPath,
      arguments: [PROGRAM, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])],
    };
  },

  pump(shape) {
    const receiver = receiverPattern(shape);
    // The answer to ALIVE says that COMMANDS, before it, has been read.
    const listed = `COMMANDS list=${commandList(shape).join(',')}\nALIVE serial=1;timestamp=1\n`;
    return {
      receiverHello: Buffer.concat([register(receiver), Buffer.from(listed)]),
      receiverAwait: Buffer.from('ABSOLUTELY '),
      senderHello: register(senderPattern(shape)),
      senderAwait: Buffer.from('READY '),
      ...lineBlock(shape, { stamp: stamp(senderPattern(shape)) }),
    };
  },

  roundTrip() {
    return {
      askerHello: register('aa'),
      askerAwait: Buffer.from('READY '),
      answererHello: register('bb'),
      answererAwait: Buffer.from('READY '),
      request: Buffer.from(line('bb/', 'PING', ROUND_TRIP_BYTES)),
      reply: Buffer.from(line('aa/', 'PONG', ROUND_TRIP_BYTES)),
      requestDelivered: ROUND_TRIP_BYTES + stamp('aa').length,
      replyDelivered: ROUND_TRIP_BYTES + stamp('bb').length,
    };
  },

  idle() {
    return { hello: register('svc@@@@'), await: Buffer.from('READY ') };
  },
};
