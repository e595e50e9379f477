// Reads what daemons answer to RECORDS, TRAFFIC, HISTORY and LEDGER: the JSON of others, checked before it is believed.

import type { Ledger } from './ledger.ts';
import { type MessageRecord, RECORDED_OUTCOMES } from './record.ts';
import { HAPPENINGS, type History, type Traffic } from './traffic.ts';

/** What a value must look like. */
type Shape = (value: unknown) => boolean;

/** More than any answer holds. */
const ITEMS_MAX = 200_000;

const number: Shape = (value) => Number.isFinite(value);
const text: Shape = (value) => typeof value === 'string';
const flag: Shape = (value) => typeof value === 'boolean';
const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
const oneOf =
  (values: readonly unknown[]): Shape =>
  (value) =>
    values.includes(value);
const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.length <= ITEMS_MAX && value.every(shape);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Any keys, all of them alike. */
const tableOf =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape);
/** These keys; others are passed over, so that later versions may say more. */
const objectOf = <T>(shapes: Readonly<Record<keyof T & string, Shape>>): Shape => {
  const entries = Object.entries<Shape>(shapes);
  return (value) => isObject(value) && entries.every(([key, shape]) => shape(value[key]));
};

const record = objectOf<MessageRecord>({
  time: number,
  number,
  from: text,
  to: text,
  command: text,
  size: number,
  outcome: oneOf(RECORDED_OUTCOMES),
  reason: optional(text),
  id: optional(text),
  cameBy: optional(text),
  wentBy: optional(text),
  parameters: optional(tableOf(text)),
});

const traffic = objectOf<Traffic>({
  time: number,
  seconds: number,
  isSampled: flag,
  messages: number,
  bytes: number,
  services: listOf(objectOf<Traffic['services'][number]>({ service: text, sent: number, received: number })),
  commands: listOf(objectOf<Traffic['commands'][number]>({ command: text, messages: number, bytes: number })),
  flows: listOf(
    objectOf<Traffic['flows'][number]>({ from: text, to: text, command: text, messages: number, bytes: number }),
  ),
  links: listOf(
    objectOf<Traffic['links'][number]>({
      server: text,
      messagesOut: number,
      messagesIn: number,
      bytesOut: number,
      bytesIn: number,
    }),
  ),
});

const history = objectOf<History>({
  start: number,
  step: number,
  messages: listOf(number),
  events: listOf(
    objectOf<History['events'][number]>({
      time: number,
      kind: oneOf(HAPPENINGS),
      server: text,
      peer: optional(text),
      service: optional(text),
    }),
  ),
});

const life = { instance: text, server: text, isOver: flag };
const ledger = objectOf<Ledger>({
  server: text,
  instance: text,
  time: number,
  upSince: number,
  came: objectOf<Ledger['came']>({
    services: number,
    datagrams: number,
    own: number,
    opaque: number,
    restored: number,
  }),
  ended: objectOf<Ledger['ended']>({
    delivered: number,
    handled: number,
    broadcast: number,
    opaque: number,
    expired: number,
    invalid: number,
    refused: tableOf(number),
    dropped: tableOf(number),
  }),
  waiting: number,
  again: number,
  streams: listOf(
    objectOf<Ledger['streams'][number]>({
      ...life,
      given: number,
      taken: number,
      returned: number,
      expired: number,
      unknown: number,
      unsent: number,
      underWay: number,
    }),
  ),
  arrivals: listOf(objectOf<Ledger['arrivals'][number]>({ ...life, lines: number, returned: number })),
  broadcasts: objectOf<Ledger['broadcasts']>({
    sent: number,
    arrived: listOf(objectOf<Ledger['broadcasts']['arrived'][number]>({ instance: text, server: text, lines: number })),
    missed: number,
    wanted: number,
    copies: number,
    lost: number,
  }),
  services: listOf(
    objectOf<Ledger['services'][number]>({
      service: text,
      sent: number,
      delivered: number,
      lost: number,
      waiting: number,
      refused: number,
      expired: number,
    }),
  ),
  links: listOf(
    objectOf<Ledger['links'][number]>({
      id: text,
      server: text,
      instance: text,
      isOpaque: flag,
      upSince: number,
      linesOut: number,
      linesIn: number,
      framesOut: number,
      framesIn: number,
      bytesOut: number,
      bytesIn: number,
      dropped: number,
    }),
  ),
});

const readerOf =
  <T>(shape: Shape) =>
  (json: string): T | undefined => {
    try {
      const value: unknown = JSON.parse(json);
      return shape(value) ? (value as T) : undefined;
    } catch {
      return undefined;
    }
  };

/** Each undefined if the text is not of that form; never throws. */
export const readRecords = readerOf<MessageRecord[]>(listOf(record));
export const readTraffic = readerOf<Traffic>(traffic);
export const readHistory = readerOf<History>(history);
export const readLedger = readerOf<Ledger>(ledger);
