// Reads the records of clusters: what passed between daemons, as moments for one of them, the others being played.
//
// Record 20 says what services did, 21 what went over the wire meanwhile, 22 the wire alone. They are put into one order:
// what a service sent is found again on the wire, and what went on there until then comes before it.

import { addReceived, BEGINNING, END, type Entry, linesOf, type Moment, readEntries } from './record.ts';

/** One event on the wire. */
interface WireEvent {
  readonly line: number;
  readonly seconds: number;
  readonly kind: 'syn' | 'fin' | 'text';
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

const TEXT = /^(?:# +)? *([\d.]+) (\S+) -> (\S+) : (.*)$/;
const NOTE = /^(?:# +)? *([\d.]+) # (\S+) -> (\S+) (SYN|FIN)/;
/** What follows a message within this time is its consequence. */
const CONSEQUENCE_SECONDS = 0.3;
/** After this long without anything a daemon has started. */
const CALM_SECONDS = 0.5;
/** Lines of one daemon that follow each other like this were written at once. */
const AT_ONCE_SECONDS = 0.0015;
const MACHINE = /^10\.77\.0\.(\d)/;

/** The daemon at an address of the record. */
const daemonAt = (address: string): string => `n${MACHINE.exec(address)?.[1] ?? '?'}`;

function readWire(path: string): WireEvent[] {
  return linesOf(path).flatMap((content, at): WireEvent[] => {
    const line = at + 1;
    const [, seconds, from = '', to = '', text = ''] = TEXT.exec(content) ?? [];
    if (seconds !== undefined) return [{ line, seconds: Number(seconds), kind: 'text', from, to, text }];
    const [, notedAt, dialer = '', dialed = '', flag] = NOTE.exec(content) ?? [];
    if (notedAt === undefined) return [];
    return [
      { line, seconds: Number(notedAt), kind: flag === 'SYN' ? 'syn' : 'fin', from: dialer, to: dialed, text: '' },
    ];
  });
}

/** Turns what happened into moments for one daemon. */
class MomentWriter {
  readonly moments: Moment[] = [];
  readonly #role: string;
  readonly #records: { readonly services: string; readonly wire: string };
  readonly #closed = new Set<string>();
  /** What services hear of links stands in their record without a time: it belongs to this. */
  #cause: Moment | undefined;
  #said: { readonly moment: Moment | undefined; readonly seconds: number } | undefined;

  constructor(role: string, records: { readonly services: string; readonly wire: string }) {
    this.#role = role;
    this.#records = records;
  }

  act(line: number, act: Moment['act'], connection: string, bytes = '', isOfWire = false): void {
    const transcript = `${isOfWire ? this.#records.wire : this.#records.services}${this.#role}`;
    this.moments.push({ transcript, line, act, connection, bytes, received: new Map() });
  }

  received(connection: string, text: string, cause?: Moment): void {
    // Loads come at their own times.
    if (!/communicatord LOADAVG /.test(text))
      addReceived(cause === undefined ? this.moments : [cause], connection, text);
  }

  wire({ line, seconds, kind, from, to, text }: WireEvent): void {
    const [source, target] = [daemonAt(from), daemonAt(to)];
    if (source !== this.#role && target !== this.#role) return;
    const isOwn = source === this.#role;
    const other = isOwn ? target : source;
    const connection = [from, to].sort().join(' ');
    if (kind === 'syn') {
      if (isOwn) this.received(other, BEGINNING);
      else this.act(line, 'connect', other, '', true);
    } else if (kind === 'fin') {
      // The second end of a connection is the answer to the first.
      if (this.#closed.has(connection)) return;
      this.#closed.add(connection);
      if (isOwn) this.received(other, END);
      else this.act(line, 'close', other, '', true);
    } else if (isOwn) this.received(other, text);
    else if (!/ LOADAVG /.test(text)) {
      this.#say(line, other, `${text}\n`, seconds);
      if (/ (CONNECT|ACCEPT|DISCONNECT)\b/.test(text)) this.#cause = this.moments.at(-1);
    }
  }

  /** What another daemon said at once is written at once. */
  #say(line: number, connection: string, bytes: string, seconds: number): void {
    const last = this.moments.at(-1);
    const isOneWrite = last === this.#said?.moment && last?.received.size === 0 && last.connection === connection;
    if (last !== undefined && isOneWrite && seconds - (this.#said?.seconds ?? 0) < AT_ONCE_SECONDS)
      this.moments[this.moments.length - 1] = { ...last, bytes: last.bytes + bytes };
    else this.act(line, 'send', connection, bytes, true);
    this.#said = { moment: this.moments.at(-1), seconds };
  }

  /** What services hear from now on has to do with something else. */
  forgetCause(): void {
    this.#cause = undefined;
  }

  service({ line, kind, connection, text }: Entry): void {
    if (!connection.endsWith(`@${this.#role}`) || kind === 'note') return;
    if (kind === 'received') {
      this.received(connection, text, this.#cause);
      return;
    }
    this.act(line, kind, connection, kind === 'send' ? `${text}\n` : '');
  }
}

/** Records 20 and 21 as moments for the daemon of that name. It starts with the first of them. */
export function readClusterMoments(servicesPath: string, wirePath: string, role: string): Moment[] {
  const writer = new MomentWriter(role, { services: '20', wire: '21' });
  const wire = readWire(wirePath);
  let at = 0;
  const playUntil = (end: number): void => {
    for (const event of wire.slice(at, end)) writer.wire(event);
    at = Math.max(at, end);
  };
  for (const entry of readEntries(servicesPath)) {
    const [, started] = /^# start daemon (\w+)/.exec(entry.text) ?? [];
    if (started !== undefined) {
      writer.act(entry.line, 'listen', started);
      if (started !== 'n1') playUntil(calmAfter(wire, at));
    } else if (entry.text === `# kill -9 ${role}` || entry.text.startsWith('# n1 is alive')) break;
    else if (entry.text.startsWith('# kill -9')) playUntil(wire.length);
    else if (entry.kind === 'send') {
      const anchor = findOnWire(wire, at, entry.text);
      if (anchor !== undefined || entry.connection.endsWith(`@${role}`)) writer.forgetCause();
      if (anchor !== undefined) playUntil(anchor);
      writer.service(entry);
      const sentAt = wire[anchor ?? wire.length]?.seconds;
      if (sentAt !== undefined) playUntil(endOf(wire, at, (event) => event.seconds - sentAt < CONSEQUENCE_SECONDS));
    } else writer.service(entry);
  }
  return writer.moments;
}

/** Record 22, of which the wire is all there is, as moments for the daemon of that name. */
export function readWireMoments(path: string, transcript: string, role: string): Moment[] {
  const writer = new MomentWriter(role, { services: transcript, wire: transcript });
  writer.act(1, 'listen', role === 'n1' ? 'n2' : 'n1');
  // In the end somebody stopped n1: what it said then was not an answer to anything.
  for (const event of readWire(path)) if (role !== 'n1' || event.seconds < 1) writer.wire(event);
  return writer.moments;
}

/** Where on the wire a service's message is. */
function findOnWire(wire: readonly WireEvent[], from: number, text: string): number | undefined {
  const [head = ''] = text.split(' ', 1);
  const [parameter = ''] = /\b(?:n|serial|service)=\w+/.exec(text) ?? [];
  const wanted = head === 'STOP' ? 'DISCONNECT' : head.replace(/^\?:/, '*:');
  if (head !== 'STOP' && !head.includes('/')) return undefined;
  const found = wire.findIndex(
    (event, at) =>
      at >= from && event.text.split(' ').includes(wanted) && event.text.split(/[ ;]/).includes(parameter || wanted),
  );
  return found < 0 ? undefined : found;
}

function calmAfter(wire: readonly WireEvent[], from: number): number {
  let last = wire[from]?.seconds ?? 0;
  return endOf(wire, from, ({ seconds, text }) => {
    if (/ LOADAVG /.test(text)) return true;
    const isSoon = seconds - last < CALM_SECONDS;
    if (isSoon) last = seconds;
    return isSoon;
  });
}

function endOf(wire: readonly WireEvent[], from: number, isPart: (event: WireEvent) => boolean): number {
  const count = wire.slice(from).findIndex((event) => !isPart(event));
  return count < 0 ? wire.length : from + count;
}
