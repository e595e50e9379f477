// The load average of this machine over the last minute.

import { loadavg } from 'node:os';

export const loadAverage = (): number => loadavg()[0] ?? 0;
