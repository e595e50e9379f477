// `snapcom bench`: throughput and round trip through the running daemon, by two services of its own.

import type { Command } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { encodeMessage } from 'snapcommunicator/wire';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError } from './exit-codes.ts';
import { countOption, sizeOption } from './option-values.ts';
import { formatBytes, formatCount, formatLatency } from './text.ts';
import type { Call, CommonOptions } from './tool.ts';

export interface BenchOptions extends CommonOptions {
  /** Bytes of the payload. */
  readonly size: number;
  /** For each of the two measurements. */
  readonly seconds: number;
}

/** What is under way between the two, at most: far below what a daemon queues for one service. */
const windowMessagesMax = 20_000;
const windowBytesMax = 512 * 1024;
/** So much is sent before the event loop has its turn. */
const turnMessages = 256;
/** How long the last messages may take to come. */
const tailMsMax = 10_000;
/** Round trips kept for the percentiles; a second has fewer. */
const samplesMax = 1_000_000;

interface Throughput {
  readonly messages: number;
  readonly seconds: number;
  readonly bytesPerMessage: number;
}

interface RoundTrips {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function describe(command: Command): void {
  command
    .addOption(
      sizeOption('--size <size>', 'bytes of payload in each message', { minBytes: 1, maxBytes: 512 * 1024 }, '100'),
    )
    .addOption(countOption('--seconds <number>', 'how long each of the two measurements lasts', 60, '3'))
    .addHelpText(
      'after',
      `
Both services run in this one process, through the library, so this is what a program can expect rather than what the
daemon can do. Load on the machine shows. What is under way is bounded: the daemon's other users keep being served.`,
    );
}

export async function run({ options, output }: Call<BenchOptions>): Promise<ExitCode> {
  const { to, size, seconds, json } = options;
  const timeMs = seconds * 1000;
  const sender = await openConnection({ to, service: 'bench_sender', transient: true });
  const receiver = await openConnection({ to, service: 'bench_receiver', transient: true });
  const payload = 'x'.repeat(size);
  output.say(`${seconds} s of messages, ${seconds} s of round trips…`);
  try {
    const throughput = await measureThroughput(sender, receiver, payload, timeMs);
    const roundTrips = await measureRoundTrips(sender, receiver, payload, timeMs);
    const perSecond = throughput.messages / throughput.seconds;
    const bytesPerSecond = perSecond * throughput.bytesPerMessage;
    if (json) {
      output.json({
        size,
        messages: throughput.messages,
        messages_per_second: Math.round(perSecond),
        bytes_per_second: Math.round(bytesPerSecond),
        round_trips: roundTrips.count,
        round_trip_p50_ms: rounded(roundTrips.p50Ms),
        round_trip_p99_ms: rounded(roundTrips.p99Ms),
        round_trip_max_ms: rounded(roundTrips.maxMs),
      });
    } else {
      const { p50Ms, p99Ms, maxMs, count } = roundTrips;
      output.line(
        `throughput  ${formatCount(perSecond)} messages/s, ${formatBytes(Math.round(bytesPerSecond))}/s (${formatCount(throughput.messages)} of ${throughput.bytesPerMessage} bytes)`,
      );
      output.line(
        `round trip  p50 ${formatLatency(p50Ms)}, p99 ${formatLatency(p99Ms)}, greatest ${formatLatency(maxMs)} (${formatCount(count)} requests)`,
      );
    }
  } finally {
    await Promise.allSettled([sender.close(), receiver.close()]);
  }
  return EXIT.done;
}

/** Sends as fast as they arrive, never more than the window ahead. */
async function measureThroughput(
  sender: Communicator,
  receiver: Communicator,
  payload: string,
  timeMs: number,
): Promise<Throughput> {
  const message = { server: receiver.server, service: receiver.service, command: 'BENCH', parameters: { payload } };
  const bytesPerMessage = Buffer.byteLength(encodeMessage(message)) + 1;
  const window = Math.max(1, Math.min(windowMessagesMax, Math.floor(windowBytesMax / bytesPerMessage)));
  let received = 0;
  const arrivals = new Arrivals();
  const stopReceiving = receiver.on('BENCH', () => {
    received++;
    arrivals.wake();
  });
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < timeMs) {
    const batch = Math.min(turnMessages, window - (sent - received));
    for (let count = 0; count < batch; count++) void sender.send(message);
    sent += batch;
    if (batch === 0) await arrivals.next();
    else await new Promise((resolve) => setImmediate(resolve));
  }
  while (received < sent) await arrivals.next();
  const seconds = (performance.now() - began) / 1000;
  stopReceiving();
  return { messages: received, seconds, bytesPerMessage };
}

/** One request after the other. */
async function measureRoundTrips(
  sender: Communicator,
  receiver: Communicator,
  payload: string,
  timeMs: number,
): Promise<RoundTrips> {
  const stopAnswering = receiver.on('BENCH_ASK', (_message, { reply }) => reply('BENCH_ANSWER', { payload }));
  const target = `${receiver.server}:${receiver.service}`;
  const samples: number[] = [];
  const began = performance.now();
  for (let now = began; now - began < timeMs && samples.length < samplesMax; ) {
    await sender.request(target, 'BENCH_ASK', { payload }, { timeout: tailMsMax });
    const then = now;
    now = performance.now();
    samples.push(now - then);
  }
  stopAnswering();
  samples.sort((a, b) => a - b);
  const at = (share: number): number => samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0;
  return { count: samples.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: samples.at(-1) ?? 0 };
}

/** Resolves at the next call of `wake`, rejects when there is none for long. */
class Arrivals {
  #wake: () => void = () => undefined;

  readonly wake = (): void => this.#wake();

  next(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new ToolError(EXIT.timedOut, `no message arrives for ${tailMsMax / 1000} s: is the daemon still there?`),
        );
      }, tailMsMax);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
