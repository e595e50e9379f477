// Reads a recorded conversation: what its clients did, one thing after the other, and what each received meanwhile.

import { readFileSync } from 'node:fs';

/** What the recorded client did, and what each connection received before it did the next thing. */
export interface Moment {
  /** The record that it is in. */
  readonly transcript: string;
  /** Where it stands in the record, counted from 1. */
  readonly line: number;
  /** `listen`: another daemon of the cluster begins. */
  readonly act: 'connect' | 'close' | 'send' | 'listen';
  readonly connection: string;
  /** The bytes it wrote. */
  readonly bytes: string;
  readonly received: Map<string, string[]>;
}

/** Stands among what a connection received for its end by the daemon. */
export const END = '(closed)';
/** Stands there for a connection that the daemon opens to another one. */
export const BEGINNING = '(connected)';
const ENTRY = /^\[([\w@]+)\]([<>]) ?(.*)$/s;
const NOTE = /^# ([\w@]+): (connected|closed by client|EOF from daemon)$/;

/** One thing in a record. */
export interface Entry {
  readonly line: number;
  readonly kind: Moment['act'] | 'received' | 'note';
  readonly connection: string;
  /** What was sent or received, or the note. */
  readonly text: string;
}

/** The lines of a record. */
export const linesOf = (path: string): string[] => readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');

/** Reads what clients sent and received. Sent lines that are broken over several lines are one message with LFs in it. */
export function readEntries(path: string): Entry[] {
  const entries: Entry[] = [];
  const lines = linesOf(path);
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let text = lines[at] ?? '';
    while (text.startsWith('[') && at + 1 < lines.length && !/^[[#]/.test(lines[at + 1] ?? ''))
      text += `\n${lines[++at]}`;
    const [, who = '', direction, content = ''] = ENTRY.exec(text) ?? [];
    const [, noted = '', event] = NOTE.exec(text) ?? [];
    if (event === 'connected') entries.push({ line, kind: 'connect', connection: noted, text: '' });
    else if (event === 'closed by client') entries.push({ line, kind: 'close', connection: noted, text: '' });
    else if (event !== undefined) entries.push({ line, kind: 'received', connection: noted, text: END });
    else if (direction === '<') entries.push({ line, kind: 'received', connection: who, text: content });
    else if (direction === '>') entries.push({ line, kind: 'send', connection: who, text: content });
    else entries.push({ line, kind: 'note', connection: '', text });
  }
  return entries;
}

/** A record of one machine as moments. */
export function readMoments(path: string, transcript: string): Moment[] {
  let isPart = false;
  const moments: Moment[] = [];
  for (const { line, kind, connection, text } of readEntries(path)) {
    if (kind === 'note') isPart ||= text.startsWith('# partial line');
    else if (kind === 'received') addReceived(moments, connection, text);
    else {
      const bytes = kind !== 'send' ? '' : connection === 'udp' || isPart ? text : `${text}\n`;
      moments.push({ transcript, line, act: kind, connection, bytes, received: new Map() });
      if (kind === 'send') isPart = false;
    }
  }
  return joinWrites(moments, linesOf(path));
}

/** Notes what a connection received after the last moment. */
export function addReceived(moments: readonly Moment[], connection: string, text: string): void {
  const moment = moments.at(-1);
  moment?.received.set(connection, [...(moment.received.get(connection) ?? []), normalize(text)]);
}

/** The record says in a note which two lines were written at once. */
function joinWrites(moments: readonly Moment[], lines: readonly string[]): Moment[] {
  const joined: Moment[] = [];
  for (const moment of moments) {
    const previous = joined.at(-1);
    const isSecond =
      previous !== undefined &&
      lines[previous.line - 2] === '# two lines in one write' &&
      previous.line === moment.line - 1;
    if (isSecond) joined[joined.length - 1] = { ...moment, line: previous.line, bytes: previous.bytes + moment.bytes };
    else joined.push(moment);
  }
  return joined;
}

/**
 * Takes out what differs from one time or machine to the next: the time, the load, the state of the clock, and the numbers
 * of messages that daemons repeat.
 */
export function normalize(line: string): string {
  return line
    .replace(/\b(up_since|down_since|(?:reply_)?timestamp)=1\d{9}(\.\d+)?/g, '$1=TIME')
    .replace(/"reply_timestamp":"1\d{9}(\.\d+)?"/, '"reply_timestamp":"TIME"')
    .replace(/\bbroadcast_msgid=(n\d)-[\w.]+(;.*\bbroadcast_timeout)=1\d{9}/, 'broadcast_msgid=$1-N$2=TIME')
    .replace(/\bavg=[\d.]+/, 'avg=LOAD')
    .replace(/\bCLOCK_(STABLE|UNSTABLE) cache=no;clock_\w+=\w+/, 'CLOCK_STATE');
}
