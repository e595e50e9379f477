import { it } from 'vitest';
import { measureFrrGaps } from './frr.ts';

it('x', async () => {
  console.log(await measureFrrGaps(2));
}, 100000);
