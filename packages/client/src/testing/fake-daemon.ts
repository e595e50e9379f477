// A communicator of a few lines for the tests of the library: it registers, passes on, and does what a test tells it.

import { createServer, type Server, type Socket } from 'node:net';
import { type Accept, listenInMemory } from '../transport/memory.ts';
import { wrapSocket } from '../transport/socket.ts';
import type { OpenTransport, Transport, TransportHandlers } from '../transport/transport.ts';
import { createMessage, encodeMessage, LineReader, type Message, type MessageParts } from '../wire/index.ts';

/** One connection as the daemon sees it. */
export class FakeConnection {
  readonly transport: Transport;
  /** Every line that came, as text. */
  readonly lines: string[] = [];
  service = '';
  commands: string[] = [];
  isClosed = false;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Writes lines as they are. */
  write(...lines: string[]): void {
    this.transport.write(lines.map((line) => `${line}\n`).join(''));
  }

  get lastLine(): string {
    return this.lines.at(-1) ?? '';
  }
}

/** What a test changes in the daemon's behaviour. Each gets the message and says whether it has dealt with it. */
export interface FakeRules {
  /** Before anything else. */
  onMessage?: (message: Message, connection: FakeConnection) => boolean;
}

export class FakeDaemon {
  readonly connections: FakeConnection[] = [];
  readonly rules: FakeRules = {};
  /** Whether it takes connections in memory. */
  isListening = true;
  readonly open: OpenTransport = async (address, handlers, options) => {
    if (!this.isListening) throw new Error('nobody listens');
    return this.#memory.open(address, handlers, options);
  };
  readonly #memory = listenInMemory((accept) => this.accept(accept));
  readonly #watchers: (() => void)[] = [];
  #server: Server | undefined;

  /** The newest connection. */
  get connection(): FakeConnection {
    return this.connections.at(-1) as FakeConnection;
  }

  /** The open connection of a service. */
  of(service: string): FakeConnection | undefined {
    return this.connections.findLast((connection) => connection.service === service && !connection.isClosed);
  }

  /** Listens on a real socket too. @returns its address */
  async listen(path?: string): Promise<string> {
    const server = createServer({ noDelay: true }, (socket: Socket) => {
      this.accept((handlers: TransportHandlers) => wrapSocket(socket, 'service', handlers));
    });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path }, resolve);
    });
    const address = server.address();
    return typeof address === 'string' ? `sc://${address}` : `sc://127.0.0.1:${address?.port}`;
  }

  /** Closes everything, in order. */
  async close(): Promise<void> {
    this.isListening = false;
    for (const connection of this.connections) connection.transport.destroy();
    await new Promise<void>((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
  }

  /** Waits until what is asked for holds; looked at whenever a line or a connection comes or goes. */
  async until<T>(what: () => T | undefined | false): Promise<T> {
    for (;;) {
      const result = what();
      if (result !== undefined && result !== false) return result;
      await new Promise<void>((resolve) => {
        this.#watchers.push(resolve);
      });
    }
  }

  accept(accept: Accept): void {
    const reader = new LineReader();
    const transport = accept({
      onData: (chunk) =>
        void reader.feed(chunk, (line) => {
          if (line.kind === 'message') this.#receive(connection, line.message);
          else connection.lines.push(`(${line.kind})`);
          this.#wake();
        }),
      onDrain: () => {},
      onClose: () => {
        connection.isClosed = true;
        this.#wake();
      },
    });
    const connection = new FakeConnection(transport);
    this.connections.push(connection);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#watchers.splice(0)) resolve();
  }

  #receive(connection: FakeConnection, message: Message): void {
    connection.lines.push(encodeMessage(message));
    if (this.rules.onMessage?.(message, connection) === true) return;
    if (message.service === '' || message.service === 'communicatord') this.#obey(connection, message);
    else this.#pass(connection, message);
  }

  #obey(connection: FakeConnection, { command, parameters }: Message): void {
    const say = (said: string, values: Record<string, string> = {}): void =>
      connection.write(
        line({ command: said, sentFromServer: 'n1', sentFromService: 'communicatord', parameters: values }),
      );
    if (command === 'REGISTER') {
      connection.service = parameters['service'] ?? '';
      say('HELP');
      if (parameters['transient'] === 'true') connection.service += '_7';
      say('READY', { my_address: '127.0.0.1:4042', service: connection.service });
    } else if (command === 'COMMANDS') {
      connection.commands.push(...(parameters['list'] ?? '').split(','));
    } else if (command === 'ALIVE') {
      say('ABSOLUTELY', parameters);
    } else if (command === 'UNREGISTER') {
      connection.transport.end();
    }
  }

  #pass(connection: FakeConnection, message: Message): void {
    const stamped = line({ ...message, sentFromServer: 'n1', sentFromService: connection.service });
    const { service, command, parameters } = message;
    if (service === '.' || service === '*' || service === '?') {
      for (const other of this.connections) {
        if (other !== connection && !other.isClosed && other.commands.includes(command)) other.write(stamped);
      }
      return;
    }
    const target = this.of(service);
    if (target !== undefined) return target.write(stamped);
    if (!/\breply\b/.test(parameters['cache'] ?? '')) return;
    const { message_id: id } = parameters;
    const values: Record<string, string> = {
      destination_service: service,
      unsent_command: command,
      ...(id && { message_id: id }),
    };
    connection.write(
      line({
        command: 'SERVICE_UNAVAILABLE',
        sentFromServer: 'n1',
        sentFromService: 'communicatord',
        parameters: values,
      }),
    );
  }
}

const line = (parts: MessageParts): string => encodeMessage(createMessage(parts));
