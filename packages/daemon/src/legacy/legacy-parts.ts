// What the links to C++ daemons need of the rest of the daemon.

import type { LegacyPort, OpaqueFact } from '@snapcommunicator/network/legacy';
import type { Router } from '@snapcommunicator/network/router';
import type { Counters } from '../bus/counters.ts';
import type { Delivery } from '../bus/delivery.ts';
import type { Caller } from '../commands/runner.ts';
import type { Log, RateLimit } from '../log.ts';
import type { Output } from '../switch/output.ts';

export interface LegacyParts {
  readonly server: string;
  /** `IP:port` that peers are told. */
  readonly myAddress: () => string;
  /** Text that is another in each life of this daemon. */
  readonly life: string;
  readonly output: Output;
  readonly router: Router;
  readonly delivery: Delivery;
  readonly counters: Counters;
  readonly log: Log;
  readonly brake: RateLimit;
  readonly now: () => number;
  readonly lineBytesMax: number;
  readonly linksMax: number;
  readonly aliveIntervalMs: number;
  readonly loadIntervalMs: number;
  readonly hangUpMs: number;
  /** Services of this machine, those of others, and daemons that are worth trying. */
  readonly announced: { services(): readonly string[]; heardOf(): readonly string[]; neighbors(): readonly string[] };
  /** Whether a daemon of the graph that can be reached bears the name. */
  readonly isNodeNamed: (server: string) => boolean;
  /** Whether that is the id of a message of the graph's own, which everybody in it gets. */
  readonly isOwnId: (id: string) => boolean;
  /** Whether a peer may ask for a command: some need a privilege. */
  readonly mayAsk: (command: string, isSecure: boolean) => boolean;
  /** A command for this daemon. */
  readonly run: (caller: Caller) => void;
  /** Sends a line to the other nodes of a scope. @returns its id; undefined if there are none */
  readonly broadcast: (scope: 'network' | 'cluster', line: Uint8Array) => string | undefined;
  /** What is behind a link has changed; undefined: the link is gone. */
  readonly changed: (port: LegacyPort, fact: OpaqueFact | undefined) => void;
  readonly up: (server: string) => void;
  readonly down: (server: string, isOrderly: boolean) => void;
  /** The parameters of LOADAVG, of this machine; and those of a peer's. */
  readonly load: () => Readonly<Record<string, string>>;
  readonly loadHeard: (parameters: Readonly<Record<string, string>>) => void;
}
