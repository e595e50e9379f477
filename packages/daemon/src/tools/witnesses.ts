// Asks the daemons of a cluster, all at once, what they know of messages: records, traffic, ledgers; and why they say nothing.

import {
  betterClock,
  type ClockEstimate,
  clockFrom,
  type Machine,
  type MessageRecord,
  readRecords,
  type Silence,
  type Witness,
} from '@snapcommunicator/network/story';
import { type Communicator, CommunicatorError, type communicatord } from 'snapcommunicator';
import { daemonOf } from './cluster.ts';
import { EXIT, exitCodeOf, ToolError } from './exit-codes.ts';

/** For `--help` of what looks into others' traffic. */
export const PRIVILEGE_HELP = `
Needs a privilege: the Unix socket, or a daemon with compat_control. Daemons of other machines tell over links that prove
who speaks: scs:, or a cluster secret.`;

/** What one was asked, or why it told nothing. */
export type Heard<T> = { readonly answer: T } | { readonly silence: Silence; readonly error?: unknown };

/** The clock of this process: unix seconds, finer than a millisecond. */
export const nowSeconds = (): number => (performance.timeOrigin + performance.now()) / 1000;

type Commands = (typeof communicatord)['commands'];
type Question = 'RECORDS' | 'TRAFFIC' | 'HISTORY' | 'LEDGER';

/** Asks one daemon. Never throws for what may happen to another machine. @throws CommunicatorError of the own daemon */
export async function hear<T>(machine: Machine, ask: (server: string) => Promise<T>): Promise<Heard<T>> {
  if (machine.silence !== undefined) return { silence: machine.silence };
  try {
    return { answer: await ask(machine.isOwn ? '' : machine.server) };
  } catch (error) {
    if (machine.isOwn || !(error instanceof CommunicatorError || error instanceof ToolError)) throw error;
    return { silence: silenceOf(error), error };
  }
}

function silenceOf(error: CommunicatorError | ToolError): Silence {
  const code = exitCodeOf(error);
  if (code === EXIT.noService) return 'lost';
  if (code === EXIT.timedOut) return 'silent';
  return error.message.includes('does not know the command') ? 'old' : 'refused';
}

/** One question to one daemon, whose answer carries JSON in the parameter of that name. @throws CommunicatorError, ToolError */
export async function askJson<T, Q extends Question>(
  bus: Communicator,
  server: string,
  question: Q,
  parameters: Partial<Record<keyof Commands[Q]['parameters'], string | number | boolean>>,
  read: (text: string) => T | undefined,
  timeout: number,
): Promise<{ readonly value: T; readonly answer: Readonly<Record<string, string>>; readonly clock: ClockEstimate }> {
  const askedAt = nowSeconds();
  const values = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  const { service } = daemonOf(server);
  const { parameters: answer } = await bus.request(service, question, values, { timeout, expect: [question] });
  const answeredAt = nowSeconds();
  const value = read(answer[question.toLowerCase()] ?? '');
  if (value === undefined) {
    const who = server === '' ? 'the communicator' : server;
    throw new ToolError(EXIT.refused, `${who} answers ${question} with something that cannot be read`);
  }
  return { value, answer, clock: clockFrom(askedAt, answeredAt, Number(answer['now'] ?? (askedAt + answeredAt) / 2)) };
}

/** What a daemon is asked about its records. */
export interface RecordsQuery {
  readonly filter?: string;
  readonly id?: string;
  /** Unix seconds by the clock of that daemon. */
  readonly since?: number;
  readonly until?: number;
  readonly count?: number;
  readonly newest?: boolean;
}

export interface RecordsPage {
  readonly records: readonly MessageRecord[];
  readonly clock: ClockEstimate;
  readonly oldest: number | undefined;
  /** There are more: to be asked for with `after`. */
  readonly next: number | undefined;
}

export async function askRecords(
  bus: Communicator,
  server: string,
  query: RecordsQuery & { readonly after?: number },
  timeout: number,
): Promise<RecordsPage> {
  const { value: records, answer, clock } = await askJson(bus, server, 'RECORDS', query, readRecords, timeout);
  const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  return { records, clock, oldest: numberOf(answer['oldest']), next: numberOf(answer['next']) };
}

/** The same question to all machines at once: what each has, as evidence. @throws CommunicatorError of the own daemon */
export async function askWitnesses(
  bus: Communicator,
  machines: readonly Machine[],
  query: RecordsQuery,
  timeout: number,
): Promise<Witness[]> {
  return Promise.all(
    machines.map(async (machine): Promise<Witness> => {
      const heard = await hear(machine, (server) => askRecords(bus, server, query, timeout));
      const { server, node, upSince } = machine;
      if ('silence' in heard) return { server, node, upSince, silence: heard.silence, records: [] };
      const { records, clock, oldest } = heard.answer;
      return { server, node, upSince, oldest, clock, records };
    }),
  );
}

/** What was heard of a machine in several questions: the later records, the better of the clocks. */
export function joinedClock(before: readonly Witness[], { server, clock }: Witness): ClockEstimate | undefined {
  return betterClock(before.find((witness) => witness.server === server)?.clock, clock);
}
