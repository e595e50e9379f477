// `snapcom flag`: raises, lowers and lists flags, conditions that an administrator must see. Exit codes as `raise-flag`'s.

import { Argument, type Command } from 'commander';
import { type Communicator, communicatord, type Flag, type FlagWords, flagTitle, readFlags } from 'snapcommunicator';
import { FLAG_PRIORITIES, flagWord, integer, URGENT_PRIORITY, writeParameters } from 'snapcommunicator/contract';
import { daemonOf } from './cluster.ts';
import { signalAddress, withConnection } from './connection.ts';
import { EXIT, type ExitCode, ToolError, usageError } from './exit-codes.ts';
import { collect, typedOption } from './option-values.ts';
import type { Cell, Column, Output } from './output.ts';
import { formatAge, plural } from './text.ts';
import type { Call } from './tool.ts';

interface FlagOptions {
  readonly server?: string;
  readonly tag?: readonly string[];
  readonly priority?: number;
  readonly manual?: boolean;
  readonly automatic?: boolean;
  readonly sourceFile?: string;
  readonly function?: string;
  readonly line?: number;
  readonly signalSecretFile?: string;
}

type FlagCall = Call<FlagOptions>;
type Action = (words: readonly string[], call: FlagCall) => Promise<ExitCode>;

const ACTIONS: Readonly<Record<string, Action>> = { up, down, list, raised, count };
const COLUMNS: readonly Column[] = [
  { title: 'PRIORITY', align: 'right' },
  { title: 'FLAG' },
  { title: 'SERVER' },
  { title: 'UP' },
  { title: 'COUNT', align: 'right' },
  { title: 'LOWERED' },
  { title: 'TAGS' },
  { title: 'MESSAGE' },
];
const answerMsMax = 5000;
/** What says how a flag is raised, and has no meaning for the other actions. */
const FOR_UP = ['priority', 'manual', 'automatic', 'sourceFile', 'function', 'line'] as const;

export function describe(command: Command): void {
  command
    .addArgument(new Argument('<action>', 'what to do').choices(Object.keys(ACTIONS)))
    .argument('[word...]', 'up: UNIT SECTION NAME MESSAGE; down: UNIT SECTION NAME; else which ones')
    .option('--server <name>', 'the machine that keeps the flag (default: the one that is asked; list: all)')
    .option(
      '--tag <tag>',
      'up: a tag to group flags by; list, raised, count: only those with it. May be repeated',
      collect,
    )
    .addOption(
      typedOption(
        '--priority <number>',
        `up: 0 to 100, from ${URGENT_PRIORITY} on somebody is to be called (default: 5)`,
        integer({ min: FLAG_PRIORITIES.least, max: FLAG_PRIORITIES.greatest }),
      ),
    )
    .option('--manual', 'up: a person is to lower it')
    .option('--automatic', 'up: who raised it lowers it (default)')
    .option('--source-file <file>', 'up: where it was raised')
    .option('--function <name>', 'up: in which function')
    .addOption(typedOption('--line <number>', 'up: in which line', integer({ min: 0 })))
    .option('--signal-secret-file <file>', 'scu: the secret that the daemon wants datagrams to prove')
    .addHelpText(
      'after',
      `
Examples:
  snapcom flag up mail queue full 'the queue of mails has 10,000 entries' --priority 60
  snapcom flag down mail queue full      or mail/queue/full
  snapcom flag list                      of the whole cluster, the urgent first
  snapcom flag raised || call-somebody   exit code 1 if any flag is up
  snapcom flag raised mail               of the unit mail only

Exit codes are those of raise-flag: "raised" and "count" end with 1 if a flag is up, with 0 if none is. Raising a flag that
is up counts it; lowering one that is not is no error. A datagram (--to scu:…) raises and lowers too, unanswered.`,
    );
}

export async function run(call: FlagCall): Promise<ExitCode> {
  const [action = '', ...given] = call.args;
  const words = asListed(given);
  if (action !== 'up') {
    const misplaced = FOR_UP.find((name) => call.options[name] !== undefined);
    const flag = misplaced?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (flag !== undefined) throw usageError(`--${flag} is for "flag up", not ${action}`);
  }
  return (ACTIONS[action] as Action)(words, call);
}

/** `list` prints flags as UNIT/SECTION/NAME: that may be given as well. */
const asListed = ([first = '', ...rest]: readonly string[]): string[] =>
  first === '' ? rest : [...first.split('/'), ...rest];

async function up(words: readonly string[], call: FlagCall): Promise<ExitCode> {
  const { options } = call;
  const [, , , message] = words;
  if (words.length !== 4 || message === undefined)
    throw usageError('flag up UNIT SECTION NAME MESSAGE: four words are needed, the message as one');
  if (options.manual && options.automatic) throw usageError('either --manual or --automatic');
  return tell(call, 'FLAG_UP', {
    ...wordsOf(words),
    message,
    tags: tagsOf(options),
    manual: options.manual === true,
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.sourceFile !== undefined && { source_file: options.sourceFile }),
    ...(options.function !== undefined && { function: options.function }),
    ...(options.line !== undefined && { line: options.line }),
  });
}

async function down(words: readonly string[], call: FlagCall): Promise<ExitCode> {
  // raise-flag takes a message here, and has no use for it either.
  if (words.length !== 3 && words.length !== 4) throw usageError('flag down UNIT SECTION NAME: three words are needed');
  if (call.options.tag !== undefined) throw usageError('--tag has no meaning for "flag down"');
  return tell(call, 'FLAG_DOWN', { ...wordsOf(words), by_hand: true });
}

