// What the scripts of `completion` ask at each press of the key: the words that may follow, services of the daemon included.

import { RootCommand } from '@bomb.sh/tab';
import type { Command as ProgramCommand } from 'commander';
import type { Communicator } from 'snapcommunicator';
import { askGraph } from './cluster.ts';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Call } from './tool.ts';

/** Nobody waits longer for a key. */
const answerMsMax = 300;
/** Where a service is named. */
const WANTS_SERVICE = new Set(['send', 'request', 'services', 'route', 'trace']);
/** Where a command follows it. */
const TAKES_MESSAGE = new Set(['send', 'request']);

/** Where a machine is named, as an argument or as the value of an option. */
const WANTS_SERVER = new Set(['servers', 'links', 'drain']);
const SERVER_OPTIONS = new Set(['--server', '--from', '--without']);
const HAS_SERVER_OPTION = new Set(['route', 'what-if', 'sniff', 'simulate', 'top', 'history']);

type Complete = (value: string, description: string) => void;

interface Names {
  readonly services: readonly string[];
  readonly servers: readonly string[];
}

export function describe(command: ProgramCommand): void {
  command.argument('[word...]').allowUnknownOption();
}

export async function run({ behindDashes, options, program }: Call): Promise<ExitCode> {
  const subcommand = behindDashes[0] ?? '';
  const isSubcommandKnown = behindDashes.length > 1;
  const isAbout = (subcommands: ReadonlySet<string>): boolean => isSubcommandKnown && subcommands.has(subcommand);
  const services = isAbout(WANTS_SERVICE) ? await namesFrom(options.to, serviceNames) : [];
  const servers = isAbout(WANTS_SERVER) || isAbout(HAS_SERVER_OPTION) ? await namesFrom(options.to, serverNames) : [];
  createRoot(await program(), { services, servers }).parse([...behindDashes]);
  return EXIT.done;
}

/** The command line as the shells' library wants it. */
function createRoot(program: ProgramCommand, { services, servers }: Names): RootCommand {
  const root = new RootCommand();
  for (const command of program.commands) {
    const name = command.name();
    const target = root.command(name, command.summary());
    for (const { long, short, description, required, hidden } of command.options) {
      if (long === undefined || long === null || hidden) continue;
      const alias = short?.slice(1);
      const offer =
        long === '--service'
          ? offerAll(services, 'service')
          : SERVER_OPTIONS.has(long)
            ? offerAll(servers, 'machine')
            : () => undefined;
      if (required) target.option(long.slice(2), description, (complete) => offer(complete), alias);
      else target.option(long.slice(2), description, alias);
    }
    for (const argument of command.registeredArguments) {
      const choices = argument.argChoices ?? [];
      const offer = WANTS_SERVICE.has(name)
        ? offerAll(services, 'service', TAKES_MESSAGE.has(name) ? '/' : '')
        : offerAll(WANTS_SERVER.has(name) ? servers : choices, '');
      target.argument(argument.name(), (complete) => offer(complete), argument.variadic);
    }
  }
  return root;
}

const offerAll =
  (names: readonly string[], description: string, behind = '') =>
  (complete: Complete): void => {
    for (const name of names) complete(`${name}${behind}`, description);
  };

/** What is asked for, or nothing where the daemon is not there or not quick. */
async function namesFrom(to: string | undefined, ask: (bus: Communicator) => Promise<string[]>): Promise<string[]> {
  try {
    return [...new Set(await ask(await openConnection({ to, registerTimeoutMs: answerMsMax })))];
  } catch {
    return [];
  }
}

/** The services that are up. */
async function serviceNames(bus: Communicator): Promise<string[]> {
  const answer = await bus.request('', 'LIST_SERVICES', {}, { timeout: answerMsMax });
  const list = (answer.parameters['list'] ?? '').split(',').filter((item) => item !== '');
  return list.map((item) => item.slice(item.indexOf(':') + 1));
}

async function serverNames(bus: Communicator): Promise<string[]> {
  const { servers } = await askGraph(bus, '', answerMsMax);
  return servers.map(({ name }) => name);
}
