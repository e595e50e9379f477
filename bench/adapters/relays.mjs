// Two programs that look at nothing: `pipe` in Node, what a daemon in Node can hope for, and `relay` in C, the machine.
import { fileURLToPath } from 'node:url';

import { programPath } from '../lib/generator.mjs';
import { lineBlock, receiverPattern, senderPattern } from '../lib/traffic.mjs';

const PIPE = fileURLToPath(new URL('../contenders/pipe.mjs', import.meta.url));
const ready = Buffer.from('READY\n');

function pump(shape) {
  return {
    receiverHello: Buffer.from(`REGISTER service=${receiverPattern(shape)}\n`),
    receiverAwait: ready,
    senderHello: Buffer.from(`REGISTER service=${senderPattern(shape)}\n`),
    senderAwait: ready,
    ...lineBlock(shape, { stamp: '' }),
  };
}

export const pipe = {
  name: 'pipe',
  missing: () => undefined,
  command: ({ port }) => ({ program: process.execPath, arguments: [PIPE, String(port)] }),
  pump,
};

export const relay = {
  name: 'relay',
  missing: () => undefined,
  command: ({ port }) => ({ program: programPath('relay'), arguments: [String(port)] }),
  pump,
};