async function list(words: readonly string[], call: FlagCall): Promise<ExitCode> {
  const { flags, leftOut } = await askFlags(words, call);
  const { options, output } = call;
  if (options.json) for (const flag of flags) output.json(flag);
  else if (flags.length > 0) print(output, flags);
  else output.say('no flag is up');
  if (leftOut > 0) output.say(`${plural(leftOut, 'flag')} more found no room in the answer`);
  return EXIT.done;
}

async function raised(words: readonly string[], call: FlagCall): Promise<ExitCode> {
  const { flags } = await askFlags(words, call);
  if (call.options.json) call.output.json({ raised: flags.length > 0 });
  return flags.length > 0 ? EXIT.no : EXIT.done;
}

async function count(words: readonly string[], call: FlagCall): Promise<ExitCode> {
  const { flags, leftOut } = await askFlags(words, call);
  const total = flags.length + leftOut;
  if (call.options.json) call.output.json({ count: total });
  else call.output.line(String(total));
  return total > 0 ? EXIT.no : EXIT.done;
}

type Raising = Parameters<typeof writeParameters<(typeof communicatord.commands)['FLAG_UP']['parameters']>>[1];

/** Raises or lowers a flag, and prints what became of it; over a datagram nobody says. */
async function tell(call: FlagCall, command: 'FLAG_UP' | 'FLAG_DOWN', values: object): Promise<ExitCode> {
  const { options, output } = call;
  const { server = '' } = options;
  const address = signalAddress(options.to);
  if (address !== undefined) {
    const parameters = writeParameters(communicatord.commands[command].parameters, values as Raising);
    const { openSignalCarrier } = await import('./signal-carrier.ts');
    const carrier = await openSignalCarrier(address, options);
    const message = { sentFromServer: '', sentFromService: '', server, service: 'communicatord', command, parameters };
    await carrier.send(message, undefined);
    return carrier.finish();
  }
  const answer = await withConnection({ to: options.to }, async (bus) => {
    const told = await bus.request(daemonOf(server), command, values as never, { timeout: answerMsMax });
    const isMissed = command === 'FLAG_DOWN' && (told.parameters as { count: number }).count === 0;
    if (isMissed && server === '') await sayWhere(values as FlagWords, bus, output);
    return told;
  });
  const { state, count: times } = answer.parameters as { state: string; count: number };
  if (options.json) output.json({ ...wordsIn(values as FlagWords), state, count: times });
  return EXIT.done;
}

/** Lowering a flag that is not up is no error; but who sees it in the list wants to know why it is still there. */
async function sayWhere({ unit, section, name }: FlagWords, bus: Communicator, output: Output): Promise<void> {
  const { flags } = await askAll(bus);
  const same = flags.filter((flag) => flag.unit === unit && flag.section === section && flag.name === name);
  const servers = same.map((flag) => flag.server).sort();
  if (servers.length === 0) return;
  output.say(
    `${unit}/${section}/${name} is not up on ${bus.server}, and stays up on ${servers.join(', ')}: give --server`,
  );
}

const wordsIn = ({ unit, section, name }: FlagWords): FlagWords => ({ unit, section, name });

/** The flags that are meant: of those words as far as they are given, that machine, all those tags. */
async function askFlags(
  words: readonly string[],
  { options }: FlagCall,
): Promise<{ readonly flags: Flag[]; readonly leftOut: number }> {
  if (words.length > 3) throw usageError('a flag has three words: UNIT SECTION NAME');
  const wanted = words.map(checkedWord);
  const tags = tagsOf(options);
  const server = options.server?.toLowerCase();
  const { flags, left_out: leftOut = 0 } = await withConnection({ to: options.to }, askAll);
  const isMeant = (flag: Flag): boolean =>
    wanted.every((word, at) => word === [flag.unit, flag.section, flag.name][at]) &&
    (server === undefined || flag.server === server) &&
    tags.every((tag) => flag.tags.includes(tag));
  return { flags: flags.filter(isMeant), leftOut };
}

/** The flags of the cluster as the communicator knows them. @throws ToolError, CommunicatorError */
export async function askAll(bus: Communicator): Promise<{ flags: Flag[]; left_out?: number | undefined }> {
  const { parameters } = await bus.request(communicatord, 'FLAGS', {}, { timeout: answerMsMax });
  const flags = readFlags(parameters.flags ?? '');
  if (flags === undefined) throw new ToolError(EXIT.refused, 'the communicator tells flags that cannot be read');
  return { flags, left_out: parameters.left_out };
}

function wordsOf(words: readonly string[]): FlagWords {
  const [unit = '', section = '', name = ''] = words.map((word, at) => (at < 3 ? checkedWord(word) : word));
  return { unit, section, name };
}

const tagsOf = ({ tag = [] }: FlagOptions): string[] =>
  tag
    .flatMap((each) => each.split(/[ ,]+/))
    .filter((each) => each !== '')
    .map(checkedWord);

/** @throws ToolError */
function checkedWord(word: string): string {
  const reading = flagWord().read(word);
  if ('value' in reading) return reading.value;
  throw usageError(`${JSON.stringify(word)} is not ${reading.expected}`);
}

function print(output: Output, flags: readonly Flag[]): void {
  const now = Date.now() / 1000;
  output.fullTable(
    COLUMNS,
    flags.map((flag): Cell[] => {
      const { priority, server, isLost, raisedAt, count: times, isManual, tags, message } = flag;
      return [
        priority >= URGENT_PRIORITY ? { text: String(priority), style: 'red' } : String(priority),
        flagTitle(flag),
        isLost ? { text: `${server} (lost)`, style: 'red' } : server,
        formatAge(now - raisedAt),
        String(times),
        isManual ? 'by hand' : '',
        tags.join(' '),
        message.replaceAll('\n', ' '),
      ];
    }),
  );
}
