// Tests of tracing without OpenTelemetry: the package is not there, and the daemon goes on.

import { expect, test } from 'vitest';
import type { Scribe } from '../recorder/scribe.ts';
import { startTracing, type TracingParts } from './tracing.ts';

test('without the package nothing is traced, and the log says why', async () => {
  const said: unknown[] = [];
  const scribe = { witness: undefined } as unknown as Scribe;
  let isSlowed = false;
  const parts = {
    server: 'alpha',
    arena: {
      traceLines: () => {
        isSlowed = true;
      },
    },
    scribe,
    log: { lines: { warn: (fields: unknown) => said.push(fields) } },
  } as unknown as TracingParts;
  const missing = Object.assign(new Error('no such package'), { code: 'ERR_MODULE_NOT_FOUND' });
  await startTracing(parts, () => Promise.reject(missing));
  expect(said).toEqual([{ reason: 'ERR_MODULE_NOT_FOUND' }]);
  expect(scribe.witness).toBeUndefined();
  expect(isSlowed).toBe(false);
});
