// The page's connection to its daemon: registered like any tool, requests with their answers, coming back for ever.

import {
  decodeLine,
  encodeMessage,
  type Line,
  LineReader,
  type Message,
  type MessageParts,
} from 'snapcommunicator/wire';
import { Backoff } from './backoff.ts';

/** The part of a WebSocket that is needed; a test has its own. */
export interface Socket {
  binaryType: string;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly reason: string }) => void): void;
  send(text: string): void;
  close(): void;
}

/** What the page needs of its surroundings: sockets, time, chance. */
export interface Surroundings {
  open(): Socket;
  nowMs(): number;
  random(): number;
  /** @returns how to call it off */
  after(ms: number, call: () => void): () => void;
}

export type BusState =
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'ready';
      readonly server: string;
      readonly service: string;
      /** Whether the daemon lets this page send, and not only look. */
      readonly mayWrite: boolean;
    }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly reason: string };

export type Fault = 'lost' | 'timeout' | 'unknown' | 'refused' | 'absent' | 'busy';

/** Why there is no answer: connection lost, none in time, command not known, refused, nobody there, too many under way. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly fault: Fault;

  constructor(fault: Fault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export interface Question {
  /** The machine whose daemon, or on which the service is; empty: this machine's. */
  readonly server?: string;
  /** Default: the daemon. */
  readonly service?: string;
  readonly command: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** What the daemons say of it on the way, where `transmission_report` asks for it. */
  readonly onReport?: (status: string, reason: string) => void;
}

interface Pending {
  readonly question: Question;
  readonly resolve: (answer: Message) => void;
  readonly reject: (error: BusError) => void;
  readonly stopTimer: () => void;
}

export const BUS_LIMITS = {
  answerMsMax: 5000,
  registerMsMax: 8000,
  /** Requests under way. */
  pendingMax: 2000,
  lineBytesMax: 64 << 20,
};

/** The commands that every program understands. */
const OWN_COMMANDS = 'ABSOLUTELY,ALIVE,COMMANDS,HELP,INVALID,READY,SERVICE_UNAVAILABLE,TRANSMISSION_REPORT,UNKNOWN';

export class Bus {
  readonly #surroundings: Surroundings;
  readonly #backoff: Backoff;
  readonly #pending = new Map<string, Pending>();
  readonly #encoder = new TextEncoder();
  #reader = new LineReader({ lineBytesMax: BUS_LIMITS.lineBytesMax });
  #socket: Socket | undefined;
  #state: BusState = { kind: 'connecting' };
  #openedAtMs = 0;
  #lastId = 0;
  #prefix = '';
  #stopTimer: () => void = () => undefined;
  #isClosed = false;

