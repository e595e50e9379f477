// What the configuration says of the graph, as the pure parts take it.

import { BROADCAST_OPTIONS, type NodeOptions } from '@snapcommunicator/network/node';
import { ROUTER_OPTIONS } from '@snapcommunicator/network/router';
import { STREAM_OPTIONS } from '@snapcommunicator/network/stream';
import type { Identity } from '../machine/identity.ts';
import type { Configuration } from '../options/index.ts';

export function nodeOptions(configuration: Configuration, identity: Identity): NodeOptions {
  const { serverName, dataCenter, helloInterval, deadInterval, streamWindow } = configuration;
  return {
    server: serverName,
    router: {
      ...ROUTER_OPTIONS,
      node: identity.node,
      incarnation: identity.incarnation,
      nameSince: identity.nameSince,
      area: dataCenter ?? '',
      helloIntervalMs: helloInterval,
      deadIntervalMs: deadInterval,
      random: Math.random,
    },
    streams: { ...STREAM_OPTIONS, windowBytes: streamWindow },
    broadcasts: BROADCAST_OPTIONS,
  };
}
