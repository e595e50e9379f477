// The switch against a model of a few lines: both inner loops, random lines, cut anywhere, byte for byte.

import { decodeLine } from 'snapcommunicator/wire';
import { describe, expect, it } from 'vitest';
import { Arena } from './arena.ts';
import type { Destination } from './destination.ts';
import type { Group } from './group.ts';
import { loadInnerLoop } from './inner.ts';
import { Output } from './output.ts';
import type { Source } from './source.ts';
import { type LineHandler, Switch } from './switch.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const LINE_BYTES_MAX = 300_000;

interface Rig {
  readonly switch: Switch;
  readonly output: Output;
  readonly arena: Arena;
  readonly source: Source;
  readonly events: string[];
  readonly handler: LineHandler;
  received(name: string): string;
  readonly destinations: Map<string, Destination>;
  readonly groups: Map<string, Group>;
}

const NAMES = ['rx', 'images', 'a', 'a_very_long_name_of_forty_characters_____', 'svc0003'];

function createRig(isPlain: boolean, bufferBytes = 4 << 20, isSlow = false): Rig {
  const arena = new Arena({ bufferBytes, recordCount: 1024, lineBytesMax: LINE_BYTES_MAX });
  const { route, kind } = loadInnerLoop(arena.memory, isPlain);
  expect(kind).toBe(isPlain ? 'TypeScript' : 'WebAssembly');
  let now = 0;
  const output = new Output(
    arena,
    { queueBytesMax: 1 << 30, pauseBytes: 1 << 29, pauseMs: 1000, stallMs: 100 },
    () => now++,
  );
  const got = new Map<string, Buffer[]>();
  const destinations = new Map<string, Destination>();
  const groups = new Map<string, Group>();
  const events: string[] = [];
  for (const name of NAMES) {
    const pieces: Buffer[] = [];
    got.set(name, pieces);
    const done: ((isWritten: boolean) => void)[] = [];
    const destination = output.openDestination({
      // The bytes are looked at when they are written; they may change once `done` is called.
      holdsBytes: false,
      write: (bytes, _lines, finished) => {
        pieces.push(Buffer.from(bytes));
        if (isSlow) {
          done.push(finished);
          if (done.length > 6) done.shift()?.(true);
        } else finished(true);
      },
      pendingBytes: () => 0,
    });
    if (destination !== undefined) destinations.set(name, destination);
  }
  const group = output.openGroup([...destinations.values()].slice(0, 3));
  if (group !== undefined) groups.set('./PING', group);
  const source: Source = {
    serial: 7,
    lines: 0,
    prefix: Buffer.from('<alpha:tx1 '),
    isStamped: false,
    carry: undefined,
    longLine: undefined,
    backlog: undefined,
    blockedBy: undefined,
    destination: undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  const handler: LineHandler = {
    resolve: (_source, line) => {
      const read = decodeLine(line.bytes, line.start, line.end);
      if (read.kind !== 'message') return undefined;
      const { service, command } = read.message;
      const target = service === '.' ? groups.get(`./${command}`) : destinations.get(service);
      return target === undefined ? undefined : { target, flowId: 1 };
    },
    handle: (from, line) => {
      const body = from.isStamped ? line.start : (line.offsets[10] as number);
      const read = decodeLine(line.bytes, line.start, line.end);
      const service =
        read.kind === 'message' ? read.message.service : text(line.bytes.subarray(body, line.end)).split('/')[0];
      const target = destinations.get(service ?? '');
      if (target === undefined) {
        events.push(`handle ${text(line.bytes.subarray(line.start, line.end)).slice(0, 40)}`);
        return;
      }
      output.append(target, Buffer.concat([from.prefix, line.bytes.subarray(body, line.end), Buffer.from('\n')]), from);
    },
    refuse: (_source, _line, _target, reason) => events.push(`refuse ${reason}`),
    reject: (_source, error) => events.push(`reject ${error}`),
    overflow: (from) => {
      events.push('overflow');
      from.serial = 0;
    },
  };
  const lineSwitch = new Switch(
    arena,
    route,
    output,
    handler,
    { lineBytesMax: LINE_BYTES_MAX, discardBytesMax: 1 << 20 },
    () => now++,
  );
  return {
    switch: lineSwitch,
    output,
    arena,
    source,
    events,
    handler,
    destinations,
    groups,
    received: (name) => Buffer.concat(got.get(name) ?? []).toString('latin1'),
  };
}

/** What was put off to later turns has been handled. */
async function settled(source: Source): Promise<void> {
  while (source.backlog !== undefined) await new Promise((resolve) => setImmediate(resolve));
}

/** Mulberry32: a small seeded generator, enough to make lines. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Case {
  readonly lines: string;
  readonly expected: Map<string, string[]>;
}

/** @param areStamped whether they are as they come from other machines */
function makeLines(random: (below: number) => number, count: number, areStamped = false): Case {
  const expected = new Map<string, string[]>(NAMES.map((name) => [name, []]));
  const lines: string[] = [];
  let name = 'rx';
  for (let at = 0; at < count; at++) {
    if (random(3) === 0) name = NAMES[random(NAMES.length)] as string;
    const sender = random(4) === 0 ? `<:${'me'.repeat(random(3) + 1)} ` : '';
    const server = random(4) === 0 ? 'alpha:' : '';
    const isBroadcast = random(7) === 0;
    const address = isBroadcast ? './PING' : `${server}${name}/C${random(50)}`;
    const value = 'xyz;a=1;\t '.slice(0, random(10)).padEnd(random(20) === 0 ? random(5000) : random(200), 'v');
    const special =
      random(15) === 0 ? ['cache=no;', 'transmission_report=failure;', 'broadcast_msgid=1;'][random(3)] : '';
    const parameters = random(10) === 0 ? '' : ` ${special}a="/;${value}";b=${value.length}`;
    const line = `${address}${isBroadcast ? parameters.replace(special as string, '') : parameters}`;
    const junk = random(30);
    const clean = `<alpha:tx1 ${line}\n`;
    const sent = `${junk === 1 ? '  ' : ''}${sender}${line}${junk === 2 ? ' \t' : ''}${junk === 3 ? '\r' : ''}\n`;
    lines.push(areStamped ? clean : sent);
    const receivers = isBroadcast ? NAMES.slice(0, 3) : [name];
    // A broadcast with blanks around it is left to the handler, which here does not know broadcasts.
    if (isBroadcast && junk >= 1 && junk <= 3 && !areStamped) lines.pop();
    else for (const receiver of receivers) expected.get(receiver)?.push(clean);
  }
  return { lines: lines.join(''), expected };
}

it('counts lines wherever they lie', () => {
  const arena = new Arena({ bufferBytes: 4 << 20, recordCount: 1024, lineBytesMax: LINE_BYTES_MAX });
  const { countLines } = loadInnerLoop(arena.memory);
  const random = generator(5);
  for (const length of [0, 1, 15, 16, 17, 4096, 131_072, 131_073, 300_000]) {
    const bytes = Buffer.from(Array.from({ length }, () => (random(9) === 0 ? 10 : 65)));
    // What an earlier, longer one left behind is not counted.
    const lines = bytes.filter((byte) => byte === 10).length;
    expect(countLines?.(bytes)).toBe(lines);
    const slab = arena.slabs.take();
    arena.bytes.fill(10, slab, slab + length + 40);
    arena.bytes.set(bytes, slab + 3);
    expect(countLines?.(arena.bytes.subarray(slab + 3, slab + 3 + length))).toBe(lines);
  }
});

describe.each([
  ['WebAssembly', false],
  ['TypeScript', true],
])('inner loop in %s', (_name, isPlain) => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))('routes like the model, seed %i', async (seed) => {
    const random = generator(seed);
    const rig = createRig(isPlain, seed % 3 === 0 ? 600_000 : 4 << 20, seed % 2 === 0);
    const { lines, expected } = makeLines(random, 3000);
    const bytes = Buffer.from(lines, 'latin1');
    for (let at = 0; at < bytes.length; ) {
      const size = random(4) === 0 ? random(40) + 1 : random(seed % 4 === 0 ? 300 : 131_072) + 1;
      rig.switch.feed(rig.source, bytes.subarray(at, at + size));
      at += size;
      if (random(3) === 0) rig.output.flushAll();
    }
    await settled(rig.source);
    rig.output.flushAll();
    for (const name of NAMES)
      expect(rig.received(name) === expected.get(name)?.join(''), `${name}, seed ${seed}`).toBe(true);
    expect(rig.events).toEqual([]);
  });

  it('reads lines where they lie in the arena, and leaves alone what lies around them', () => {
    const rig = createRig(isPlain);
    const { lines, expected } = makeLines(generator(7), 2000, true);
    const bytes = Buffer.from(lines, 'latin1');
    const stamped: Source = { ...rig.source, isStamped: true, prefix: Buffer.alloc(0) };
    const memory = rig.arena.bytes.subarray(rig.arena.slabs.take()).subarray(0, rig.arena.slabs.bytes);
    expect(bytes.length).toBeLessThan(memory.length);
    memory.fill('?');
    bytes.copy(memory, 1);
    for (let at = 1; at <= bytes.length; ) {
      // Some that end where others begin, and some beyond the size of the input.
      const last = memory.lastIndexOf(10, Math.min(bytes.length, at + (at % 3 === 0 ? 3000 : 200_000)));
      const end = Math.max(last, memory.indexOf(10, at)) + 1;
      rig.switch.take(stamped, memory.subarray(at, end));
      at = end;
    }
    rig.output.flushAll();
    for (const name of NAMES) expect(rig.received(name) === expected.get(name)?.join(''), name).toBe(true);
    expect(memory.equals(Buffer.concat([Buffer.from('?'), bytes], memory.length).fill('?', bytes.length + 1))).toBe(
      true,
    );
    expect(rig.events).toEqual([]);
  });

  it('routes byte by byte', () => {
    const rig = createRig(isPlain);
    const { lines, expected } = makeLines(generator(99), 60);
    for (const byte of Buffer.from(lines, 'latin1')) rig.switch.feed(rig.source, Uint8Array.of(byte));
    rig.output.flushAll();
    for (const name of NAMES) expect(rig.received(name)).toBe(expected.get(name)?.join(''));
  });

  it('passes long lines, and passes over those that are too long', () => {
    const rig = createRig(isPlain);
    const send = (line: string): void => rig.switch.feed(rig.source, Buffer.from(line));
    const long = `rx/PING a=${'y'.repeat(200_000)}\n`;
    send(`rx/PING n=1\n${long}rx/PING n=2\n`);
    send(`rx/PING a=${'z'.repeat(LINE_BYTES_MAX)}\nrx/PING n=3\n`);
    rig.output.flushAll();
    expect(rig.received('rx')).toBe(
      `<alpha:tx1 rx/PING n=1\n<alpha:tx1 ${long}<alpha:tx1 rx/PING n=2\n<alpha:tx1 rx/PING n=3\n`,
    );
    expect(rig.events).toEqual(['reject TOO_LONG']);
    send('q'.repeat(1_200_000));
    expect(rig.events).toEqual(['reject TOO_LONG', 'overflow']);
  });

  it('rejects what is not a message and skips blank lines', () => {
    const rig = createRig(isPlain);
    rig.switch.feed(rig.source, Buffer.from('\n \r\nrx/PING a=1\nrx/PING a=\0\nrx/ping\n/X\nrx/PING\nX\n'));
    rig.output.flushAll();
    expect(rig.received('rx')).toBe('<alpha:tx1 rx/PING a=1\n<alpha:tx1 rx/PING\n');
    expect(rig.events).toEqual(['reject NUL_BYTE', 'reject BAD_COMMAND', 'reject BAD_SERVICE', 'handle X']);
  });

  it('comes back from a line that ends in any byte', () => {
    const rig = createRig(isPlain);
    const endings = Array.from({ length: 255 }, (_, byte) => byte + 1).filter(
      (byte) => ![9, 10, 13, 32].includes(byte),
    );
    const line = (byte: number): string => `rx/PING a=${String.fromCharCode(byte)}\n`;
    rig.switch.feed(rig.source, Buffer.from(endings.map(line).join(''), 'latin1'));
    rig.output.flushAll();
    expect(rig.received('rx')).toBe(endings.map((byte) => `<alpha:tx1 ${line(byte)}`).join(''));
  });

  it('gives lines with a trace to the slow way, once it is told to', () => {
    const lines = 'rx/PING tracepart=1\nrx/PING a=1;traceparent=2\nrx/PING atraceparent=3\nrx/PING a=";tracepare\n';
    const slow = (rig: Rig): number => {
      let handled = 0;
      const { handle } = rig.handler;
      rig.handler.handle = (...call) => {
        handled++;
        handle(...call);
      };
      rig.switch.feed(rig.source, Buffer.from(`rx/PING\n${lines}`));
      rig.output.flushAll();
      return handled;
    };
    const before = createRig(isPlain);
    expect(slow(before)).toBe(0);
    const after = createRig(isPlain);
    after.arena.traceLines();
    expect(slow(after)).toBe(3);
    expect(after.received('rx')).toBe(before.received('rx'));
  });

  it('forgets a verdict when its destination goes', () => {
    const rig = createRig(isPlain);
    const rx = rig.destinations.get('rx') as Destination;
    rig.switch.feed(rig.source, Buffer.from('rx/PING n=1\n'));
    rig.output.flushAll();
    rig.output.closeDestination(rx);
    rig.destinations.delete('rx');
    rig.switch.feed(rig.source, Buffer.from('rx/PING n=2\n'));
    expect(rig.received('rx')).toBe('<alpha:tx1 rx/PING n=1\n');
    expect(rig.events).toEqual(['handle rx/PING n=2']);
  });
});
