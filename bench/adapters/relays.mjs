// Two programs that look at nothing: `pipe` in Node, what a daemon in Node can hope for, and `relay` in C, the machine.
import { fileURLToPath } from 'node:url';

import { programPath } from '../lib/generator.mjs';
import { lineBlock, receiverPattern, senderPattern } from '../lib/traffic.mjs';

const PIPE = fileURLToPath(new URL('../contenders/pipe.mjs', import.meta.url));
const ready = Buffer.from('READY\n');

/** Its own, and that of the next one. */
const portsOf = ({ place, stations }) => stations.slice(place, place + 2).map(({ port }) => String(port));

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
  command: (station) => ({ program: process.execPath, arguments: [PIPE, ...portsOf(station)] }),
  pump,
};

export const relay = {
  name: 'relay',
  missing: () => undefined,
  command: (station) => ({ program: programPath('relay'), arguments: portsOf(station) }),
  pump,
};
