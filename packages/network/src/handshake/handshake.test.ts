// Conversations of the handshake as tables: what one side says, what the other answers, how it ends for both.

import { describe, expect, test } from 'vitest';
import {
  type ExistingLink,
  Handshake,
  type HandshakeMessage,
  type HandshakeStep,
  type Surroundings,
} from './handshake.ts';

const alpha = { node: 'a'.repeat(16), incarnation: 100, server: 'alpha', address: '10.0.0.1:4042', area: '' };
const beta = { node: 'b'.repeat(16), incarnation: 200, server: 'beta', address: '10.0.0.2:4042', area: 'east' };

const around = (self: Surroundings['self'], changes: Partial<Surroundings> = {}): Surroundings => ({
  self,
  nonce: `nonce of ${self.server}`,
  path: 'p',
  links: [],
  linksMax: 3,
  isStopping: false,
  holderOf: () => undefined,
  ...changes,
});

const secret = (key: string) => ({
  prove: (text: string) => `${key}(${text})`,
  verify: (text: string, proof: string) => proof === `${key}(${text})`,
});

/** Runs a conversation to its end. @returns how it ended for dialer and acceptor, and what was said */
function converse(dialer: Surroundings, acceptor: Surroundings) {
  const [a, b] = [new Handshake(), new Handshake()];
  const said: string[] = [];
  let forB: readonly HandshakeMessage[] = a.dial(dialer).replies;
  const last: { a?: HandshakeStep; b?: HandshakeStep } = {};
  for (let turn = 0; forB.length > 0 && turn < 5; turn++) {
    const forA = forB.flatMap((message) => {
      said.push(message.command);
      last.b = b.receive(message, acceptor);
      return last.b.replies;
    });
    forB = forA.flatMap((message) => {
      said.push(message.command);
      last.a = a.receive(message, dialer);
      return last.a.replies;
    });
  }
  return { said: said.join(' '), dialer: last.a?.verdict, acceptor: last.b?.verdict };
}

test('two daemons that know nothing of each other link', () => {
  expect(converse(around(alpha), around(beta))).toEqual({
    said: 'CONNECT ACCEPT',
    dialer: { kind: 'linked', peer: beta, replaced: [] },
    acceptor: { kind: 'linked', peer: alpha, replaced: [] },
  });
});

const refused = (reason: string, isOurs: boolean) => ({ kind: 'refused', reason, isOurs });
const link = (changes: Partial<ExistingLink>): ExistingLink => ({
  ...alpha,
  path: 'p',
  wasDialedHere: false,
  ...changes,
});

describe('the acceptor refuses', () => {
  test.each<[string, Partial<Surroundings>, Partial<typeof alpha>]>([
    ['stopping', { isStopping: true }, {}],
    ['self', {}, { node: beta.node }],
    ['name', {}, { server: 'beta' }],
    ['name', {}, { server: 'BETA' }],
    ['name', { holderOf: () => 'c'.repeat(16) }, {}],
    ['malformed', {}, { node: 'x' }],
    ['malformed', {}, { server: '../x' }],
    ['malformed', {}, { address: '10.0.0.1:4042;x' }],
    ['malformed', {}, { area: 'a b' }],
    ['older', { links: [link({ incarnation: 101 })] }, {}],
    ['duplicate', { links: [link({ wasDialedHere: true })] }, {}],
    ['full', { links: ['c', 'd', 'e'].map((letter) => link({ node: letter.repeat(16) })) }, {}],
  ])('%s', (reason, changes, peer) => {
    expect(converse(around({ ...alpha, ...peer }), around(beta, changes))).toEqual({
      said: 'CONNECT REFUSE',
      dialer: refused(reason, false),
      acceptor: refused(reason, true),
    });
  });
});

