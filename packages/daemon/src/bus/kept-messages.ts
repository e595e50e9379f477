// Makes the keeping of messages, and tells senders what became of theirs.

import { Keeper, type KeptEntry, TTL_LIMITS } from '@snapcommunicator/network/keeper';
import type { RecordedOutcome } from '@snapcommunicator/network/story';
import { decodeLine } from 'snapcommunicator/wire';
import type { Configuration } from '../options/index.ts';
import type { Circumstances } from '../recorder/scribe.ts';
import type { Core } from './core.ts';
import { count } from './counters.ts';
import { Keeping } from './keeping.ts';

/** What is remembered of a kept message for the report on it; after a restart the line itself tells. */
export interface KeptToken {
  readonly command: string;
  readonly messageId: string | undefined;
}

/** Tells the sender of a message what became of it. */
export type ReportTo = (
  sender: string,
  command: string,
  status: string,
  reason: string | undefined,
  messageId: string | undefined,
) => void;

export function createKeeping(
  { counters, output, now, log, brake, scribe, server, driver }: Core,
  configuration: Configuration,
  reportTo: ReportTo,
  giveOut: (entry: KeptEntry) => void,
): Keeping {
  const keeper = new Keeper({
    ...TTL_LIMITS,
    countMax: configuration.maxCachedMessages,
    bytesMax: configuration.maxCachedSize,
    bytesPerDestinationMax: configuration.maxCachedSizePerService,
  });
  const report = (entry: KeptEntry, status: string, reason?: string): void => {
    const token = tokenOf(entry);
    if (token !== undefined && entry.sender !== '')
      reportTo(entry.sender, token.command, status, reason, token.messageId);
  };
  /** A message that has a record here already has come to something else. */
  const note = (entry: KeptEntry, outcome: RecordedOutcome, circumstances: Circumstances = {}): void => {
    const { id, destination, sender: from, bytes: line } = entry;
    const to = destination.includes(':') ? destination : `${server}:${destination}`;
    const command = tokenOf(entry)?.command ?? '';
    scribe.note({ from, to, command, line, id: String(id) }, outcome, { ...circumstances, isLater: true });
  };
  return new Keeping(
    keeper,
    output,
    {
      cached: (entry) => report(entry, 'cached'),
      delivered: (entry) => {
        if (entry.report === 'always') report(entry, 'delivered');
      },
      expired: (entry, isReported) => {
        counters.expired++;
        counters.services.expired(entry.destination.slice(entry.destination.indexOf(':') + 1));
        note(entry, 'expired');
        if (isReported) report(entry, 'expired');
      },
      dropped: (entry, reason, isReported) => {
        count(counters.dropped, reason);
        note(entry, 'dropped', { reason });
        if (isReported) report(entry, 'failed', reason);
      },
      givenOut: (entry, outcome, word) => note(entry, outcome, word === undefined ? {} : { word }),
      cameBack: (entry, reason, isNews) => {
        if (isNews) counters.again++;
        if (reason !== 'expired') note(entry, 'kept', { reason });
      },
      confirmed: (entry) => note(entry, 'taken', { reason: 'confirmed' }),
      stored: giveOut,
      unreadable: (key) => log.lines.error({ key }, 'a stored message cannot be read and is removed'),
      storeFailed: (error) =>
        brake.run('store', (skipped) => log.lines.error({ err: error, skipped }, 'the store of kept messages failed')),
    },
    now,
    driver.node.self,
  );
}

/** What is remembered of it; after a restart the line itself tells. */
function tokenOf({ token, bytes }: KeptEntry): KeptToken | undefined {
  if (token !== undefined) return token as KeptToken;
  const read = decodeLine(bytes, 0, bytes.length - 1);
  if (read.kind !== 'message') return undefined;
  return { command: read.message.command, messageId: read.message.parameters['message_id'] };
}
