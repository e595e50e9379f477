// `snapcom keys`: what openssl says of the certificates, TLS between two ends that have them, and what is never overwritten.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyPassword } from '../links/passwords.ts';
import { EXIT } from './exit-codes.ts';
import { Output } from './output.ts';
import { runProgram } from './program.ts';

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'snapcom-keys-')), 'keys');
});

afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

async function keys(...argv: string[]) {
  const texts = { out: '', err: '' };
  const output = new Output({
    out: { write: (text) => void (texts.out += text) },
    err: { write: (text) => void (texts.err += text) },
    environment: {},
  });
  const code = await runProgram(['keys', ...argv, '--directory', directory], { version: '1.2.3', output });
  return { code, ...texts };
}

const file = (name: string): string => join(directory, name);
const text = (name: string): string => readFileSync(file(name), 'utf8');
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', cwd: directory });
const modeOf = (name: string): number => statSync(file(name)).mode & 0o777;

describe('keys', () => {
  it('makes an authority and certificates that openssl takes', async () => {
    expect(await keys('init')).toMatchObject({ code: EXIT.done, out: `${file('ca.crt')}\n${file('ca.key')}\n` });
    expect(await keys('add', 'alpha', '--address', '10.0.0.5', '--address', 'alpha.example,::1')).toMatchObject({
      code: EXIT.done,
      err: '',
    });
    for (const purpose of ['sslserver', 'sslclient']) {
      expect(openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.crt', 'alpha.crt')).toContain('OK');
    }
    expect(openssl('verify', '-CAfile', 'ca.crt', '-verify_ip', '10.0.0.5', 'alpha.crt')).toContain('OK');
    expect(openssl('verify', '-CAfile', 'ca.crt', '-verify_hostname', 'alpha.example', 'alpha.crt')).toContain('OK');
    const shown = openssl('x509', '-in', 'alpha.crt', '-noout', '-text');
    expect(shown).toContain('DNS:alpha, IP Address:10.0.0.5, DNS:alpha.example, IP Address:0:0:0:0:0:0:0:1');
    expect(shown).toContain('NIST CURVE: P-256');
    expect(shown).toContain('CA:FALSE');
    expect([modeOf('ca.key'), modeOf('alpha.key'), modeOf('ca.crt')]).toEqual([0o600, 0o600, 0o644]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('serves TLS in which both ends show a certificate', async () => {
    await keys('init');
    await keys('add', 'alpha', '--address', '127.0.0.1');
    await keys('add', 'beta');
    const ca = text('ca.crt');
    const pair = (name: string) => ({ ca, cert: text(`${name}.crt`), key: text(`${name}.key`) });
    const server = createServer({ ...pair('alpha'), requestCert: true, minVersion: 'TLSv1.2' });
    server.on('secureConnection', (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, ...pair('beta') });
      socket.once('data', (data) => resolve(String(data))).once('error', reject);
    });
    server.close();
    expect(said).toBe('beta');
  });

  it('gives a certificate no more days than its authority has', async () => {
    await keys('init', '--days', '30');
    await keys('add', 'alpha', '--days', '400');
    const [authority, alpha] = [new X509Certificate(text('ca.crt')), new X509Certificate(text('alpha.crt'))];
    expect(alpha.validTo).toBe(authority.validTo);
    const { out } = await keys('show', 'alpha', '--json');
    expect(JSON.parse(out)).toMatchObject({ name: 'alpha', days_left: 29, problems: [], good_for: ['alpha'] });
  });

  it('overwrites nothing unless told to', async () => {
    await keys('init');
    await keys('add', 'alpha');
    const before = [text('ca.key'), text('alpha.key')];
    expect(await keys('init')).toMatchObject({
      code: EXIT.refused,
      out: '',
      err: expect.stringContaining('--replace'),
    });
    expect(await keys('add', 'alpha')).toMatchObject({ code: EXIT.refused });
    expect([text('ca.key'), text('alpha.key')]).toEqual(before);
    expect(await keys('add', 'alpha', '--replace')).toMatchObject({ code: EXIT.done });
    expect(text('alpha.key')).not.toBe(before[1]);
    expect(modeOf('alpha.key')).toBe(0o600);
  });

  it('shows what holds and what does not', async () => {
    await keys('init');
    await keys('add', 'alpha', '--address', '10.0.0.5');
    const well = await keys('show');
    expect(well).toMatchObject({ code: EXIT.done });
    expect(well.out).toMatch(/^ca .*holds +signing$/m);
    expect(well.out).toMatch(/^alpha .*holds +alpha 10\.0\.0\.5$/m);
    chmodSync(file('alpha.key'), 0o644);
    expect(await keys('show')).toMatchObject({ code: EXIT.no, out: expect.stringContaining('chmod 600') });
    chmodSync(file('alpha.key'), 0o600);
    await keys('init', '--replace');
    expect(await keys('show')).toMatchObject({ code: EXIT.no, out: expect.stringContaining('of another authority') });
    writeFileSync(file('gamma.crt'), 'nonsense');
    expect(await keys('show', 'gamma')).toMatchObject({
      code: EXIT.no,
      out: expect.stringContaining('no certificate'),
    });
  });

  it('keeps hashes of passwords, a line a user', async () => {
    const give = async (typed: string, ...argv: string[]) => {
      const stdin = Object.getOwnPropertyDescriptor(process, 'stdin') as PropertyDescriptor;
      Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(typed)]), configurable: true });
      try {
        return await keys('password', ...argv);
      } finally {
        Object.defineProperty(process, 'stdin', stdin);
      }
    };
    expect(await give('se;cret "x"\r\nrest', 'web')).toMatchObject({ code: EXIT.done, err: '' });
    expect(await give('other', 'mail')).toMatchObject({ code: EXIT.done });
    expect(await give('third', 'web')).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('--replace') });
    expect(await give('', 'cron')).toMatchObject({ code: EXIT.usage, err: expect.stringContaining('no password') });
    const [web = '', mail = '', ...rest] = text('passwords').trimEnd().split('\n');
    expect(rest).toEqual([]);
    expect(mail).toMatch(/^mail:scrypt\$/);
    expect(await verifyPassword('se;cret "x"', web.slice('web:'.length))).toBe(true);
    expect(modeOf('passwords')).toBe(0o600);
    expect(await give('third', 'web', '--replace')).toMatchObject({ code: EXIT.done });
    expect(await verifyPassword('third', (text('passwords').split('\n')[0] as string).slice(4))).toBe(true);
    expect(await keys('show')).toMatchObject({ code: EXIT.done, out: '2 log-ins: web mail\n' });
  });

  it.each([
    [['add', 'alpha'], EXIT.no, 'keys init'],
    [['add'], EXIT.usage, 'name of the machine'],
    [['add', 'al/pha'], EXIT.usage, 'can be no machine'],
    [['add', 'ca'], EXIT.usage, 'authority itself'],
    [['add', 'alpha', '--address', 'sc://10.0.0.5:4043'], EXIT.usage, 'leave scheme and port out'],
    [['add', 'alpha', '--address', '10.0.0.256'], EXIT.usage, 'neither an IP address'],
    [['add', 'alpha', '--days', '0'], EXIT.usage, '--days'],
    [['init', 'alpha'], EXIT.usage, 'has no name'],
    [['show', '--address', 'x'], EXIT.usage, '--address'],
    [['show'], EXIT.no, 'is not there'],
    [['password'], EXIT.usage, 'name of the user'],
    [['password', 'a:b'], EXIT.usage, 'can be no user'],
    [['remove'], EXIT.usage, 'Allowed choices'],
  ] as const)('says what is wrong with %j', async (argv, code, message) => {
    const result = await keys(...argv);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(message);
  });
});
