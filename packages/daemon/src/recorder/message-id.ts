// Ids of messages, `node.incarnation.stream.number`, in parts and as text.

import { type FrameId, type Instance, type NodeId, nodeOf } from '@snapcommunicator/network/frame';

/** What a message is called on every daemon. */
export interface MessageId {
  readonly node: NodeId;
  readonly incarnation: number;
  /** 0: given by its first daemon. Of a broadcast: its scope, as a negative number. */
  readonly stream: number;
  readonly number: number;
}

/** Scopes of broadcasts, which have numbers of their own, where others have the number of their stream. */
const SCOPES = ['?', '*'] as const;
const ID = /^([0-9a-f]{16})\.(\d{1,16})\.(\d{1,16}|\?|\*)\.(\d{1,16})$/;

export function formatId({ node, incarnation, stream, number }: MessageId): string {
  return `${node}.${incarnation}.${stream < 0 ? SCOPES[-stream - 1] : stream}.${number}`;
}

/** Undefined if it is no such id. */
export function parseId(text: string): MessageId | undefined {
  const [, node, incarnation, stream, number] = ID.exec(text) ?? [];
  if (node === undefined || stream === undefined) return undefined;
  const scope = SCOPES.indexOf(stream as '?');
  const id = { node, incarnation: Number(incarnation), stream: scope < 0 ? Number(stream) : -1 - scope };
  return { ...id, number: Number(number) };
}

/** The id of a line in a frame. @param place counted from its first line */
export const idInFrame = (origin: Instance, id: FrameId, place: number): MessageId => ({
  node: nodeOf(origin),
  incarnation: id.incarnation,
  stream: id.stream,
  number: id.number + place,
});

/** An id as it stands in frames of that origin; undefined if it was given by another node, or has no place there. */
export function frameIdOf(text: string, origin: Instance): FrameId | undefined {
  const id = parseId(text);
  if (id === undefined || id.node !== nodeOf(origin) || id.stream < 0) return undefined;
  const { incarnation, stream, number } = id;
  return { incarnation, stream, number };
}
