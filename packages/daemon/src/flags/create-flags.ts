// Wires flags with the rest of the daemon. Nothing is decided here.

import type { Core } from '../bus/core.ts';
import type { Delivery } from '../bus/delivery.ts';
import type { GraphSide } from '../graph/graph.ts';
import type { Identity } from '../machine/identity.ts';
import type { Configuration } from '../options/index.ts';
import { Conditions } from './conditions.ts';
import { Flags } from './flags.ts';

export interface CreateFlagsParts {
  readonly core: Core;
  readonly configuration: Configuration;
  readonly identity: Identity;
  readonly delivery: Delivery;
  readonly graph: () => GraphSide;
}

export function createFlags({ core, configuration, identity, delivery, graph }: CreateFlagsParts) {
  const { server, speaker, log, brake } = core;
  const options = { ...configuration, server, incarnation: identity.incarnation };
  const flags = new Flags(options, {
    nowS: () => Date.now() / 1000,
    isReachable: (name) => graph().isReachable(name),
    tell: (name, command, values) => delivery.tell(`${name}:communicatord`, command, values),
    tellAll: (command, values) => graph().tellDaemons(command, values),
    announce: () => speaker.announce('FLAGS_CHANGED'),
    failed: (error) =>
      brake.run('flags', (skipped) =>
        log.lines.error({ reason: error.message, skipped }, 'the flags of this machine cannot be written (data_path)'),
      ),
  });
  const conditions = new Conditions({ server, note: (condition) => flags.note(condition) });
  return {
    flags,
    conditions,
    reachChanged: (name: string, isReachable: boolean): void => {
      if (isReachable) conditions.reached();
      flags.reachChanged(name, isReachable);
    },
    close: async (): Promise<void> => {
      conditions.close();
      await flags.close();
    },
  };
}
