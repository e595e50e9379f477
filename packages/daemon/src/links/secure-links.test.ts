// Links over TLS: certificates of one authority, users and passwords, and everything that must not get a link.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Pair } from '../tools/keys/certificates.ts';
import { hashPassword } from './passwords.ts';
import { type KeyOptions, makeAuthority, makeKeys, passwordsFile, secretFile } from './testing/keys.ts';
import { Station, until } from './testing/station.ts';
import { hear, portOf } from './testing/strangers.ts';

const stations: Station[] = [];
afterEach(async () => {
  await Promise.all(stations.splice(0).map((station) => station.close()));
});

let ours: Pair;
let foreign: Pair;
let betaKeys: KeyOptions;
let alphaKeys: KeyOptions;
let passwords: string;

beforeAll(async () => {
  [ours, foreign] = await Promise.all([makeAuthority('ours'), makeAuthority('foreign')]);
  betaKeys = await makeKeys('beta', ours);
  alphaKeys = await makeKeys('alpha', ours);
  passwords = await passwordsFile({ anna: 'right', bert: 'another' });
});

async function station(name: string, options: object): Promise<Station & { readonly secure: string }> {
  const made = new Station({ name, options: options as Record<string, string> });
  stations.push(made);
  const { secure } = await made.links.listen();
  made.links.start();
  return Object.assign(made, { secure: secure[0] ?? '' });
}

const acceptor = (options: object = {}) =>
  station('beta', { secure_listen: 'scs://127.0.0.1:0', ...betaKeys, ...options });
const areLinked = (a: Station, b: Station): boolean => a.peers.length === 1 && b.peers.length === 1;
const said = ({ logged }: Station, reason: string) => logged.filter((line) => line['reason'] === reason);

describe('certificates of one authority', () => {
  test('link, without anybody asking to be called', async () => {
    const beta = await acceptor({ remote_listen: '127.0.0.1:0' });
    const alpha = await station('alpha', {
      ...alphaKeys,
      remote_listen: '127.0.0.1:0',
      neighbors: `${beta.secure};cost=7`,
    });
    await until(() => areLinked(alpha, beta));
    expect(alpha.link).toMatchObject({ isSecure: true, wasDialedHere: true, cost: 7 });
    const payload = Buffer.alloc(300_000, 'y');
    const origin = `${'a'.repeat(16)}~1`;
    beta.link.send({
      kind: 'data',
      hops: 1,
      origin,
      last: origin,
      stream: 1,
      base: 1,
      sequence: 1,
      count: 1,
      id: undefined,
      payload,
    });
    await until(() => alpha.frames.length === 1);
    const frame = alpha.frames[0]?.frame;
    expect(frame?.kind === 'data' && payload.equals(frame.payload)).toBe(true);
  });

  test('a plain and a secure link stand beside each other', async () => {
    const beta = await acceptor({ remote_listen: '127.0.0.1:0' });
    const alpha = await station('alpha', { ...alphaKeys, neighbors: `${beta.secure},${beta.links.address}` });
    await until(() => [...alpha.links].length === 2 && [...beta.links].length === 2);
  });

  test('the cluster secret is not asked for under TLS', async () => {
    const beta = await acceptor({ cluster_secret_file: secretFile('secret', 'x') });
    const alpha = await station('alpha', { ...alphaKeys, neighbors: beta.secure });
    await until(() => areLinked(alpha, beta));
  });
});

describe('the dialer turns away', () => {
  test.each<[string, () => Promise<object>, RegExp]>([
    ['a certificate of a foreign authority', () => makeKeys('beta', foreign, ours), /signature|issuer|verify/],
    ['one that has expired', () => makeKeys('beta', ours, ours, { daysAgo: 30 }), /expired/],
    [
      'one for another address',
      () => makeKeys('beta', ours, ours, { addresses: ['10.1.2.3'] }),
      /IP: 127.0.0.1 is not in/,
    ],
  ])('%s', async (_what, keys, detail) => {
    const beta = await acceptor(await keys());
    const alpha = await station('alpha', { ...alphaKeys, neighbors: beta.secure });
    await until(() => said(alpha, 'certificate').length > 0);
    expect(alpha.links.refused).toEqual({ certificate: 1 });
    expect(said(alpha, 'certificate')[0]?.['detail']).toMatch(detail);
    expect([alpha.events, beta.events]).toEqual([[], []]);
  });
});

