// Which messages belong together: the filter for `snapcom sniff --follow`, by ids that requests and answers share.

import { isMessageId, type Machine, type Witness } from '@snapcommunicator/network/story';
import type { Communicator } from 'snapcommunicator';
import { askWitnesses } from './witnesses.ts';

export interface Conversation {
  /** In the language of filters. */
  readonly filter: string;
  /** Unix seconds of this machine: when it began, if that is recorded. */
  readonly since: number | undefined;
  /** What is to be said about it. */
  readonly note: string | undefined;
}

const answerMsMax = 2000;
const SLACK_SECONDS = 0.05;

/** A value as it stands in a filter. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** What is about one of these ids. */
export const aboutIds = (ids: readonly string[]): string =>
  ids
    .flatMap((id) => [`id==${quoted(id)}`, `p.message_id==${quoted(id)}`, `p.correlation_id==${quoted(id)}`])
    .join(' || ');

/**
 * The conversation that a message belongs to. Of the id that a daemon gave, the recorders tell sender and receiver, and,
 * where they keep parameters, the ids that the sender gave; without those, what its receiver says to its sender from then
 * on is taken for the answer.
 * @throws CommunicatorError of the own daemon
 */
export async function conversationOf(
  bus: Communicator,
  machines: readonly Machine[],
  id: string,
): Promise<Conversation> {
  if (!isMessageId(id)) return { filter: aboutIds([id]), since: undefined, note: undefined };
  return conversationIn(await askWitnesses(bus, machines, { id }, answerMsMax), id);
}

/** The same, from what is recorded of the message. */
export function conversationIn(witnesses: readonly Witness[], id: string): Conversation {
  const found = witnesses.flatMap(({ records, clock }) =>
    // Rather a little early: how exactly the clocks are known differs from question to question.
    records.map((record) => ({
      record,
      time: record.time - (clock?.aheadSeconds ?? 0) - (clock?.errorSeconds ?? 0) - SLACK_SECONDS,
    })),
  );
  const since = found.length === 0 ? undefined : Math.min(...found.map(({ time }) => time));
  const parameters = found.find(({ record }) => record.parameters !== undefined)?.record.parameters;
  if (parameters !== undefined) {
    const given = ['message_id', 'correlation_id'].flatMap((name) => parameters[name] ?? []);
    return { filter: aboutIds([id, ...given]), since, note: undefined };
  }
  const head = found.find(({ record: { from, to } }) => from !== '' && to !== '')?.record;
  if (head === undefined) return { filter: aboutIds([id]), since, note: undefined };
  const [sender, receiver] = [head.from, head.to].map((address) => address.slice(address.indexOf(':') + 1));
  return {
    filter: `${aboutIds([id])} || (from.service==${quoted(receiver ?? '')} && to.service==${quoted(sender ?? '')})`,
    since,
    note: `no parameters are recorded (recorder_payloads), so all that ${receiver} says to ${sender} from then on is taken for the answer`,
  };
}
