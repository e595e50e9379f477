// Commands that tell what happened: RECORDS, TRAFFIC, HISTORY, LEDGER. What the recorder and the ledger are asked by.

import { compileFilter } from '@snapcommunicator/network/filter';
import type { Traffic } from '@snapcommunicator/network/story';
import type { LedgerBook } from '../bus/ledger.ts';
import type { History } from '../recorder/history.ts';
import { parseId } from '../recorder/message-id.ts';
import type { RecordReader } from '../recorder/reader.ts';
import type { TrafficMeter } from '../recorder/traffic.ts';
import type { CommandRunner } from './runner.ts';

export interface RecordParts {
  readonly reader: RecordReader;
  readonly traffic: TrafficMeter;
  readonly history: History;
  readonly ledger: LedgerBook;
  /** What is sent and not flushed yet goes out: then it has its place. */
  readonly flush: () => void;
  /** Of the longest message that may be sent. */
  readonly messageBytesMax: number;
}

/** Of what is told in one message: others want room in the queues, too. */
const ANSWER_BYTES_MAX = 128 * 1024;
/** JSON grows when it becomes a parameter. */
const ANSWER_SHARE = 0.4;
const EVENTS_MAX = 2000;

export function addRecordCommands(runner: CommandRunner, parts: RecordParts): void {
  const { reader, traffic, history, ledger, flush } = parts;
  const bytesMax = Math.min(ANSWER_BYTES_MAX, parts.messageBytesMax * ANSWER_SHARE);

  runner.on(
    'RECORDS',
    ({ filter: text, id: idText, since, until, after, count, newest, records }, { answer }) => {
      // With records it is an answer, to which there is nothing to say.
      if (records !== undefined) return;
      const complain = (message: string): void => answer('INVALID', { command: 'RECORDS', message });
      flush();
      const now = Date.now() / 1000;
      if (idText !== undefined) {
        const id = parseId(idText);
        if (id === undefined) return complain(`id ${idText} is not of the form node.incarnation.stream.number`);
        const { oldest } = reader.read({ countMax: 0, isNewest: true, bytesMax: 0 });
        return answer('RECORDS', { records: JSON.stringify(reader.about(id)), oldest, now });
      }
      const compiled = compileFilter(text ?? '');
      if (compiled.error !== undefined)
        return complain(`filter, character ${compiled.error.at + 1}: ${compiled.error.message}`);
      const { filter } = compiled;
      const page = reader.read({ filter, since, until, after, countMax: count, isNewest: newest, bytesMax });
      const { records: lines, ...rest } = page;
      answer('RECORDS', { records: `[${lines.join(',')}]`, ...rest, now });
    },
    { isPrivileged: true },
  );

  runner.on(
    'TRAFFIC',
    ({ count, traffic: answered }, { connection, message, answer }) => {
      if (answered !== undefined) return;
      const caller = connection ?? `${message.sentFromServer}:${message.sentFromService}`;
      const all = traffic.read(caller, count);
      const cut = (rows: number): Traffic => ({
        ...all,
        services: all.services.slice(0, rows),
        commands: all.commands.slice(0, rows),
        flows: all.flows.slice(0, rows),
      });
      answer('TRAFFIC', { traffic: fitted(count, bytesMax, cut) });
    },
    { isPrivileged: true },
  );

  runner.on(
    'HISTORY',
    ({ since, history: answered }, { answer }) => {
      if (answered !== undefined) return;
      answer('HISTORY', { history: fitted(EVENTS_MAX, bytesMax, (events) => history.read(since, events)) });
    },
    { isPrivileged: true },
  );

  runner.on(
    'LEDGER',
    ({ ledger: answered }, { answer }) => {
      if (answered !== undefined) return;
      // Not now: who asks is being handled, and has come but not ended.
      setImmediate(() => answer('LEDGER', { ledger: JSON.stringify(ledger.read()) }));
    },
    { isPrivileged: true },
  );
}

/** As JSON, with as many rows as fit. */
function fitted(rows: number, bytesMax: number, read: (rows: number) => unknown): string {
  const text = JSON.stringify(read(rows));
  return text.length <= bytesMax || rows <= 1 ? text : fitted(Math.floor(rows / 2), bytesMax, read);
}
