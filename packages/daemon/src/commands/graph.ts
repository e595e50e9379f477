// Commands about the graph: GRAPH, ROUTE, DRAIN. What the tools for the cluster ask of each daemon.

import { encodeGraph, type GraphDocument } from '@snapcommunicator/network/atlas';
import type { CommandRunner } from './runner.ts';

/** Where a message goes next. */
export interface Step {
  /** `here`: this is its last machine. `opaque`: to daemons of another kind. `absent`: there is no way. */
  readonly outcome: 'here' | 'next' | 'opaque' | 'absent';
  /** The machine at the end of the way. */
  readonly server?: string;
  /** The neighbour that it is given to. */
  readonly next?: string;
  /** From here to the end. */
  readonly cost?: number;
}

/** What a machine that is to be left alone still has to do. */
export interface UnderWay {
  readonly isDraining: boolean;
  /** Bytes of messages from here that other machines have not acknowledged. */
  readonly sentBytes: number;
  /** Bytes that services of this machine have not taken. */
  readonly queuedBytes: number;
  /** Frames that were passed on between other machines, since the start. */
  readonly passed: number;
  /** Messages that wait here for services that are absent. */
  readonly kept: number;
}

/** What the commands need of the cluster. */
export interface ClusterView {
  /** The graph as seen from here, now. */
  graph(): GraphDocument;
  /** The next step of a message. @param from the machine that it began at; empty: this one */
  step(server: string, service: string, from: string): Step;
  drain(isDraining: boolean): void;
  underWay(): UnderWay;
}

/** An answer is a message, whose parameters grow a little when they are written. */
const GRAPH_SHARE = 0.8;

/** @param messageBytesMax of the longest message that may be sent */
export function addGraphCommands(runner: CommandRunner, view: () => ClusterView, messageBytesMax: number): void {
  runner.on('GRAPH', ({ graph }, { answer }) => {
    // With a graph it is an answer, to which there is nothing to say.
    if (graph === undefined) answer('GRAPH', { graph: encodeGraph(view().graph(), messageBytesMax * GRAPH_SHARE) });
  });

  runner.on('ROUTE', ({ service, server_name: server, from }, { answer }) => {
    if (service === undefined && server === undefined)
      return answer('INVALID', { command: 'ROUTE', message: 'service or server_name is missing' });
    const step = view().step(server ?? '', service ?? '', from ?? '');
    answer('ROUTED', { outcome: step.outcome, server_name: step.server, next: step.next, cost: step.cost });
  });

  runner.on(
    'DRAIN',
    ({ undo }, { answer }) => {
      view().drain(!undo);
      const { isDraining, sentBytes, queuedBytes, passed, kept } = view().underWay();
      answer('DRAINING', {
        draining: String(isDraining),
        sent_bytes: sentBytes,
        queued_bytes: queuedBytes,
        passed,
        kept,
      });
    },
    { isPrivileged: true },
  );
}
