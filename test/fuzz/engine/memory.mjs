// How much memory this thread has in use, after everything that can go has gone.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** @returns {() => number} bytes on this thread's heap and, counted by V8, beside it */
export function createMemoryMeter() {
  // A flag of the command line would reach no thread that somebody else starts, a test's for instance.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  return () => {
    collect();
    collect();
    const { used_heap_size, external_memory } = getHeapStatistics();
    return used_heap_size + external_memory;
  };
}
