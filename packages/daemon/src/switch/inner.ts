// Chooses the inner loop: WebAssembly where it is there and works, else its twin in TypeScript.

import { readFileSync } from 'node:fs';
import { createInnerLoop, type InnerLoop } from './inner-loop.ts';

/** The compiled module lies in dist/ whether this runs from there or from src/. */
const MODULE = new URL('../../dist/switch/inner-loop.wasm', import.meta.url);

export interface LoadedInnerLoop {
  readonly route: InnerLoop;
  readonly kind: 'WebAssembly' | 'TypeScript';
  /** Why it is not WebAssembly, if it is not. */
  readonly reason?: string;
}

/** @param isPlain whether the twin in TypeScript is wanted */
export function loadInnerLoop(memory: WebAssembly.Memory, isPlain = false): LoadedInnerLoop {
  if (isPlain) return { route: createInnerLoop(memory), kind: 'TypeScript', reason: 'asked for' };
  try {
    const module = new WebAssembly.Module(readFileSync(MODULE));
    const instance = new WebAssembly.Instance(module, { env: { memory, abort: () => undefined } });
    return { route: instance.exports['route'] as InnerLoop, kind: 'WebAssembly' };
  } catch (error) {
    return {
      route: createInnerLoop(memory),
      kind: 'TypeScript',
      reason: error instanceof Error ? error.message : String(error),
    };
  }
}
