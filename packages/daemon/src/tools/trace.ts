// `snapcom trace`: follows the way of a message hop by hop, asking each daemon on it, and times each.

import type { Command } from 'commander';
import { type Communicator, CommunicatorError } from 'snapcommunicator';
import { DAEMON_NAMES } from 'snapcommunicator/wire';
import { daemonOf } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, exitCodeOf, ToolError, usageError } from './exit-codes.ts';
import { durationOption } from './option-values.ts';
import type { Output } from './output.ts';
import { formatLatency } from './text.ts';
import type { Call } from './tool.ts';

interface TraceOptions {
  readonly timeout: number;
}

/** As many as a frame may take. */
const HOPS_MAX = 64;

export function describe(command: Command): void {
  command
    .argument('<service>', 'whom the probe is for: SERVICE, SERVER:SERVICE, or SERVER: for its daemon')
    .addOption(durationOption('-t, --timeout <duration>', 'how long each answer may take', '2s'))
    .addHelpText(
      'after',
      `
Each line is a daemon on the way, with the round trip to it and back; the last is the service itself, asked ALIVE. Every
daemon says itself whom it gives such a message to. Exit code 4 if there is no such service, or no way to it; 5 if somebody
on the way, or the service, does not answer.`,
    );
}

export async function run({ args, options, output }: Call<TraceOptions>): Promise<ExitCode> {
  const [address = ''] = args;
  const at = address.lastIndexOf(':');
  const [server, service] = at < 0 ? ['', address] : [address.slice(0, at).toLowerCase(), address.slice(at + 1)];
  if (server === '' && DAEMON_NAMES.has(service)) throw usageError('whose daemon? Give SERVER:communicatord');
  return withConnection({ to: options.to }, (bus) => new Trace(bus, output, options).run(server, service));
}

/** What is told of a step. */
interface Step {
  /** A machine, or at last the service. */
  readonly at: string;
  readonly roundTripMs?: number;
  readonly cost?: number | undefined;
  /** Whom it gives such a message to. */
  readonly next?: string | undefined;
  readonly remark?: string;
}

class Trace {
  readonly #bus: Communicator;
  readonly #output: Output;
  readonly #timeout: number;
  readonly #isJson: boolean;
  #steps = 0;

  constructor(bus: Communicator, output: Output, { timeout, json }: TraceOptions & { readonly json?: boolean }) {
    this.#bus = bus;
    this.#output = output;
    this.#timeout = timeout;
    this.#isJson = json === true;
  }

  async run(wantedServer: string, service: string): Promise<ExitCode> {
    const from = this.#bus.server;
    const met = new Set<string>();
    // The first daemon chooses the last machine; all others only pass on.
    let last = wantedServer;
    for (let hop = from; ; ) {
      const { outcome, next, cost, serverName, roundTripMs } = await this.#ask(
        hop === from ? '' : hop,
        last,
        service,
        from,
      );
      last = serverName ?? last;
      if (outcome === 'absent') {
        const where = hop === from ? '' : `: ${hop} knows none`;
        throw new ToolError(EXIT.noService, `there is no way to ${last === '' ? '' : `${last}:`}${service}${where}`);
      }
      if (outcome === 'opaque') {
        this.#tell({ at: hop, roundTripMs, remark: 'gives it to C++ daemons: what is behind them nobody knows' });
        return EXIT.done;
      }
      this.#tell({ at: hop, roundTripMs, cost, next });
      if (outcome === 'here' || next === undefined) return this.#askService(hop === from ? '' : hop, service);
      met.add(hop);
      if (met.has(next) || met.size >= HOPS_MAX) {
        throw new ToolError(EXIT.no, `the way goes in a circle at ${next}: the machines do not agree yet. Try again`);
      }
      hop = next;
    }
  }

  /** What a daemon does with such a message, and how long it took to say so. @throws ToolError if it does not answer */
  async #ask(server: string, last: string, service: string, from: string) {
    const startMs = performance.now();
    const parameters = {
      ...(!DAEMON_NAMES.has(service) && { service }),
      ...(last !== '' && { server_name: last }),
      ...(server !== '' && { from }),
    };
    try {
      const answer = await this.#bus.request(daemonOf(server), 'ROUTE', parameters, { timeout: this.#timeout });
      const { outcome, next, cost, server_name: serverName } = answer.parameters;
      return { outcome, next, cost, serverName, roundTripMs: performance.now() - startMs };
    } catch (error) {
      if (server === '' || !(error instanceof CommunicatorError)) throw error;
      this.#tell({ at: server, remark: 'does not answer' });
      throw new ToolError(exitCodeOf(error), `${server} is on the way, but: ${error.message}`, { cause: error });
    }
  }

  /** The end of the way: every service answers ALIVE, by itself or by its library. */
  async #askService(server: string, service: string): Promise<ExitCode> {
    if (DAEMON_NAMES.has(service)) return EXIT.done;
    const at = `${server === '' ? this.#bus.server : server}:${service}`;
    const startMs = performance.now();
    try {
      await this.#bus.request(at, 'ALIVE', {}, { timeout: this.#timeout, expect: ['ABSOLUTELY'] });
    } catch (error) {
      if (!(error instanceof CommunicatorError)) throw error;
      this.#tell({ at, remark: 'does not answer ALIVE' });
      throw new ToolError(exitCodeOf(error), `${at} was reached, but: ${error.message}`, { cause: error });
    }
    this.#tell({ at, roundTripMs: performance.now() - startMs, remark: 'answers' });
    return EXIT.done;
  }

  #tell({ at, roundTripMs, cost, next, remark }: Step): void {
    this.#steps++;
    if (this.#isJson) {
      const ms = roundTripMs === undefined ? undefined : Math.round(roundTripMs * 1000) / 1000;
      return this.#output.json({ hop: this.#steps, at, roundTripMs: ms, cost, next, remark });
    }
    const time = roundTripMs === undefined ? '' : formatLatency(roundTripMs);
    const way = next === undefined ? '' : `→ ${next}${cost === undefined ? '' : `, cost ${cost} from here`}`;
    this.#output.foreignLine(
      `${String(this.#steps).padStart(2)}  ${at.padEnd(24)}  ${time.padStart(9)}  ${remark ?? way}`.trimEnd(),
    );
  }
}
