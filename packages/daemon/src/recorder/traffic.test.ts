// Rates: exact while the recorder holds all, estimates when it does not; each caller has its own span.

import { expect, it } from 'vitest';
import { Arena } from '../switch/arena.ts';
import { History } from './history.ts';
import { Recorder } from './recorder.ts';
import { TrafficMeter } from './traffic.ts';

function rig(recordCount: number) {
  const clock = { ms: 10_000 };
  const now = (): number => clock.ms;
  const recorder = new Recorder(new Arena({ bufferBytes: 1 << 20, recordCount, lineBytesMax: 1000 }), {
    runCountMax: 16,
    now,
  });
  const parts = { messageCount: () => recorder.messageCount, now, eventsMax: 10, ageMsMax: 5000 };
  const history = new History(parts);
  history.close();
  const carried = { messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0 };
  const links = () => [{ port: 1, server: 'beta', carried: { ...carried }, rates: undefined }];
  const meter = new TrafficMeter({ recorder, history, links, now });
  const note = (count: number, from: string, to: string, command: string, bytes = 10): void => {
    for (let line = 0; line < count; line++) recorder.note(recorder.flowId(from, to, command), bytes, 'delivered');
  };
  return { clock, recorder, history, meter, carried, note };
}

it('of the last second, for who asks for the first time', () => {
  const { clock, recorder, meter, note } = rig(1024);
  note(7, 'a:old', 'a:db', 'OLD');
  clock.ms += 1500;
  note(20, 'a:web', 'a:db', 'GET', 30);
  note(5, 'a:web', 'a:*', 'CAST');
  recorder.note(recorder.flowId('a:web', 'a:db', 'GET'), 30, 'expired', { isLater: true });
  const traffic = meter.read('me', 10);
  expect(traffic).toMatchObject({ seconds: 1, isSampled: false, messages: 25, bytes: 650 });
  expect(traffic.flows).toEqual([
    { from: 'a:web', to: 'a:db', command: 'GET', messages: 20, bytes: 600 },
    { from: 'a:web', to: 'a:*', command: 'CAST', messages: 5, bytes: 50 },
  ]);
  expect(traffic.commands.map(({ command }) => command)).toEqual(['GET', 'CAST']);
  expect(traffic.services).toEqual([
    { service: 'a:web', sent: 25, received: 0 },
    { service: 'a:db', sent: 0, received: 20 },
  ]);
  expect(meter.read('another', 1).flows.length).toBe(1);
});

it('since the same caller asked last, links as well', () => {
  const { clock, meter, carried, note } = rig(1024);
  meter.read('me', 10);
  clock.ms += 4000;
  note(40, 'a:web', 'a:db', 'GET');
  carried.messagesOut = 80;
  const { seconds, messages, links } = meter.read('me', 10);
  expect([seconds, messages, links]).toEqual([
    4,
    10,
    [{ server: 'beta', messagesOut: 20, messagesIn: 0, bytesOut: 0, bytesIn: 0 }],
  ]);
  clock.ms += 100;
  // Who asks often hears of the last second.
  expect(meter.read('me', 10)).toMatchObject({ seconds: 1, messages: 40 });
});

it('estimated where more passed than the recorder holds', () => {
  const { clock, meter, note } = rig(64);
  meter.read('me', 10);
  clock.ms += 1000;
  for (let turn = 0; turn < 100; turn++) {
    note(3, 'a:web', 'a:db', 'GET');
    note(1, 'a:web', 'a:db', 'PUT');
  }
  const { isSampled, messages, commands, bytes } = meter.read('me', 10);
  expect([isSampled, messages, bytes]).toEqual([true, 400, 4000]);
  expect(commands).toEqual([
    { command: 'GET', messages: 300, bytes: 3000 },
    { command: 'PUT', messages: 100, bytes: 1000 },
  ]);
});

it('seconds of the last minutes, and what came and went', () => {
  const { clock, history, note } = rig(1024);
  note(5, 'a:web', 'a:db', 'GET');
  clock.ms += 1000;
  history.tick();
  note(8, 'a:web', 'a:db', 'GET');
  clock.ms += 2000;
  history.tick();
  expect(history.read(undefined, 10).messages).toEqual([5, 4, 4]);
  expect(history.lastPerSecond).toBe(4);
  clock.ms += 4000;
  expect(history.read(undefined, 10).messages).toEqual([4, 0, 0, 0, 0]);
  expect(history.read(Date.now() / 1000 - 1.5, 10).messages.length).toBe(2);
  for (let n = 0; n < 30; n++) history.add('server-up', `n${n}`);
  expect(history.read(undefined, 3).events.map(({ server }) => server)).toEqual(['n27', 'n28', 'n29']);
  expect(history.read(undefined, 100).events.length).toBeLessThanOrEqual(12);
});
