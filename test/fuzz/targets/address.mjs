// Addresses: a text is one or is refused with a sentence; what was read is written so that it reads the same; no password is told.

import { AddressError, formatAddress, hidePassword, parseAddress } from 'snapcommunicator';
import { hashOf } from '../engine/random.mjs';
import { show } from '../oracles/messages.mjs';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const SCHEMES = [undefined, 'sc', 'scs', 'scu'];
const SECRET = 'pa55word';
/** Where it must be hidden: behind a user's `:` and before an `@`, with or without a scheme; and nowhere else is it there. */
const HAS_SECRET = /^(?:(?:scs?|scu|cds?|cdu):(?:\/\/)?|[a-z]+:\/\/)?user:pa55word@(?!.*pa55word)/is;

function checkRefusal(text, error) {
  if (!(error instanceof AddressError)) throw error;
  if (HAS_SECRET.test(text) && error.message.includes(SECRET)) throw new Error(`a password is told: ${error.message}`);
}

function checkAddress(address) {
  const text = formatAddress(address, { withPassword: true });
  const again = parseAddress(text);
  for (const name of new Set([...Object.keys(address), ...Object.keys(again)])) {
    if (address[name] !== again[name])
      throw new Error(`${show(address)} was written ${show(text)}, read ${show(again)}`);
  }
  const { password } = address;
  if (password !== SECRET) return;
  for (const shown of [formatAddress(address), hidePassword(text)]) {
    if (shown.includes(`:${SECRET}@`)) throw new Error(`a password is told: ${shown}`);
  }
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: [
    'sc:',
    'scs://',
    'scu:',
    'cd:',
    '//',
    '@',
    '[::1]',
    '127.0.0.1',
    ':4040',
    '%40',
    '%',
    '%00',
    'user:pa55word@',
    'localhost',
    'fe80::1%eth0',
  ],
  seeds: () => [
    ...[
      'sc://127.0.0.1:4040',
      'sc:///run/snapcommunicator/communicatord.sock',
      'scs://user:pa55word@host:4043',
      'scu://[::1]',
    ],
    ...[
      'cd:10.0.0.5',
      'cds://198.51.100.7',
      'cdu:/run/x.sock',
      '127.0.0.1:4040',
      '/run/x.sock',
      'scs:///run/x',
      'sc://a:99999',
    ],
    ...[
      'user:pa55word@host',
      'scs://user:pa55word@a b',
      'sc://user:pa55word@host',
      'scs://us%40er:%70@[fe80::1]:1',
      '',
    ],
  ],
  run(bytes) {
    const text = decoder.decode(bytes);
    const scheme = SCHEMES[hashOf(bytes) % SCHEMES.length];
    let address;
    try {
      address = parseAddress(text, scheme === undefined ? {} : { scheme });
    } catch (error) {
      return checkRefusal(text, error);
    }
    checkAddress(address);
  },
};