describe('the acceptor turns away', () => {
  test.each<[string, () => Promise<object>, string]>([
    ['a certificate of a foreign authority', () => makeKeys('alpha', foreign, ours), 'certificate'],
    ['one that has expired', () => makeKeys('alpha', ours, ours, { daysAgo: 30 }), 'certificate'],
    [
      'a bad certificate with a right password',
      async () => ({
        ...(await makeKeys('alpha', foreign, ours)),
        credentials_file: secretFile('credentials', 'scs://anna@127.0.0.1:PORT right\n'),
      }),
      'certificate',
    ],
    [
      'neither certificate nor password',
      async () => ({ certificate_authority: alphaKeys.certificate_authority }),
      'password',
    ],
  ])('%s; both logs say so', async (_what, keys, reason) => {
    const beta = await acceptor({ passwords_file: passwords });
    const options = (await keys()) as Record<string, string>;
    const credentials = options['credentials_file'];
    if (credentials !== undefined)
      writeFileSync(credentials, readFileSync(credentials, 'utf8').replace('PORT', String(portOf(beta.secure))));
    const alpha = await station('alpha', { ...options, neighbors: beta.secure });
    await until(() => said(alpha, reason).length > 0 && said(beta, reason).length > 0);
    expect(beta.links.refused).toEqual({ [reason]: 1 });
    expect([alpha.events, beta.events]).toEqual([[], []]);
  });
});

describe('user and password', () => {
  const trusting = () => ({ certificate_authority: alphaKeys.certificate_authority });
  const credentialsFor = (beta: { secure: string }, password: string) => ({
    credentials_file: secretFile('credentials', `# ours\nscs://anna@127.0.0.1:${portOf(beta.secure)} ${password}\n`),
  });
  const asAnna = (beta: { secure: string }): string => beta.secure.replace('//', '//anna@');

  test('link', async () => {
    const beta = await acceptor({ passwords_file: passwords });
    const alpha = await station('alpha', { ...trusting(), ...credentialsFor(beta, 'right'), neighbors: asAnna(beta) });
    await until(() => areLinked(alpha, beta));
    expect(beta.links.refused).toEqual({});
  });

  test('as they stand in a C++ configuration', async () => {
    const beta = await acceptor({ secure_listen: 'cds://anna:right@127.0.0.1:0' });
    const neighbors = beta.secure.replace('//', '//anna:right@');
    const alpha = await station('alpha', { ...trusting(), neighbors });
    await until(() => areLinked(alpha, beta));
  });

  test('three wrong ones block the address, and a right one comes too late', async () => {
    const beta = await acceptor({ passwords_file: passwords });
    const options = { ...trusting(), neighbors: asAnna(beta), reconnect_max: '100ms' };
    const alpha = await station('alpha', { ...options, ...credentialsFor(beta, 'wrong') });
    await until(() => beta.events.length > 0);
    expect(beta.events).toEqual(['block 127.0.0.1: 3 failed log-ins']);
    expect(beta.links.refused.password).toBe(3);
    const late = await station('late', { ...options, ...credentialsFor(beta, 'right') });
    await until(() => (beta.links.refused.blocked ?? 0) > 1);
    expect([alpha.events, late.events].flat().filter((event) => !event.startsWith('unreachable'))).toEqual([]);
  });

  test('an address that was blocked is let in again when its time is over', async () => {
    const beta = await acceptor({ passwords_file: passwords });
    beta.links.block('127.0.0.1', 1500);
    const alpha = await station('alpha', { ...alphaKeys, neighbors: beta.secure, reconnect_max: '100ms' });
    await until(() => areLinked(alpha, beta));
    expect(beta.links.refused.blocked).toBeGreaterThan(0);
  });

  test('a bad file of credentials is an error that does not repeat the password', async () => {
    const file = secretFile('credentials', 'sc://127.0.0.1 hunter2\n');
    expect(() => new Station({ name: 'alpha', options: { credentials_file: file } })).toThrow(
      `${file}:1: expected scs://user@address:port password`,
    );
  });
});