describe('links that stand already', () => {
  test('a newer incarnation replaces the old link at once, over whatever path', () => {
    const links = [link({ node: 'c'.repeat(16) }), link({ incarnation: 99, path: 'q' })];
    expect(converse(around(alpha), around(beta, { links })).acceptor).toMatchObject({ kind: 'linked', replaced: [1] });
  });

  test('another pair of addresses stands beside', () => {
    expect(converse(around(alpha), around(beta, { links: [link({ path: 'q' })] })).acceptor).toMatchObject({
      replaced: [],
    });
  });

  test('a peer that dials again has lost its connection', () => {
    expect(converse(around(alpha), around(beta, { links: [link({})] })).acceptor).toMatchObject({ replaced: [0] });
  });

  test('a peer that this side has dialed by another address already is not dialed twice', () => {
    const toBeta = { ...link({}), node: beta.node, incarnation: 200, wasDialedHere: true };
    expect(converse(around(alpha, { links: [toBeta] }), around(beta))).toMatchObject({
      dialer: refused('duplicate', true),
      acceptor: refused('duplicate', false),
    });
  });

  test('who is refused as a duplicate hears of whom', () => {
    const dialer = new Handshake();
    const connect = dialer.dial(around(alpha)).replies[0] as HandshakeMessage;
    const refusal = new Handshake().receive(connect, around(beta, { links: [link({ wasDialedHere: true })] }));
    dialer.receive(refusal.replies[0] as HandshakeMessage, around(alpha));
    expect(dialer.peer).toEqual(beta);
  });

  test('both dialed: the connection of the greater id stays', () => {
    // Alpha, the smaller, dials while beta's connection stands, then the other way round.
    expect(converse(around(alpha), around(beta, { links: [link({ wasDialedHere: true })] })).acceptor?.kind).toBe(
      'refused',
    );
    const toBeta = { ...link({}), node: beta.node, incarnation: 200, wasDialedHere: true };
    expect(converse(around(beta), around(alpha, { links: [toBeta] })).acceptor).toMatchObject({
      kind: 'linked',
      replaced: [0],
    });
  });
});

describe('the dialer refuses', () => {
  test.each<[string, Partial<Surroundings>]>([
    ['name', { holderOf: () => 'c'.repeat(16) }],
    ['stopping', { isStopping: true }],
  ])('%s, and the acceptor hears of it', (reason, changes) => {
    const { dialer, acceptor, said } = converse(around(alpha, changes), around(beta));
    expect([said, dialer, acceptor]).toEqual(['CONNECT ACCEPT REFUSE', refused(reason, true), refused(reason, false)]);
  });
});

describe('the cluster secret', () => {
  test('both prove it', () => {
    const own = { secret: secret('k') };
    expect(converse(around(alpha, own), around(beta, own))).toMatchObject({
      said: 'CONNECT ACCEPT CONNECT',
      dialer: { kind: 'linked' },
      acceptor: { kind: 'linked' },
    });
  });

  test.each([
    ['another one', secret('k'), secret('x')],
    ['none at the acceptor', secret('k'), undefined],
  ])('%s: the dialer refuses', (_what, first, second) => {
    const end = converse(
      around(alpha, { secret: first }),
      around(beta, second === undefined ? {} : { secret: second }),
    );
    expect(end.dialer).toEqual(refused('secret', true));
    expect(end.acceptor).toEqual(refused('secret', false));
  });

  test('none at the dialer: it sees that one is wanted', () => {
    const end = converse(around(alpha), around(beta, { secret: secret('k') }));
    expect(end).toMatchObject({ said: 'CONNECT ACCEPT REFUSE', dialer: refused('secret', true) });
  });

  test('none at the dialer: it never gets a link', () => {
    const acceptor = new Handshake();
    const here = around(beta, { secret: secret('k') });
    const first = acceptor.receive(new Handshake().dial(around(alpha)).replies[0] as HandshakeMessage, here);
    expect(first.verdict).toEqual({ kind: 'wait' });
    const second = acceptor.receive({ command: 'CONNECT', parameters: {} }, here);
    expect(second.verdict).toEqual(refused('secret', true));
  });

  test('what was said once proves nothing on another connection', () => {
    const here = around(beta, { secret: secret('k'), nonce: 'fresh' });
    const acceptor = new Handshake();
    acceptor.receive(new Handshake().dial(around(alpha)).replies[0] as HandshakeMessage, here);
    const proof = secret('k').prove(`connect nonce of beta nonce of alpha ${Object.values(alpha).join(' ')}`);
    expect(acceptor.receive({ command: 'CONNECT', parameters: { proof } }, here).verdict).toEqual(
      refused('secret', true),
    );
  });
});

