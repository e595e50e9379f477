// Chooses the inner loop: WebAssembly where it is there and works, else its twin in TypeScript.

import { readFileSync } from 'node:fs';
import { INPUT, INPUT_BYTES } from './arena-layout.ts';
import { createInnerLoop, type InnerLoop } from './inner-loop.ts';

/** The compiled module lies in dist/ whether this runs from there or from src/. */
const MODULE = new URL('../../dist/switch/inner-loop.wasm', import.meta.url);

export interface LoadedInnerLoop {
  readonly route: InnerLoop;
  readonly kind: 'WebAssembly' | 'TypeScript';
  /** How many LFs there are, if it knows better than others; by way of the arena's input, if they do not lie in the arena. */
  readonly countLines?: (bytes: Uint8Array) => number;
  /** Why it is not WebAssembly, if it is not. */
  readonly reason?: string;
}

/** @param isPlain whether the twin in TypeScript is wanted */
export function loadInnerLoop(memory: WebAssembly.Memory, isPlain = false): LoadedInnerLoop {
  if (isPlain) return { route: createInnerLoop(memory), kind: 'TypeScript', reason: 'asked for' };
  try {
    const module = new WebAssembly.Module(readFileSync(MODULE));
    const instance = new WebAssembly.Instance(module, { env: { memory, abort: () => undefined } });
    const { route, countLines } = instance.exports;
    return {
      route: route as InnerLoop,
      countLines: inMemory(memory, countLines as CountLines),
      kind: 'WebAssembly',
    };
  } catch (error) {
    return {
      route: createInnerLoop(memory),
      kind: 'TypeScript',
      reason: error instanceof Error ? error.message : String(error),
    };
  }
}

type CountLines = (start: number, end: number) => number;

function inMemory(memory: WebAssembly.Memory, count: CountLines): (bytes: Uint8Array) => number {
  const input = new Uint8Array(memory.buffer, INPUT, INPUT_BYTES);
  return (bytes) => {
    if (bytes.buffer === memory.buffer) return count(bytes.byteOffset, bytes.byteOffset + bytes.length);
    let lines = 0;
    for (let at = 0; at < bytes.length; at += INPUT_BYTES) {
      const piece = bytes.subarray(at, at + INPUT_BYTES);
      input.set(piece);
      lines += count(INPUT, INPUT + piece.length);
    }
    return lines;
  };
}
