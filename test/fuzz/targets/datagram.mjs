// Datagrams with a proof: only what was signed with the secret is taken, and junk in the proof's parameters is a sentence.

import { isSecretCode, SIGNAL_WINDOW_SECONDS, sign, verify } from 'snapcommunicator/signal';
import { decodeLine, decodeText, encodeMessage } from 'snapcommunicator/wire';
import { hashOf } from '../engine/random.mjs';
import { difference, show } from '../oracles/messages.mjs';
import { spokenLines, validRows } from '../seeds.mjs';

const SECRET = 'the secret of this test';
const NOW = 1_800_000_000;
const NONCE = '0123456789abcdef0123456789abcdef';

const signed = (message, ageSeconds) => encodeMessage(sign(message, SECRET, NOW - ageSeconds, NONCE));

/** What verify takes must be what sign makes: the same message, time and nonce give the same proof. */
function checkTaken(message, { message: proved, nonce }) {
  const { signal_time: time, signal_proof: proof } = message.parameters;
  if (Math.abs(NOW - Number(time)) > SIGNAL_WINDOW_SECONDS) throw new Error(`taken, though its time is ${time}`);
  const again = sign(proved, SECRET, Number(time), nonce);
  if (again.parameters.signal_proof !== proof)
    throw new Error(`taken with a proof of something else: ${show(message)}`);
  for (const name of Object.keys(proved.parameters)) {
    if (name.startsWith('signal_') && name in again.parameters && /_(time|nonce|proof)$/.test(name)) {
      throw new Error(`the proof is still there: ${name}`);
    }
  }
}

/** A message that is signed now is taken and gives the message back; with one parameter more it is refused. */
function checkSigned(message) {
  const { signal_time: _time, signal_nonce: _nonce, signal_proof: _proof, ...parameters } = message.parameters;
  const line = decodeText(signed(message, 0));
  if (line.kind !== 'message') throw new Error(`a signed message reads as ${show(line)}`);
  const taken = verify(line.message, SECRET, NOW);
  if ('problem' in taken) throw new Error(`${taken.problem}: ${show(line.message)}`);
  const plain = { ...message, server: message.service === '' ? '' : message.server, parameters };
  const differs = difference(plain, taken.message);
  if (differs !== undefined) throw new Error(`signed and verified: ${differs}`);
  const changed = { ...line.message, parameters: { ...line.message.parameters, added_later: '1' } };
  const isKnown = Object.hasOwn(parameters, 'added_later');
  if (!isKnown && !('problem' in verify(changed, SECRET, NOW))) throw new Error('taken, though it was changed');
}

/** @type {import('../engine/fuzzer.mjs').Target} */
export default {
  words: [
    ...[
      'signal_time=',
      'signal_nonce=',
      'signal_proof=',
      'secret_code=',
      `signal_time=${NOW}`,
      `signal_nonce=${NONCE}`,
      'f'.repeat(64),
    ],
    ...['+', '1e9', '0x', '\u0661', ';signal_proof=;'],
  ],
  seeds: () => {
    const rows = validRows().slice(0, 100);
    return [
      ...rows.map(({ message }, index) => signed(message, index - 50)),
      ...spokenLines().filter((line) => line.includes('secret')),
      `LOG_ROTATE secret_code=${SECRET}`,
      `{"command":"X","parameters":{"signal_time":${NOW},"signal_nonce":"${NONCE}","signal_proof":"${'0'.repeat(64)}"}}`,
    ];
  },
  run(bytes) {
    const line = decodeLine(bytes, 0, bytes.length);
    if (line.kind !== 'message') return;
    const { message } = line;
    const verification = verify(message, SECRET, NOW);
    if ('problem' in verification) {
      if (verification.problem === '' || verification.problem.length > 300) throw new Error(show(verification.problem));
    } else checkTaken(message, verification);
    const { secret_code: code } = message.parameters;
    if (code !== undefined && isSecretCode(code, SECRET) !== (code === SECRET))
      throw new Error(`secret_code ${show(code)}`);
    // Signing costs three times the rest.
    const isWritable = Object.values(message.parameters).every((text) => text.isWellFormed());
    if (isWritable && hashOf(bytes) % 8 === 0) checkSigned(message);
  },
};