test('gossip is received, and names whom to call', () => {
  const asked = new Handshake().receive(
    new Handshake().gossip(around(alpha)).replies[0] as HandshakeMessage,
    around(beta),
  );
  expect(asked.verdict).toEqual({ kind: 'gossip', address: alpha.address });
  expect(asked.replies).toEqual([{ command: 'RECEIVED', parameters: {} }]);
});

test('who is objected to is not called back', () => {
  const asked = new Handshake().receive(
    new Handshake().gossip(around(alpha)).replies[0] as HandshakeMessage,
    around(beta, { objection: 'password' }),
  );
  expect(asked.verdict).toEqual(refused('password', true));
});

test('a daemon without graph=1 is of the other kind', () => {
  const connect = { command: 'CONNECT', parameters: { version: '1', server_name: 'old' } };
  expect(new Handshake().receive(connect, around(beta)).verdict).toEqual({
    kind: 'legacy',
    message: connect,
    early: [],
  });
  const refusal = new Handshake().receive(connect, around(beta, { legacyObjection: 'legacy' }));
  expect(refusal.replies).toEqual([{ command: 'REFUSE', parameters: { shutdown: 'true', reason: 'legacy' } }]);
});

test('what a daemon of the other kind says before its ACCEPT is kept, up to a limit', () => {
  const handshake = new Handshake();
  handshake.dial(around(alpha));
  const early = { command: 'REGISTER_FOR_LOADAVG', parameters: {} };
  expect(handshake.receive(early, around(alpha)).verdict.kind).toBe('wait');
  const accept = { command: 'ACCEPT', parameters: { server_name: 'old' } };
  expect(handshake.receive(accept, around(alpha)).verdict).toEqual({ kind: 'legacy', message: accept, early: [early] });

  const endless = new Handshake();
  endless.dial(around(alpha));
  const verdicts = Array.from({ length: 9 }, () => endless.receive(early, around(alpha)).verdict);
  expect(verdicts.at(-1)).toEqual(refused('malformed', true));
});

test('both say what else they have to say', () => {
  const [dialer, acceptor] = [new Handshake(), new Handshake()];
  const extras = { neighbors: '10.0.0.9:4042', services: 'a,b', username: 'anna', password: 'x' };
  const connect = dialer.dial(around(alpha, { extras })).replies[0] as HandshakeMessage;
  expect(connect.parameters).toMatchObject({ ...extras, server_name: 'alpha' });
  const accept = acceptor.receive(connect, around(beta, { extras: { neighbors: '10.0.0.8:4042' } })).replies[0];
  expect(accept?.parameters).toMatchObject({ neighbors: '10.0.0.8:4042', server_name: 'beta' });
  dialer.receive(accept as HandshakeMessage, around(alpha, { extras }));
  expect([dialer.peerNeighbors, acceptor.peerNeighbors]).toEqual(['10.0.0.8:4042', '10.0.0.9:4042']);
});

test.each(['password', 'certificate', 'untrusted', 'blocked'] as const)('an objection: %s', (reason) => {
  const { acceptor, dialer } = converse(around(alpha), around(beta, { objection: reason }));
  expect([acceptor, dialer]).toEqual([refused(reason, true), refused(reason, false)]);
});

test.each(['ACCEPT', 'REFUSE', 'RECEIVED', 'PING'])('%s out of turn is refused', (command) => {
  expect(new Handshake().receive({ command, parameters: {} }, around(beta)).verdict).toEqual(
    refused('malformed', true),
  );
});
