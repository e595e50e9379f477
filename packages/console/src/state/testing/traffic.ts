// Traffic for tests: what one daemon says of its own, of which a test names only what matters to it.

import type { Traffic } from '@snapcommunicator/network/story';
import { NOW } from './graphs.ts';

export const trafficOf = (parts: Partial<Traffic>): Traffic => ({
  time: NOW,
  seconds: 1,
  isSampled: false,
  messages: 0,
  bytes: 0,
  services: [],
  commands: [],
  flows: [],
  links: [],
  ...parts,
});
