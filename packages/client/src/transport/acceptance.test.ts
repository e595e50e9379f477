// What every stream transport must do, run over TCP, Unix sockets, TLS and memory.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { AUTHORITY, CERTIFICATE, KEY } from '../testing/certificates.ts';
import { type Address, parseAddress } from './address.ts';
import { type Accept, listenInMemory } from './memory.ts';
import { openTransport } from './open.ts';
import { wrapSocket } from './socket.ts';
import type { OpenOptions, OpenTransport, Transport } from './transport.ts';

/** One end of a connection and what happened to it. */
class End {
  transport!: Transport;
  text = '';
  drains = 0;
  closes: (Error | undefined)[] = [];
  readonly #decoder = new TextDecoder();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  readonly handlers = {
    onData: (chunk: Uint8Array): void => {
      this.text += this.#decoder.decode(chunk, { stream: true });
      this.#changed();
    },
    onDrain: (): void => {
      this.drains++;
      this.#changed();
    },
    onClose: (error: Error | undefined): void => {
      this.closes.push(error);
      this.#changed();
    },
  };
}

interface Place {
  readonly address: Address;
  readonly open: OpenTransport;
  readonly options: OpenOptions;
  close(): Promise<void>;
}

type Listen = (onConnection: (accept: Accept) => void) => Promise<Place>;

const closeServer = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));
const onSocket =
  (onConnection: (accept: Accept) => void) =>
  (socket: Socket): void =>
    onConnection((handlers) => wrapSocket(socket, 'client', handlers));

async function listenOn(server: Server, scheme: 'sc' | 'scs', path?: string): Promise<Address> {
  await new Promise<void>((resolve) => {
    server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path }, resolve);
  });
  if (path !== undefined) return { kind: 'path', scheme: 'sc', path };
  return { kind: 'network', scheme, host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

const places: Record<string, Listen> = {
  async TCP(onConnection) {
    const server = createServer(onSocket(onConnection));
    return {
      address: await listenOn(server, 'sc'),
      open: openTransport,
      options: {},
      close: () => closeServer(server),
    };
  },
  async 'a Unix socket'(onConnection) {
    const directory = mkdtempSync(join(tmpdir(), 'transport-'));
    const server = createServer(onSocket(onConnection));
    const close = async (): Promise<void> => {
      await closeServer(server);
      rmSync(directory, { recursive: true });
    };
    return {
      address: await listenOn(server, 'sc', join(directory, 'x.sock')),
      open: openTransport,
      options: {},
      close,
    };
  },
  async TLS(onConnection) {
    const server = createTlsServer({ cert: CERTIFICATE, key: KEY }, onSocket(onConnection));
    const options = { tls: { ca: AUTHORITY } };
    return { address: await listenOn(server, 'scs'), open: openTransport, options, close: () => closeServer(server) };
  },
  async memory(onConnection) {
    const { open, close } = listenInMemory(onConnection);
    return { address: parseAddress('sc:'), open, options: {}, close: async () => close() };
  },
};

describe.each(Object.entries(places))('over %s', (name, listen) => {
  const watchers: (() => void)[] = [];
  const changed = (): void => {
    for (const resolve of watchers.splice(0)) resolve();
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => void watchers.push(resolve));
  };
  let place: Place;
  const ends: End[] = [];

  async function pair(): Promise<[client: End, server: End]> {
    const [client, server] = [new End(changed), new End(changed)];
    ends.push(client, server);
    place = await listen((accept) => {
      server.transport = accept(server.handlers);
      changed();
    });
    client.transport = await place.open(place.address, client.handlers, place.options);
    await until(() => server.transport !== undefined);
    return [client, server];
  }

  afterEach(async () => {
    for (const { transport } of ends.splice(0)) transport?.destroy();
    await place.close();
  });

  it('carries text both ways', async () => {
    const [client, server] = await pair();
    client.transport.write('REGISTER service=é€𝄞\n');
    server.transport.write('HELP\n');
    await until(() => client.text === 'HELP\n' && server.text === 'REGISTER service=é€𝄞\n');
    server.transport.write('READY\n');
    await until(() => client.text === 'HELP\nREADY\n');
  });

  it('carries a lot in order, and says when to wait and when to go on', async () => {
    const [client, server] = await pair();
    let sent = '';
    let isRoomy = true;
    for (let at = 0; isRoomy && at < 2_000_000; at += 5000) {
      const chunk = Array.from({ length: 5000 }, (_, line) => `line ${at + line} ä\n`).join('');
      isRoomy = client.transport.write(chunk);
      sent += chunk;
    }
    expect(isRoomy).toBe(false);
    expect(client.transport.bufferedBytes).toBeGreaterThan(0);
    await until(() => client.drains > 0 && server.text.length === sent.length);
    expect(server.text === sent).toBe(true);
    expect(client.transport.bufferedBytes).toBe(0);
  });

  it('closes in order: what was written arrives, and both ends hear of it once', async () => {
    const [client, server] = await pair();
    client.transport.write('last\n'.repeat(50_000));
    client.transport.end();
    await until(() => client.closes.length === 1 && server.closes.length === 1);
    expect([server.text.length, server.closes, client.closes]).toEqual([250_000, [undefined], [undefined]]);
    client.transport.write('too late\n');
    client.transport.end();
    client.transport.destroy();
  });

  it('closes now', async () => {
    const [client, server] = await pair();
    server.transport.destroy();
    await until(() => client.closes.length === 1 && server.closes.length === 1);
    expect(client.text).toBe('');
  });

  it('is not opened where nobody listens, nor for who gave up', async () => {
    await pair();
    const { address, open, options } = place;
    const end = new End(changed);
    const signal = AbortSignal.abort(new Error('gave up'));
    await expect(open(address, end.handlers, { ...options, signal })).rejects.toThrow('gave up');
    for (const one of ends.splice(0)) one.transport.destroy();
    await place.close();
    await expect(open(address, end.handlers, options)).rejects.toThrow(Error);
    expect(end.closes).toEqual([]);
    place = await listen(() => {});
  });

  it(`says who is at the other end of ${name}`, async () => {
    const [client] = await pair();
    expect(client.transport.peer).toMatch(/^(scs?:\/\/|memory)/);
  });
});

describe('what is refused', () => {
  it('is a certificate that nobody we trust has signed, or that is another host’s', async () => {
    const place = await (places['TLS'] as Listen)(() => {});
    const end = new End(() => {});
    await expect(openTransport(place.address, end.handlers, {})).rejects.toThrow('Give the authority that signed it');
    const tls = { ca: [AUTHORITY], serverName: 'elsewhere.example' };
    await expect(openTransport(place.address, end.handlers, { tls })).rejects.toThrow('elsewhere.example');
    await place.close();
  });

  it('is a datagram address for a stream', async () => {
    await expect(openTransport(parseAddress('scu:'), new End(() => {}).handlers, {})).rejects.toThrow('openSignal()');
  });
});
