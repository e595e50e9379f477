// What the scripts of `completion` ask at each press of the key: the words that may follow, services of the daemon included.

import { RootCommand } from '@bomb.sh/tab';
import type { Command as ProgramCommand } from 'commander';
import { openConnection } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Call } from './tool.ts';

/** Nobody waits longer for a key. */
const answerMsMax = 300;
/** Where a service is named. */
const WANTS_SERVICE = new Set(['send', 'request', 'services', 'route', 'trace']);
/** Where a command follows it. */
const TAKES_MESSAGE = new Set(['send', 'request']);

type Complete = (value: string, description: string) => void;

export function describe(command: ProgramCommand): void {
  command.argument('[word...]').allowUnknownOption();
}

export async function run({ behindDashes, options, program }: Call): Promise<ExitCode> {
  const subcommand = behindDashes[0] ?? '';
  const isSubcommandKnown = behindDashes.length > 1;
  const services = isSubcommandKnown && WANTS_SERVICE.has(subcommand) ? await serviceNames(options.to) : [];
  createRoot(await program(), services).parse([...behindDashes]);
  return EXIT.done;
}

/** The command line as the shells' library wants it. */
function createRoot(program: ProgramCommand, services: readonly string[]): RootCommand {
  const root = new RootCommand();
  for (const command of program.commands) {
    const name = command.name();
    const target = root.command(name, command.summary());
    for (const { long, short, description, required, hidden } of command.options) {
      if (long === undefined || long === null || hidden) continue;
      const alias = short?.slice(1);
      const offer = long === '--service' ? offerServices(services, '') : () => undefined;
      if (required) target.option(long.slice(2), description, (complete) => offer(complete), alias);
      else target.option(long.slice(2), description, alias);
    }
    for (const argument of command.registeredArguments) {
      const choices = argument.argChoices ?? [];
      const offer = WANTS_SERVICE.has(name)
        ? offerServices(services, TAKES_MESSAGE.has(name) ? '/' : '')
        : (complete: Complete) => choices.forEach((choice) => complete(choice, ''));
      target.argument(argument.name(), (complete) => offer(complete), argument.variadic);
    }
  }
  return root;
}

const offerServices =
  (services: readonly string[], behind: string) =>
  (complete: Complete): void => {
    for (const service of services) complete(`${service}${behind}`, 'service');
  };

/** The services that are up, or none where the daemon is not there or not quick. */
async function serviceNames(to: string | undefined): Promise<string[]> {
  try {
    const bus = await openConnection({ to, registerTimeoutMs: answerMsMax });
    const answer = await bus.request('', 'LIST_SERVICES', {}, { timeout: answerMsMax });
    const list = (answer.parameters['list'] ?? '').split(',').filter((item) => item !== '');
    return list.map((item) => item.slice(item.indexOf(':') + 1));
  } catch {
    return [];
  }
}
