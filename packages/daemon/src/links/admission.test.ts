// Who may come in by address: trusted networks, public ones, blocked ones.

import { describe, expect, test } from 'vitest';
import { TRUSTED_BY_DEFAULT } from '../options/addresses.ts';
import { Admission, type AdmissionOptions } from './admission.ts';

const OPTIONS: AdmissionOptions = {
  trustPlain: TRUSTED_BY_DEFAULT,
  publicPlain: false,
  clusterSecretFile: undefined,
  maxFailedLogins: 3,
  failedLoginTime: 1000,
  blockTime: 500,
};

const plain = (own: string, peer: string, changes: Partial<AdmissionOptions> = {}, isConfigured = false): boolean =>
  new Admission({ ...OPTIONS, ...changes }, () => 0).isPlainAllowed(own, peer, isConfigured);

test.each<[string, string, Partial<AdmissionOptions>, boolean]>([
  ['10.0.0.1', '10.0.0.2', {}, true],
  ['fd00::1', 'fd00::2', {}, true],
  ['10.0.0.1', '10.0.0.2', { trustPlain: [{ address: '10.1.0.0', prefix: 16 }] }, false],
  ['10.0.0.1', '10.0.0.2', { trustPlain: [], clusterSecretFile: '/x' }, true],
  ['10.0.0.1', '8.8.8.8', { clusterSecretFile: '/x' }, false],
  ['8.8.8.8', '10.0.0.2', { clusterSecretFile: '/x' }, false],
  ['8.8.8.8', '8.8.4.4', { clusterSecretFile: '/x', publicPlain: true }, true],
  ['8.8.8.8', '8.8.4.4', { publicPlain: true }, false],
  ['8.8.8.8', '8.8.4.4', { publicPlain: true, trustPlain: [{ address: '8.0.0.0', prefix: 8 }] }, true],
])('%s – %s with %j: %s', (own, peer, changes, isAllowed) => {
  expect(plain(own, peer, changes)).toBe(isAllowed);
});

test('who is configured need not be trusted besides', () => {
  expect(plain('10.0.0.1', '10.0.0.2', { trustPlain: [] }, true)).toBe(true);
});

describe('failed log-ins', () => {
  test('three within the time block the address, and only it, for a while', () => {
    let now = 0;
    const admission = new Admission(OPTIONS, () => now);
    expect([admission.fail('a'), admission.fail('a'), admission.fail('b'), admission.fail('a')]).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect([admission.isBlocked('a'), admission.isBlocked('b')]).toEqual([true, false]);
    now = 500;
    expect(admission.isBlocked('a')).toBe(false);
  });

  test('that lie apart, or have a right one between them, do not', () => {
    let now = 0;
    const admission = new Admission(OPTIONS, () => now);
    for (now = 0; now < 5000; now += 501) expect(admission.fail('a')).toBe(false);
    admission.fail('b');
    admission.fail('b');
    admission.succeed('b');
    expect(admission.fail('b')).toBe(false);
  });

  test('from ever new addresses are forgotten, oldest first', () => {
    const admission = new Admission(OPTIONS, () => 0);
    admission.fail('first');
    admission.fail('first');
    for (let number = 0; number < 10_000; number++) admission.fail(`n${number}`);
    expect(admission.fail('first')).toBe(false);
  });
});
