// The daemon of this checkout: how it is started for a measurement, alone or linked to others, and what its clients say.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { lineClient } from '../lib/line-client.mjs';
import { ROOT, WORK } from '../lib/places.mjs';
import { commandList, line, lineBlock, receiverPattern, SERVER_NAME, senderPattern } from '../lib/traffic.mjs';

const ROUND_TRIP_BYTES = 128;
const LAST_NAME = 'omega';
const JOIN_ATTEMPTS_MAX = 100;
const JOIN_ATTEMPT_MS = 50;

const register = (name) => Buffer.from(`REGISTER service=${name};version=1\n`);
const stamp = (sender, server = SERVER_NAME) => `<${server}:${sender} `;

/** The daemon of a checkout of this repository, by default of this one. */
export const daemonOf = (checkout) => ({
  name: 'snapcommunicatord',
  unix: true,

  missing() {
    const bundle = join(checkout, 'packages/daemon/dist/bundle/snapcommunicatord.js');
    return existsSync(bundle) ? undefined : `${bundle} is not there: npm run setup`;
  },

  /** Everything that it does by default stays on; only what would meet another daemon of this machine is moved or off. */
  command({ directory, port, unixPath, options = {}, isSecure, place, stations }) {
    const flags = {
      'server-name': place === 0 ? SERVER_NAME : place === stations.length - 1 ? LAST_NAME : `middle${place}`,
      'local-listen': `127.0.0.1:${port}`,
      'unix-listen': unixPath,
      signal: 'none',
      console: 'none',
      'data-path': join(directory, 'data'),
      ...(stations.length > 1 && linkFlags(isSecure, stations[place], stations[place - 1])),
      ...options,
    };
    return {
      program: process.execPath,
      arguments: [
        join(checkout, 'bin/snapcommunicatord'),
        ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      ],
    };
  },

  /** Asks the daemon at the other end until it answers. */
  async joined(targets) {
    const probe = await lineClient(targets[0]);
    await probe.register('probe');
    for (let attempt = 0; attempt < JOIN_ATTEMPTS_MAX; attempt++) {
      await probe.write(`${LAST_NAME}:communicatord/ALIVE serial=${attempt};timestamp=1;cache=no\n`);
      if ((await probe.line(new RegExp(`^<${LAST_NAME}:.*ABSOLUTELY`), JOIN_ATTEMPT_MS)) === undefined) continue;
      probe.close();
      return;
    }
    throw new Error(`${LAST_NAME} did not answer over the line: ${probe.lines.slice(-3).join(' | ')}`);
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

  roundTrip(isLine = false) {
    return {
      askerHello: register('aa'),
      askerAwait: Buffer.from('READY '),
      answererHello: register('bb'),
      answererAwait: Buffer.from('READY '),
      request: Buffer.from(line('bb/', 'PING', ROUND_TRIP_BYTES)),
      reply: Buffer.from(line('aa/', 'PONG', ROUND_TRIP_BYTES)),
      requestDelivered: ROUND_TRIP_BYTES + stamp('aa').length,
      replyDelivered: ROUND_TRIP_BYTES + stamp('bb', isLine ? LAST_NAME : SERVER_NAME).length,
    };
  },

  idle() {
    return { hello: register('svc@@@@'), await: Buffer.from('READY ') };
  },
});

/** A line stays a line: nobody links with those that it hears of. */
function linkFlags(isSecure, { linkPort }, before) {
  const listen = isSecure
    ? { 'secure-listen': `scs://127.0.0.1:${linkPort}`, ...keyFlags() }
    : { 'remote-listen': `127.0.0.1:${linkPort}` };
  const scheme = isSecure ? 'scs' : 'sc';
  return { gossip: 'false', ...listen, ...(before && { neighbors: `${scheme}://127.0.0.1:${before.linkPort}` }) };
}

/** One authority and one certificate for all daemons of a line, made by our own tool when they are needed first. */
function keyFlags() {
  const directory = join(WORK, 'keys');
  const files = { certificate: 'alpha.crt', 'private-key': 'alpha.key', 'certificate-authority': 'ca.crt' };
  if (!existsSync(join(directory, files.certificate))) {
    const keys = (...flags) =>
      execFileSync(process.execPath, [join(ROOT, 'bin/snapcom'), 'keys', ...flags, '-d', directory], {
        stdio: 'ignore',
      });
    keys('init');
    keys('add', 'alpha', '--address', '127.0.0.1');
  }
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(directory, file)]));
}

export const snapcommunicatord = daemonOf(ROOT);

/** The same without what a row is about: what it is compared with. */
export const oneDaemon = { ...snapcommunicatord, name: 'one daemon', lineLengthMax: 1 };
export const plainLinks = { ...snapcommunicatord, name: 'plain links', isAlwaysPlain: true };

const earlierCheckout = process.env.BENCH_EARLIER ?? '';
const earlierDaemon = daemonOf(earlierCheckout);

/** The daemon of another checkout, if BENCH_EARLIER names one: whether a row has become slower. */
export const earlier = {
  ...earlierDaemon,
  name: 'earlier',
  missing: () => (earlierCheckout === '' ? 'BENCH_EARLIER is not set' : earlierDaemon.missing()),
};
