// Ids of messages as text, `node.incarnation.stream.number`, and as they stand in frames.

import type { FrameId } from '@snapcommunicator/network/frame';

/** What follows the node in an id; undefined if it is not of that form. */
export function frameIdOf(id: string): FrameId | undefined {
  const [, incarnation, stream, number] = id.split('.').map(Number);
  if (incarnation === undefined || stream === undefined || number === undefined) return undefined;
  return Number.isSafeInteger(incarnation + stream + number) ? { incarnation, stream, number } : undefined;
}
