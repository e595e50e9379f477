// All contenders by name.
import { mosquitto } from './mosquitto.mjs';
import { natsServer } from './nats-server.mjs';
import { prototype } from './prototype.mjs';
import { redisServer } from './redis-server.mjs';
import { pipe, relay } from './relays.mjs';
import { earlier, oneDaemon, plainLinks, snapcommunicatord } from './snapcommunicatord.mjs';

const all = [
  snapcommunicatord,
  earlier,
  oneDaemon,
  plainLinks,
  prototype,
  natsServer,
  pipe,
  relay,
  redisServer,
  mosquitto,
];

export const OURS = snapcommunicatord.name;
export const adapters = new Map(all.map((adapter) => [adapter.name, adapter]));
