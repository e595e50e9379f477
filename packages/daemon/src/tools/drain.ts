// `snapcom drain`: before a reboot, keeps new traffic away from a machine, and waits until what is under way has ended.

import { healthOf, weakSpots } from '@snapcommunicator/network/atlas';
import type { Command } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { askGraph, daemonOf, serverNamed } from './cluster.ts';
import { withConnection } from './connection.ts';
import { EXIT, type ExitCode, exitCodeOf, ToolError } from './exit-codes.ts';
import { durationOption } from './option-values.ts';
import { formatBytes, plural } from './text.ts';
import type { Call } from './tool.ts';

interface DrainOptions {
  readonly undo?: boolean;
  readonly timeout: number;
}

const pollMs = 300;
/** Nothing has passed through for so long: others have found other ways. */
const quietMs = 1000;
/** But so few frames: answers to tools that have ended are tried again each second, for as long as they may wait. */
const strayFramesMax = 20;
const answerMsMax = 5000;

export function describe(command: Command): void {
  command
    .argument('[server]', 'the machine; default: the one that is asked')
    .option('--undo', 'let traffic come again')
    .addOption(durationOption('--timeout <duration>', 'how long what is under way may take to end', '60s'))
    .addHelpText(
      'after',
      `
Others then choose other instances of its services, and other ways than through it, where there are any; it still takes
what only it can take. It ends with exit code 0 when nothing is under way any more: now the machine may go. Services that
are nowhere else are named. After the reboot the machine takes traffic again by itself; "drain --undo" does so without one.

Draining needs a privilege: the Unix socket, or a daemon with compat_control.`,
    );
}

export async function run({ args, options, output }: Call<DrainOptions>): Promise<ExitCode> {
  return withConnection({ to: options.to }, async (bus) => {
    const graph = await askGraph(bus);
    const name = serverNamed(graph, args[0] ?? graph.seenFrom);
    const server = name === graph.seenFrom ? '' : name;
    if (options.undo) {
      await ask(bus, server, true);
      if (options.json) output.json({ server: name, draining: false });
      else output.line(`${name} takes traffic again`);
      return EXIT.done;
    }
    const elsewhere = graph.servers.filter((each) => each.name !== name && each.isReachable);
    const has = new Set(elsewhere.flatMap(({ services }) => services.map((service) => service.name)));
    const only = graph.servers.find((each) => each.name === name)?.services.filter((service) => !has.has(service.name));
    const missing = (only ?? []).map((service) => service.name);
    if (missing.length > 0) output.say(`nowhere else runs ${missing.join(', ')}: until ${name} is back, nobody has it`);
    if (weakSpots(graph).servers.includes(name))
      output.say(`some reach others only through ${name}: see snapcom what-if --without ${name}`);
    if (!healthOf(graph).isWell) output.say('not all is well in the cluster: see snapcom map');
    const { kept } = await untilQuiet(bus, server, name, options.timeout);
    if (options.json) output.json({ server: name, draining: true, quiet: true, kept, onlyHere: missing });
    else {
      output.line(`${name} is drained: nothing is under way`);
      if (kept > 0)
        output.say(
          `${plural(kept, 'message')} wait there for services that are absent; those that are not durable go with it`,
        );
    }
    return EXIT.done;
  });
}

/** Asks the machine to drain, or not to, and how far it is. @throws CommunicatorError, ToolError */
async function ask(bus: Communicator, server: string, undo: boolean) {
  try {
    return (await bus.request(daemonOf(server), 'DRAIN', { undo }, { timeout: answerMsMax })).parameters;
  } catch (error) {
    if (server === '' || exitCodeOf(error) !== EXIT.refused) throw error;
    throw new ToolError(
      EXIT.refused,
      `${server} takes such a word only over links that prove who speaks (scs:, or a cluster secret), from somebody with a privilege here: run "snapcom drain" on ${server} itself`,
      { cause: error },
    );
  }
}

/** Resolves when nothing is under way any more. @throws ToolError when that takes too long */
async function untilQuiet(bus: Communicator, server: string, name: string, timeoutMs: number) {
  const startMs = performance.now();
  let passed = Number.NEGATIVE_INFINITY;
  let quietSinceMs = startMs;
  for (;;) {
    const state = await ask(bus, server, false);
    const nowMs = performance.now();
    const isPassing = state.passed - passed > strayFramesMax;
    if (isPassing || state.sent_bytes > 0 || state.queued_bytes > 0) {
      quietSinceMs = nowMs;
      passed = state.passed;
    }
    if (nowMs - quietSinceMs >= quietMs) return state;
    if (nowMs - startMs >= timeoutMs) {
      const what = [
        ...(isPassing ? ['frames still pass through'] : []),
        ...(state.sent_bytes > 0 ? [`${formatBytes(state.sent_bytes)} are not acknowledged`] : []),
        ...(state.queued_bytes > 0 ? [`${formatBytes(state.queued_bytes)} wait for services`] : []),
      ];
      throw new ToolError(
        EXIT.timedOut,
        `${name} is draining, but not done after ${Math.round(timeoutMs / 1000)} s: ${what.join(', ') || 'it was busy a moment ago'}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
