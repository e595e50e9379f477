// The names in a line: who sent it, whom it is for, what it asks.

import { HEAD, type Message, readHead } from 'snapcommunicator/wire';
import type { LineView } from './switch.ts';

export interface LineNames {
  /** `server:service`, as stamped; empty when unknown. */
  readonly from: string;
  /** As written: a name, a mark, or empty. */
  readonly server: string;
  readonly service: string;
  readonly command: string;
}

/** The names of a line whose head has been read. */
export function namesOf({ bytes, offsets }: Pick<LineView, 'bytes' | 'offsets'>): LineNames {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const part = (at: number): string => text.toString('latin1', offsets[at], offsets[at + 1]);
  const from = addressOf(part(HEAD.senderServer), part(HEAD.senderService));
  return { from, server: part(HEAD.server), service: part(HEAD.service), command: part(HEAD.command) };
}

/** The names of a line with its LF; undefined if it is no message. */
export function readNames(line: Uint8Array): LineNames | undefined {
  const offsets = new Int32Array(HEAD.length);
  return readHead(line, 0, line.length - 1, offsets) === undefined ? namesOf({ bytes: line, offsets }) : undefined;
}

/** The names of a message. */
export function namesIn({ sentFromServer, sentFromService, server, service, command }: Message): LineNames {
  return { from: addressOf(sentFromServer, sentFromService), server, service, command };
}

const addressOf = (server: string, service: string): string =>
  server === '' && service === '' ? '' : `${server}:${service}`;
