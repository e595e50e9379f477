// A node in the middle: what it passes on while it has heard of something new and not yet computed what follows.

import { expect, it } from 'vitest';
import type { DataFrame, NodeId } from '../frame/frame.ts';
import { ROUTER_OPTIONS } from '../router/router.ts';
import { STREAM_OPTIONS } from '../stream/streams.ts';
import { BROADCAST_OPTIONS, Node, type NodeEffect } from './node.ts';

const [SELF, LEFT, RIGHT, FAR] = ['aa', 'bb', 'cc', 'dd'].map((end) => `00000000000000${end}`) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];

/** A node with links 1 to `LEFT` and 2 to `RIGHT`, over both of which it can send. */
function middle(choicesMax = ROUTER_OPTIONS.choicesMax): Node<never> {
  const local = {
    take: () => [],
    settle: () => undefined,
    serviceChanged: () => undefined,
    nodesChanged: () => undefined,
    flush: () => undefined,
  };
  const router = { ...ROUTER_OPTIONS, choicesMax, node: SELF, incarnation: 1, nameSince: 0, random: () => 0.5 };
  const options = { server: 'alpha', router, streams: STREAM_OPTIONS, broadcasts: BROADCAST_OPTIONS };
  const node = new Node<never>(options, () => local, 0);
  for (const [link, neighbour] of [LEFT, RIGHT].entries()) {
    const peer = { node: neighbour, instance: `${neighbour}~1`, isInArea: true, kind: 'network' } as const;
    node.step({ kind: 'link-up', link: link + 1, peer: { ...peer, cost: 10, roundTripMs: 1 } }, 0);
    node.receive(link + 1, { kind: 'digest', isWhole: true, wantsAnswer: false, entries: [] }, 0);
  }
  advertise(node, LEFT, [SELF], 1, 0);
  advertise(node, RIGHT, [SELF], 2, 0);
  node.turn(0);
  return node;
}

/** A node says its name, its last letter, and which links it has; heard over link 1. */
function advertise(
  node: Node<never>,
  origin: NodeId,
  neighbours: readonly NodeId[],
  sequence: number,
  now: number,
): void {
  const links = neighbours.map((neighbour) => ({ key: `link.${neighbour}`, value: '10', sequence }));
  const items = [...links, { key: 'name', value: origin.slice(-1), sequence }];
  node.receive(1, { kind: 'update', origin, incarnation: 1, from: 0, sequence, items }, now);
}

const frameTo = (last: NodeId): DataFrame => ({
  kind: 'data',
  hops: 10,
  origin: `${LEFT}~1`,
  last: `${last}~1`,
  stream: 1,
  base: 1,
  sequence: 1,
  count: 1,
  id: undefined,
  payload: new Uint8Array([120, 10]),
});

const passed = (effects: readonly NodeEffect[]): number[] =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.frame.kind === 'data' ? [effect.link] : []));

it('passes a frame on to where the way leads', () => {
  const node = middle();
  node.receive(1, frameTo(RIGHT), 1);
  expect(passed(node.turn(1))).toEqual([2]);
});

it('computes the routes before their time rather than lose a frame', () => {
  const node = middle();
  advertise(node, RIGHT, [SELF, FAR], 3, 1);
  advertise(node, FAR, [RIGHT], 4, 1);
  node.receive(1, frameTo(FAR), 1);
  expect(passed(node.turn(1))).toEqual([2]);
  expect(node.counters.stranded).toBe(0);
});

it('computes the routes before their time rather than send a frame back to where it came from', () => {
  const node = middle();
  advertise(node, LEFT, [SELF, FAR], 3, 1);
  advertise(node, FAR, [LEFT], 4, 1);
  node.turn(1000);
  advertise(node, LEFT, [SELF], 5, 1001);
  node.turn(1001);
  advertise(node, RIGHT, [SELF, FAR], 6, 1002);
  advertise(node, FAR, [RIGHT, LEFT], 7, 1002);
  node.receive(1, frameTo(FAR), 1002);
  expect(passed(node.turn(1002))).toEqual([2]);
});

it('drops and counts what has no way, and what has gone too far', () => {
  const node = middle();
  node.receive(1, frameTo(FAR), 1);
  node.receive(1, { ...frameTo(RIGHT), hops: 0 }, 1);
  expect(passed(node.turn(1))).toEqual([]);
  expect(node.counters).toMatchObject({ stranded: 1, looped: 1 });
});

it('asks a machine again for what that does not announce, but not at once after it has returned a message', () => {
  const node = middle();
  const kept = (now: number): string => node.router.forwardKept('b', 'passing', '', now).kind;
  expect(node.router.forward('b', 'passing').kind).toBe('absent');
  expect(kept(1)).toBe('node');
  node.router.graph?.returned(`${LEFT}~1`, 'passing', 1);
  node.turn(1);
  expect(kept(2)).toBe('absent');
  expect(node.router.forwardKept('c', 'passing', '', 2).kind).toBe('node');
  expect(node.nextDeadline(2)).toBeLessThanOrEqual(1 + ROUTER_OPTIONS.absenceMs);
  const changed = node.turn(1 + ROUTER_OPTIONS.absenceMs);
  expect(changed).toContainEqual(expect.objectContaining({ kind: 'service', service: 'passing' }));
  expect(kept(1 + ROUTER_OPTIONS.absenceMs)).toBe('node');
});

it('asks nobody again for what is not announced while it can remember no more who has returned messages', () => {
  const node = middle(1);
  node.router.graph?.returned(`${LEFT}~1`, 'one', 1);
  node.router.graph?.returned(`${LEFT}~1`, 'other', 1);
  expect(node.router.forwardKept('b', 'other', '', 1).kind).toBe('absent');
  node.turn(1 + ROUTER_OPTIONS.absenceMs);
  expect(node.router.forwardKept('b', 'other', '', 2 + ROUTER_OPTIONS.absenceMs).kind).toBe('node');
});
