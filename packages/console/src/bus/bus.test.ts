// The connection of the page: registering, answers matched to questions, time-outs, and coming back after a loss.

import { beforeEach, describe, expect, test } from 'vitest';
import { Bus, type BusState, type Socket } from './bus.ts';

class FakeSocket implements Socket {
  binaryType = '';
  readonly #listeners = new Map<string, (event: never) => void>();
  readonly sent: string[] = [];
  isClosed = false;
  send(text: string): void {
    this.sent.push(text.trimEnd());
  }
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, listener);
  }
  happen(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event as never);
  }
  close(): void {
    this.isClosed = true;
    this.happen('close', { reason: '' });
  }
  say(...lines: string[]): void {
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
    this.happen('message', { data: bytes.buffer });
  }
}

let sockets: FakeSocket[];
let timers: { atMs: number; call: () => void }[];
let nowMs: number;
let states: BusState['kind'][];
let bus: Bus;

const advance = (ms: number): void => {
  nowMs += ms;
  for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) {
    timers = timers.filter((other) => other !== timer);
    timer.call();
  }
};
const last = (): FakeSocket => sockets.at(-1) as FakeSocket;
const idOf = (line: string | undefined): string => /correlation_id=(\w+)/.exec(line ?? '')?.[1] ?? '';
const register = (): FakeSocket => {
  const socket = last();
  socket.happen('open');
  socket.say('<alpha:communicatord HELP', '<alpha:communicatord READY my_address=x;service=console_1');
  return socket;
};

beforeEach(() => {
  [sockets, timers, nowMs, states] = [[], [], 0, []];
  bus = new Bus({
    open: () => {
      sockets.push(new FakeSocket());
      return last();
    },
    nowMs: () => nowMs,
    random: () => 0.5,
    after: (ms, call) => {
      const timer = { atMs: nowMs + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  });
  bus.onState = ({ kind }) => states.push(kind);
  bus.start();
});

describe('the bus', () => {
  test('registers as a tool, says what it understands, and is ready', () => {
    const { sent } = register();
    expect(sent).toEqual([
      'REGISTER service=console;transient=true;version=1',
      expect.stringMatching(/^COMMANDS list=ABSOLUTELY,/),
    ]);
    expect(bus.state).toEqual({ kind: 'ready', server: 'alpha', service: 'console_1', mayWrite: true });
  });

  test('knows whether it may send', () => {
    last().happen('open');
    last().say('<alpha:communicatord READY my_address=x;read_only=true;service=console_1');
    expect(bus.state).toMatchObject({ kind: 'ready', mayWrite: false });
  });

  test('an answer finds its question, also in pieces and among other messages', async () => {
    const socket = register();
    const other: string[] = [];
    bus.onMessage = ({ command }) => other.push(command);
    const answer = bus.ask({ server: 'beta', command: 'GRAPH' });
    const line = socket.sent.at(-1);
    expect(line).toMatch(/^beta:communicatord\/GRAPH cache="no;reply";correlation_id=(\w+);message_id=\1$/);
    const bytes = new TextEncoder().encode(
      `<beta:web PONG\n<beta:communicatord GRAPH graph=x;correlation_id=${idOf(line)}\n`,
    );
    socket.happen('message', { data: bytes.slice(0, 30).buffer });
    socket.happen('message', { data: bytes.slice(30).buffer });
    expect((await answer).parameters['graph']).toBe('x');
    expect(other).toEqual(['PONG']);
  });

  test.each([
    ['unknown', (id: string) => `<a:communicatord UNKNOWN command=X;correlation_id=${id}`],
    ['refused', (id: string) => `<a:communicatord INVALID message=no;correlation_id=${id}`],
    ['absent', (id: string) => `<a:communicatord SERVICE_UNAVAILABLE destination_service=y;message_id=${id}`],
    ['absent', (id: string) => `<a:communicatord TRANSMISSION_REPORT command=X;status=failed;message_id=${id}`],
  ])('%s: what the daemon says against it', async (fault, answer) => {
    const socket = register();
    const question = bus.ask({ command: 'X' });
    socket.say(answer(idOf(socket.sent.at(-1))));
    await expect(question).rejects.toMatchObject({ fault });
  });

  test('a report that it was delivered is no answer', async () => {
    const socket = register();
    const reports: string[] = [];
    const question = bus.ask({ service: 'images', command: 'PING', onReport: (status) => reports.push(status) });
    const id = idOf(socket.sent.at(-1));
    socket.say(`<alpha:communicatord TRANSMISSION_REPORT command=PING;status=delivered;message_id=${id}`);
    socket.say(`<alpha:images PONG correlation_id=${id}`);
    expect((await question).command).toBe('PONG');
    expect(reports).toEqual(['delivered']);
  });

  test('no answer in time', async () => {
    register();
    const question = bus.ask({ command: 'GRAPH', timeoutMs: 100 });
    advance(100);
    await expect(question).rejects.toMatchObject({ fault: 'timeout', message: 'GRAPH: no answer within 0.1 s' });
  });

  test('a lost connection ends what was asked, and comes back by itself, again and again', async () => {
    const socket = register();
    const question = bus.ask({ command: 'GRAPH' });
    socket.close();
    await expect(question).rejects.toMatchObject({ fault: 'lost' });
    await expect(bus.ask({ command: 'GRAPH' })).rejects.toMatchObject({ fault: 'lost' });
    for (let attempt = 2; attempt < 12; attempt++) {
      advance(5000);
      expect(sockets).toHaveLength(attempt);
      last().close();
    }
    advance(5000);
    register();
    expect(states).toEqual(['ready', ...Array(11).fill('lost'), 'ready']);
  });

  test('says since when it is lost, however often it was tried since', () => {
    register().close();
    advance(5000);
    last().close();
    expect(bus.state).toMatchObject({ kind: 'lost', sinceMs: 0 });
  });

  test('a daemon that takes the connection and says nothing is tried anew', () => {
    advance(8000);
    expect(last().isClosed).toBe(true);
    advance(5000);
    expect(sockets).toHaveLength(2);
  });

  test('why a registration is refused is kept for who looks', () => {
    last().happen('open');
    last().say('<alpha:communicatord INVALID command=REGISTER;message=too many connections');
    expect(bus.state).toMatchObject({ kind: 'lost', reason: 'too many connections' });
  });

  test('does not wait any longer when somebody looks', () => {
    register().close();
    bus.hurry();
    expect(sockets).toHaveLength(2);
    bus.hurry();
    expect(sockets).toHaveLength(2);
  });

  test('answers ALIVE', () => {
    const socket = register();
    socket.say('<beta:watchdog alpha:console_1/ALIVE serial=7');
    expect(socket.sent.at(-1)).toBe('beta:watchdog/ABSOLUTELY serial=7');
  });

  test('is closed for good', () => {
    register();
    bus.close();
    advance(60_000);
    expect(sockets).toHaveLength(1);
  });
});
