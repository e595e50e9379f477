// The commands about the graph, against a view that is made up.

import { type GraphDocument, readGraph } from '@snapcommunicator/network/atlas';
import { describe, expect, it } from 'vitest';
import { addGraphCommands, type ClusterView } from './graph.ts';
import { CommandRunner } from './runner.ts';

const server = (name: string, services: readonly string[]): GraphDocument['servers'][number] => ({
  name,
  dataCenter: '',
  knowledge: 'whole',
  isDraining: false,
  isReachable: true,
  nextHops: [],
  services: services.map((service) => ({ name: service, commands: ['PING', 'STATUS'] })),
});

function rig(messageBytesMax = 1 << 20) {
  const log: unknown[] = [];
  const view: ClusterView = {
    graph: () => ({
      version: 1,
      seenFrom: 'alpha',
      time: 1,
      dataCenters: [{ name: '', isOwn: true, serverCount: 2, cost: 0 }],
      servers: [server('alpha', ['web']), server('beta', ['db', 'mail'])],
      links: [],
    }),
    step: (...asked) => {
      log.push(asked);
      return { outcome: 'next', server: 'beta', next: 'gamma', cost: 20 };
    },
    drain: (isDraining) => void log.push(isDraining),
    underWay: () => ({ isDraining: true, sentBytes: 1, queuedBytes: 2, passed: 3, kept: 4 }),
  };
  let isPrivileged = true;
  const runner = new CommandRunner({
    refusal: (_caller, command, needsPrivilege) =>
      needsPrivilege && !isPrivileged ? `${command} needs a privilege` : undefined,
    complained: () => undefined,
  });
  addGraphCommands(runner, () => view, messageBytesMax);
  const answers: [string, Readonly<Record<string, unknown>>][] = [];
  const ask = (command: string, parameters: Record<string, string> = {}) => {
    answers.length = 0;
    const message = { sentFromServer: 'a', sentFromService: 'b', server: '', service: '', command, parameters };
    runner.run({
      connection: undefined,
      isRemote: true,
      message,
      answer: (word, values = {}) => void answers.push([word, values]),
    });
    return answers;
  };
  return { ask, log, forbid: () => void (isPrivileged = false) };
}

describe('GRAPH', () => {
  it('is answered by the graph', () => {
    const [[command, values] = ['', {}]] = rig().ask('GRAPH');
    expect(command).toBe('GRAPH');
    const reading = readGraph(String(values['graph']));
    expect('graph' in reading && reading.graph.servers[1]?.services[1]?.commands).toEqual(['PING', 'STATUS']);
  });

  it('leaves out what does not fit into a message', () => {
    const [[, values] = ['', {}]] = rig(600).ask('GRAPH');
    expect(String(values['graph']).length).toBeLessThanOrEqual(600);
    expect(readGraph(String(values['graph']))).toMatchObject({ graph: { leftOut: ['commands of services'] } });
  });

  it('does not answer an answer', () => {
    expect(rig().ask('GRAPH', { graph: '{}' })).toEqual([]);
  });
});

describe('ROUTE', () => {
  it('tells the next step', () => {
    const { ask, log } = rig();
    const step = { outcome: 'next', server_name: 'beta', next: 'gamma', cost: 20 };
    expect(ask('ROUTE', { service: 'db', from: 'delta' })).toEqual([['ROUTED', step]]);
    expect(log).toEqual([['', 'db', 'delta']]);
  });

  it('wants to know whom it is about', () => {
    expect(rig().ask('ROUTE')).toEqual([['INVALID', expect.objectContaining({ command: 'ROUTE' })]]);
  });
});

describe('DRAIN', () => {
  it('drains, and takes it back', () => {
    const { ask, log } = rig();
    const state = { draining: 'true', sent_bytes: 1, queued_bytes: 2, passed: 3, kept: 4 };
    expect(ask('DRAIN')).toEqual([['DRAINING', state]]);
    ask('DRAIN', { undo: 'true' });
    expect(log).toEqual([true, false]);
  });

  it('needs a privilege', () => {
    const { ask, log, forbid } = rig();
    forbid();
    expect(ask('DRAIN')).toEqual([['INVALID', expect.objectContaining({ command: 'DRAIN' })]]);
    expect(log).toEqual([]);
  });
});
