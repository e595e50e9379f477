// The order of one sender's messages, at random and under pressure: unicasts, broadcasts, kept ones, in every form and size.

import { describe, expect, test } from 'vitest';
import { WAYS } from '../support/conversation.ts';
import { LineClient } from '../support/line-client.ts';
import { startForTest as start } from '../support/one-test.ts';
import { randomNumbers } from '../support/random.ts';

/** Nothing is refused, whatever waits: senders are paused for as long as it takes. */
const PATIENT = ['--pause-time', '60s', '--stall-time', '60s', '--max-queue-size', '1MiB', '--arena-size', '8MiB'];

const numberOf = (line: string): number => Number(/\bn(?:=|":")(\d+)/.exec(line)?.[1]);

describe.each(WAYS)('$way', ({ args }) => {
  test.each([1, 2, 3])('unicasts and broadcasts of every kind, seed %i', async (seed) => {
    const random = randomNumbers(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const daemon = await start({ args: [...args, ...PATIENT] });
    const names = ['one', 'two', 'three'];
    const receivers = await Promise.all(
      names.map((name, at) =>
        LineClient.register(at === 0 ? { path: daemon.unixPath } : { port: daemon.port }, name, 'NEWS,MORE'),
      ),
    );
    const sender = await LineClient.register({ port: daemon.port }, 'sender', 'NEWS');
    for (const receiver of receivers) await receiver.fence();
    receivers[2]?.send('REGISTER service=three;version=1;format=json');
    await receivers[2]?.expect(/HELP/);
    await receivers[2]?.expect(/READY/);

    const expected = new Map<string, number[]>(names.map((name) => [name, []]));
    let pending = '';
    for (let n = 0; n < 8000; n++) {
      const target = pick([...names, 'alpha:two', '.', '*', '?']);
      const command = pick(['NEWS', 'MORE']);
      const special = pick([
        '',
        '',
        '',
        ';cache=no',
        ';transmission_report=failure',
        `;a=${'x'.repeat(pick([10, 3000, 70_000]) * (random() < 0.1 ? 1 : 0))}`,
      ]);
      pending += pick(['', '<:sender ', ' ']) + `${target}/${command} n=${n}${special}` + pick(['\n', '\n', '\r\n']);
      for (const name of names) if (target.endsWith(name) || target.length === 1) expected.get(name)?.push(n);
      if (random() < 0.05) {
        // Not at the end of a line: the rest comes with the next write.
        const cut = Math.floor(random() * pending.length);
        sender.write(pending.slice(0, cut));
        pending = pending.slice(cut);
      }
      if (n % 500 === 0) {
        const slow = pick(receivers);
        slow.socket.pause();
        // It goes on reading once the sender has gone on writing for a while.
        setTimeout(() => slow.socket.resume(), 5);
        await sender.pour('');
      }
    }
    sender.write(pending);
    for (const [at, receiver] of receivers.entries()) {
      const numbers = expected.get(names[at] as string) as number[];
      await receiver.until(() => receiver.lines.length >= numbers.length, `${numbers.length} lines`);
      expect(receiver.lines.map(numberOf)).toEqual(numbers);
    }
    expect(await sender.fence()).toEqual([]);
  });

  test('kept messages, many, to a slow service, while newer ones come: none lost, none overtaken', async () => {
    const daemon = await start({ args: [...args, ...PATIENT, '--max-cached-size-per-service', '16MiB'] });
    const sender = await LineClient.register({ port: daemon.port }, 'sender');
    const line = (n: number): string => `late/PING n=${n};a=${'x'.repeat(1000)}${n % 7 === 0 ? ';cache=ttl=5m' : ''}\n`;
    let n = 0;
    for (; n < 3000; n++) await sender.pour(line(n));
    await sender.fence();
    const late = await LineClient.connect({ path: daemon.unixPath }, 'late');
    late.send('REGISTER service=late;version=1');
    for (; n < 6000; n++) {
      await sender.pour(line(n));
      if (n % 100 === 0) late.socket.pause();
      if (n % 100 === 50) late.socket.resume();
    }
    late.socket.resume();
    await late.expect(/HELP/);
    await late.expect(/READY/);
    await late.until(() => late.lines.length >= n, `${n} lines`);
    expect(late.lines.map(numberOf)).toEqual(Array.from({ length: n }, (_, number) => number));
  });
});
