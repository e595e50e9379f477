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
    const proof = secret('k').prove(`connect nonce of beta nonce of alpha ${alpha.node}`);
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

test('a daemon without graph=1 is of the other kind', () => {
  const connect = { command: 'CONNECT', parameters: { version: '1', server_name: 'old' } };
  expect(new Handshake().receive(connect, around(beta)).verdict).toEqual({ kind: 'legacy', message: connect });
});

test.each(['ACCEPT', 'REFUSE', 'RECEIVED', 'PING'])('%s out of turn is refused', (command) => {
  expect(new Handshake().receive({ command, parameters: {} }, around(beta)).verdict).toEqual(
    refused('malformed', true),
  );
});
