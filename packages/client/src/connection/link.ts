// One connection to a communicator, from the first byte to the last: opened, registered, read line by line.

import { CommunicatorError } from '../errors.ts';
import { type Address, formatAddress } from '../transport/address.ts';
import type { OpenOptions, OpenTransport, Transport } from '../transport/transport.ts';
import { encodeMessage } from '../wire/encoder.ts';
import type { Message } from '../wire/message.ts';
import { type Line, LineReader } from '../wire/parser.ts';

/** What the communicator said when it took the registration. */
export interface Registration {
  /** The name of the machine, as its daemon calls it. */
  readonly server: string;
  /** The name under which this program is known. */
  readonly service: string;
  /** The address that other daemons connect to. */
  readonly myAddress: string;
  /** The address that was connected to, without its password. */
  readonly address: string;
}

export interface LinkOptions extends OpenOptions {
  readonly open: OpenTransport;
  readonly service: string;
  /** Registers as a tool: announced to nobody, its name made unique. */
  readonly isTransient: boolean;
  /** `user:password`, where the address has none. */
  readonly password: string | undefined;
  /** How long the communicator may take to answer REGISTER, in milliseconds. */
  readonly registerTimeoutMs: number;
  readonly lineBytesMax: number;
}

export interface LinkEvents {
  /** The registration holds. Called before any line that came behind READY is given to `onLine`. */
  onReady(registration: Registration, link: Link): void;
  onLine(line: Line, link: Link): void;
  onDrain(): void;
  /** The connection is over. Called at once, so that nothing more is written to it. */
  onClose(error: Error | undefined): void;
}

/** A connection that has been opened; `ready` when its registration holds. */
export class Link {
  readonly address: Address;
  /** Resolves when the connection is registered, rejects when it is refused or breaks before. */
  readonly ready: Promise<Registration>;
  /** Resolves when the connection is over, with the error that ended it if there was one. */
  readonly closed: Promise<Error | undefined>;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  readonly #reader: LineReader;
  #transport: Transport | undefined;
  #isRegistering = true;
  #failure: Error | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #setReady!: (registration: Registration) => void;
  #setRefused!: (error: unknown) => void;
  #setClosed!: (error: Error | undefined) => void;

  private constructor(address: Address, options: LinkOptions, events: LinkEvents) {
    this.address = address;
    this.#options = options;
    this.#events = events;
    this.#reader = new LineReader({ lineBytesMax: options.lineBytesMax });
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = resolve;
      this.#setRefused = reject;
    });
    this.closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
  }

  /** Opens a connection and asks to be registered. @throws what the transport throws */
  static async open(address: Address, options: LinkOptions, events: LinkEvents): Promise<Link> {
    const link = new Link(address, options, events);
    const onLine = (line: Line): void => link.#receive(line);
    const transport = await options.open(
      address,
      {
        onData: (chunk) => {
          if (!link.#reader.feed(chunk, onLine)) link.#fail(new Error('a line without an end'));
        },
        onDrain: () => events.onDrain(),
        onClose: (error) => link.#close(error),
      },
      options,
    );
    link.#transport = transport;
    link.#register();
    return link;
  }

  get transport(): Transport {
    return this.#transport as Transport;
  }

  /** Writes one line at once, ahead of all that waits: for the protocol's own answers. */
  write(line: string): void {
    this.#transport?.write(`${line}\n`);
  }

  destroy(): void {
    this.#transport?.destroy();
  }

  #register(): void {
    const { service, isTransient, registerTimeoutMs } = this.#options;
    const password = logInOf(this.address) ?? this.#options.password;
    const parameters: Record<string, string> = { service, version: '1' };
    if (isTransient) parameters['transient'] = 'true';
    if (password !== undefined) parameters['password'] = password;
    this.write(encodeMessage({ command: 'REGISTER', parameters }));
    this.#timer = setTimeout(() => {
      const place = formatAddress(this.address);
      this.#fail(
        new CommunicatorError(
          'TIMEOUT',
          `${place} took the connection and does not answer REGISTER within ${registerTimeoutMs} ms: is that a communicator?`,
        ),
      );
    }, registerTimeoutMs);
  }

  #receive(line: Line): void {
    // What comes behind a refusal or an endless line is nobody's business any more.
    if (this.#failure !== undefined) return;
    if (this.#isRegistering && line.kind === 'message' && this.#answersRegister(line.message)) return;
    this.#events.onLine(line, this);
  }

  #answersRegister({ command, sentFromServer, parameters }: Message): boolean {
    if (command === 'READY') {
      this.#endRegistering();
      const registration: Registration = {
        server: sentFromServer,
        service: parameters['service'] ?? this.#options.service,
        myAddress: parameters['my_address'] ?? '',
        address: formatAddress(this.address),
      };
      this.#events.onReady(registration, this);
      this.#setReady(registration);
      return true;
    }
    if ((command !== 'INVALID' && command !== 'UNKNOWN') || parameters['command'] !== 'REGISTER') return false;
    const reason = parameters['message'] ?? 'it gave no reason';
    this.#fail(
      new CommunicatorError(
        'REFUSED',
        `${formatAddress(this.address)} refuses to register ${this.#options.service}: ${reason}`,
      ),
    );
    return true;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.destroy();
  }

  #endRegistering(): void {
    this.#isRegistering = false;
    clearTimeout(this.#timer);
  }

  #close(error: Error | undefined): void {
    const failure = this.#failure ?? error;
    if (this.#isRegistering) {
      this.#endRegistering();
      const place = formatAddress(this.address);
      this.#setRefused(
        failure ??
          new CommunicatorError(
            'DISCONNECTED',
            `${place} closed the connection instead of registering ${this.#options.service}`,
          ),
      );
    }
    this.#events.onClose(failure);
    this.#setClosed(failure);
  }
}

function logInOf(address: Address): string | undefined {
  if (address.kind !== 'network' || address.user === undefined) return undefined;
  return `${address.user}:${address.password ?? ''}`;
}
