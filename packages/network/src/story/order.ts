// Puts what several daemons recorded of one message into the order in which it happened, whatever their clocks say.

import type { MessageRecord } from './record.ts';
import { byOwnClock, type Witness } from './witness.ts';

/** A record with where it was made. */
export interface Step {
  readonly server: string;
  /** Unix seconds by the clock of who asks; never before what it follows from. */
  readonly time: number;
  readonly record: MessageRecord;
}

interface Node {
  readonly server: string;
  readonly record: MessageRecord;
  time: number;
  /** How many steps that come before it have not been put in order yet. */
  awaited: number;
  readonly followers: Node[];
}

/**
 * The steps of one message, earliest first. Two things are certain without any clock: each daemon numbers its own
 * records, and nothing arrives before it was sent. Only what neither of them decides is decided by time, so that clocks
 * which are a little wrong do not make a message arrive before it set out.
 */
export function orderSteps(witnesses: readonly Witness[]): Step[] {
  const nodes = witnesses.flatMap((witness) =>
    [...witness.records]
      .sort((a, b) => a.number - b.number)
      .map((record): Node => {
        const time = byOwnClock(witness, record.time);
        return { server: witness.server, record, time, awaited: 0, followers: [] };
      }),
  );
  link(nodes);
  return sorted(nodes);
}

/** Whether it went on over a link. */
export const isForward = ({ outcome }: MessageRecord): boolean => outcome === 'sent' || outcome === 'passed';

/** What its first daemon hears of it from the last one. */
const isWord = ({ outcome }: MessageRecord): boolean => outcome === 'taken';

function link(nodes: readonly Node[]): void {
  const byServer = new Map<string, Node[]>();
  for (const node of nodes) {
    const own = byServer.get(node.server);
    const before = own?.at(-1);
    if (before !== undefined) follow(before, node);
    if (own === undefined) byServer.set(node.server, [node]);
    else own.push(node);
  }
  for (const [server, own] of byServer) {
    for (const next of new Set(own.map(({ record }) => record.wentBy))) {
      if (next === undefined || next === server) continue;
      const sent = own.filter(({ record }) => isForward(record) && record.wentBy === next);
      const came = (byServer.get(next) ?? []).filter(({ record }) => record.cameBy === server);
      linkHop(sent, came);
    }
    const word = own.find(({ record }) => isWord(record));
    if (word !== undefined) linkWord(word, byServer);
  }
}

/** From one daemon to its neighbour: one by one where as many came as went; else what came followed the first. */
function linkHop(sent: readonly Node[], came: readonly Node[]): void {
  const [first] = sent;
  if (first === undefined) return;
  for (const [place, arrival] of came.entries()) follow((sent.length === came.length && sent[place]) || first, arrival);
}

/** Who took it said so after it had it. */
function linkWord(word: Node, byServer: ReadonlyMap<string, readonly Node[]>): void {
  for (const [server, [first, ...others]] of byServer) {
    if (server === word.server || first === undefined || first.record.cameBy === undefined) continue;
    if (isForward(first.record) || others.some(({ record }) => isForward(record))) continue;
    follow(first, word);
  }
}

function follow(before: Node, after: Node): void {
  before.followers.push(after);
  after.awaited++;
}

/** Kahn's topological order, the earliest of what may come next first. A circle, which only false records make, is cut. */
function sorted(nodes: readonly Node[]): Step[] {
  const waiting = new Set(nodes);
  const steps: Step[] = [];
  while (waiting.size > 0) {
    const free = [...waiting].filter(({ awaited }) => awaited === 0);
    const next = earliest(free.length > 0 ? free : [...waiting]);
    waiting.delete(next);
    for (const follower of next.followers) {
      follower.awaited--;
      follower.time = Math.max(follower.time, next.time);
    }
    steps.push({ server: next.server, time: next.time, record: next.record });
  }
  return steps;
}

const earliest = (nodes: readonly Node[]): Node => nodes.reduce((a, b) => (b.time < a.time ? b : a));