describe('a service of another machine', () => {
  const dial = (beta: { secure: string }, text: string, options: ConnectionOptions = {}): Promise<string> => {
    const { certificate_authority: file } = alphaKeys;
    return hear(connectTls({ port: portOf(beta.secure), host: '127.0.0.1', ca: readFileSync(file), ...options }), text);
  };

  test('logs in, and its password goes no further', async () => {
    const beta = await acceptor({ passwords_file: passwords });
    const heard = await dial(beta, 'REGISTER service=foo;version=1;password=anna:right\nCOMMANDS list=X\n');
    expect(heard).toBe('READY\n');
    expect(beta.services).toEqual([{ user: 'anna', text: 'REGISTER service=foo;version=1\nCOMMANDS list=X\n' }]);
  });

  test.each([
    ['a wrong password', 'REGISTER service=foo;version=1;password=anna:wrong'],
    ['no user', 'REGISTER service=foo;version=1;password=right'],
    ['nobody', 'REGISTER service=foo;version=1;password=carl:right'],
    ['no password', 'REGISTER service=foo;version=1'],
    ['a certificate alone', 'REGISTER service=foo;version=1'],
  ])('%s: refused', async (what, line) => {
    const beta = await acceptor({ passwords_file: passwords });
    const { certificate, private_key } = alphaKeys;
    const shown = { cert: readFileSync(certificate), key: readFileSync(private_key) };
    const heard = await dial(beta, `${line}\n`, what === 'a certificate alone' ? shown : {});
    expect(heard).toBe('<beta:communicatord INVALID command=REGISTER;message=refused: password\n');
    expect(beta.services).toEqual([]);
    expect(beta.links.refused).toEqual({ password: 1 });
  });

  test.each(['GOSSIP my_address=127.0.0.1:9\n', 'STOP\n', 'images/RESIZE a=1\n'])(
    '%j from a stranger: refused',
    async (text) => {
      const beta = await acceptor({ passwords_file: passwords });
      expect(await dial(beta, text)).toMatch(/^<beta:communicatord REFUSE /);
      expect(beta.links.known()).toEqual([]);
    },
  );

  test('TLS 1.1 is not spoken', async () => {
    const beta = await acceptor();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    expect(await dial(beta, 'STOP\n', old)).toBe('');
    expect(beta.links.refused).toEqual({ tls: 1 });
    expect(said(beta, 'tls')[0]?.['detail']).toMatch(/protocol.*\S$/i);
  });

  test('who hangs up before TLS is agreed on is named all the same, each host by itself', async () => {
    const beta = await acceptor();
    const gone: string[] = [];
    for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
      const socket = connect({ port: portOf(beta.secure), host: '127.0.0.1', localAddress });
      await once(socket, 'connect');
      gone.push(`${localAddress}:${socket.localPort}`);
      socket.destroy();
      await until(() => beta.links.refused.tls === gone.length);
    }
    expect(said(beta, 'tls').map(({ address }) => address)).toEqual(gone);
  });
});

describe('reload', () => {
  test('shows and believes other certificates from then on', async () => {
    const keys = await makeKeys('beta', foreign, ours);
    const beta = await acceptor(keys);
    const alpha = await station('alpha', { ...alphaKeys, neighbors: beta.secure, reconnect_max: '100ms' });
    await until(() => (alpha.links.refused.certificate ?? 0) > 0);
    const better = await makeKeys('beta', ours);
    writeFileSync(keys.certificate, readFileSync(better.certificate));
    writeFileSync(keys.private_key, readFileSync(better.private_key));
    await beta.links.reload();
    await until(() => areLinked(alpha, beta));
  });

  test('what is wrong leaves the old ones in use', async () => {
    const keys = await makeKeys('beta', ours);
    const beta = await acceptor(keys);
    writeFileSync(keys.certificate, 'no certificate');
    await expect(beta.links.reload()).rejects.toThrow('certificate');
    const alpha = await station('alpha', { ...alphaKeys, neighbors: beta.secure });
    await until(() => areLinked(alpha, beta));
  });

  test('takes new passwords, and forgets old ones', async () => {
    const file = await passwordsFile({ anna: 'old' });
    const beta = await acceptor({ passwords_file: file });
    writeFileSync(file, `anna:${await hashPassword('right')}\n`);
    await beta.links.reload();
    const alpha = await station('alpha', {
      certificate_authority: alphaKeys.certificate_authority,
      credentials_file: secretFile('credentials', `scs://anna@127.0.0.1:${portOf(beta.secure)} right\n`),
      neighbors: beta.secure,
    });
    await until(() => areLinked(alpha, beta));
  });
});
