// The items of the proof, in the order in which they run.
import { audit } from './audit.mjs';
import { consoleItem } from './console.mjs';
import { gaps } from './gaps.mjs';
import { hostile } from './hostile.mjs';
import { idleConnections } from './idle-connections.mjs';
import { library } from './library.mjs';
import { recorder } from './recorder.mjs';
import { scale } from './scale.mjs';
import { seeds } from './seeds.mjs';
import { slowReceiver } from './slow-receiver.mjs';
import { speed } from './speed.mjs';
import { start } from './start.mjs';
import { why } from './why.mjs';

export const items = [
  start,
  idleConnections,
  slowReceiver,
  hostile,
  library,
  speed,
  gaps,
  scale,
  seeds,
  recorder,
  why,
  audit,
  consoleItem,
];