  onState: (state: BusState) => void = () => undefined;
  /** What is no answer: SNIFFED, and whatever somebody sends to this page. */
  onMessage: (message: Message) => void = () => undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#backoff = new Backoff(() => surroundings.random());
  }

  get state(): BusState {
    return this.#state;
  }

  /** Connects, and does so again whenever the connection is lost. */
  start(): void {
    if (this.#socket !== undefined || this.#isClosed) return;
    const socket = this.#surroundings.open();
    this.#socket = socket;
    this.#openedAtMs = this.#surroundings.nowMs();
    this.#reader = new LineReader({ lineBytesMax: BUS_LIMITS.lineBytesMax });
    this.#prefix = Math.floor(this.#surroundings.random() * 2 ** 32).toString(36);
    socket.binaryType = 'arraybuffer';
    // What a connection says that was given up is nobody's business any more.
    const isCurrent = (): boolean => this.#socket === socket;
    socket.addEventListener('open', () => {
      const parameters = { service: 'console', version: '1', transient: 'true' };
      if (isCurrent()) this.#write({ command: 'REGISTER', parameters });
    });
    socket.addEventListener('message', ({ data }) => isCurrent() && this.#feed(data));
    socket.addEventListener('close', ({ reason }) => isCurrent() && this.#lost(reason));
    this.#stopTimer = this.#surroundings.after(BUS_LIMITS.registerMsMax, () => socket.close());
  }

  /** Tries now instead of at the end of the pause: the page has become visible, or somebody pressed a key. */
  hurry(): void {
    if (this.#socket !== undefined || this.#isClosed) return;
    this.#stopTimer();
    this.start();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTimer();
    this.#socket?.close();
  }

  /** Asks, and resolves with the answer. @throws BusError */
  ask(question: Question): Promise<Message> {
    const name = describe(question);
    if (this.#state.kind !== 'ready')
      return Promise.reject(new BusError('lost', `no connection: ${name} was not asked`));
    if (this.#pending.size >= BUS_LIMITS.pendingMax)
      return Promise.reject(new BusError('busy', `${BUS_LIMITS.pendingMax} questions are under way already`));
    const id = `${this.#prefix}_${++this.#lastId}`;
    const timeoutMs = question.timeoutMs ?? BUS_LIMITS.answerMsMax;
    return new Promise((resolve, reject) => {
      const stopTimer = this.#surroundings.after(timeoutMs, () => {
        this.#pending.delete(id);
        reject(new BusError('timeout', `${name}: no answer within ${timeoutMs / 1000} s`));
      });
      this.#pending.set(id, { question, resolve, reject, stopTimer });
      const { parameters = {} } = question;
      try {
        this.#write({
          ...addressOf(question),
          command: question.command,
          parameters: { cache: 'no;reply', ...parameters, correlation_id: id, message_id: id },
        });
      } catch (error) {
        this.#finish(id)?.reject(new BusError('refused', error instanceof Error ? error.message : String(error)));
      }
    });
  }

  /** Sends without waiting for anything. @throws WireError when it is not a message */
  tell(parts: MessageParts): void {
    if (this.#state.kind === 'ready') this.#write(parts);
  }

  #write(parts: MessageParts): void {
    this.#socket?.send(`${encodeMessage(parts)}\n`);
  }

  #feed(data: unknown): void {
    const bytes = typeof data === 'string' ? this.#encoder.encode(data) : new Uint8Array(data as ArrayBuffer);
    const onLine = (line: Line): void => {
      if (line.kind === 'message') this.#receive(line.message);
    };
    // A text is whole lines; the last one may come without its end.
    const isOpen = typeof data === 'string' && bytes.length > 0 && bytes.at(-1) !== 10;
    if (isOpen && !data.includes('\n')) onLine(decodeLine(bytes, 0, bytes.length));
    else if (!this.#reader.feed(bytes, onLine)) this.#socket?.close();
    else if (isOpen) this.#reader.end(onLine);
  }

  #receive(message: Message): void {
    const { command, parameters, sentFromServer: server, sentFromService: service } = message;
    const id = parameters['correlation_id'] ?? parameters['message_id'];
    const pending = id === undefined ? undefined : this.#pending.get(id);
    const isWordOnIt = command === 'SERVICE_UNAVAILABLE' || command === 'TRANSMISSION_REPORT';
    // One that bears our id as its own is our question, come back to us.
    if (pending !== undefined && (isWordOnIt || parameters['message_id'] !== id))
      return this.#answer(id as string, pending, message);
    switch (command) {
      case 'READY':
        if (this.#state.kind === 'ready') return;
        this.#stopTimer();
        return this.#become({
          kind: 'ready',
          server,
          service: parameters['service'] ?? 'console',
          mayWrite: parameters['read_only'] !== 'true',
        });
      case 'INVALID':
        // Before READY it is the answer to REGISTER.
        if (this.#state.kind !== 'ready') this.#lost(parameters['message'] ?? 'the daemon refuses the registration');
        return;
      case 'HELP':
        return this.#write({ command: 'COMMANDS', parameters: { list: OWN_COMMANDS } });
      case 'ALIVE': {
        const { serial, timestamp } = parameters;
        const echo = { ...(serial !== undefined && { serial }), ...(timestamp !== undefined && { timestamp }) };
        const address = service === 'communicatord' ? {} : { server, service };
        return this.#write({ ...address, command: 'ABSOLUTELY', parameters: echo });
      }
      default:
        this.onMessage(message);
    }
  }

  #answer(id: string, { question, resolve, reject }: Pending, message: Message): void {
    const { command, parameters } = message;
    const { status = '', reason = '' } = parameters;
    const name = describe(question);
    if (command === 'TRANSMISSION_REPORT') {
      question.onReport?.(status, reason);
      if (status === 'delivered' || status === 'cached') return;
    }
    this.#finish(id);
    if (command === 'UNKNOWN') reject(new BusError('unknown', `${name}: the command is not known there`));
    else if (command === 'INVALID') reject(new BusError('refused', parameters['message'] ?? `${name} was refused`));
    else if (command === 'SERVICE_UNAVAILABLE') reject(new BusError('absent', `${name}: nobody of that name is there`));
    else if (command === 'TRANSMISSION_REPORT') reject(new BusError('absent', `${name}: ${reason || status}`));
    else resolve(message);
  }

  #finish(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.stopTimer();
    return pending;
  }

  #lost(reason: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.close();
    this.#stopTimer();
    for (const [id, { question }] of [...this.#pending])
      this.#finish(id)?.reject(
        new BusError('lost', `the connection was lost before ${describe(question)} was answered`),
      );
    const nowMs = this.#surroundings.nowMs();
    if (this.#state.kind === 'ready') this.#backoff.heldFor(nowMs - this.#openedAtMs);
    const sinceMs = this.#state.kind === 'lost' ? this.#state.sinceMs : nowMs;
    this.#become({ kind: 'lost', sinceMs, reason });
    if (!this.#isClosed) this.#stopTimer = this.#surroundings.after(this.#backoff.nextMs(), () => this.start());
  }

  #become(state: BusState): void {
    this.#state = state;
    this.onState(state);
  }
}

function addressOf({ server = '', service = '' }: Question): { server?: string; service?: string } {
  if (service !== '') return { server, service };
  return server === '' ? {} : { server, service: 'communicatord' };
}

function describe(question: Question): string {
  const { server, service } = addressOf(question);
  return `${service === undefined ? '' : `${server ? `${server}:` : ''}${service}/`}${question.command}`;
}
