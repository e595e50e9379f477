// The door of the frames: what two linked daemons send each other, and its bytes.

export { decrementHops, encodeFrame, type KnownFrame, splitFrame } from './encoder.ts';
export * from './frame.ts';
export { FRAME_LIMITS, FrameError, type FrameLimits, FrameReader, type OnLine } from './reader.ts';
