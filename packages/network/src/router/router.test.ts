// Decisions of the router as a table, and what its effects say.

import { describe, expect, it } from 'vitest';
import { Router } from './router.ts';

function rig(): Router {
  const router = new Router('alpha');
  router.step({ kind: 'service-up', service: 'web', port: 3, isAnnounced: true }, 0);
  return router;
}

describe('whom a message reaches', () => {
  it.each([
    ['', 'web', { kind: 'port', port: 3 }],
    ['alpha', 'web', { kind: 'port', port: 3 }],
    ['ALPHA', 'web', { kind: 'port', port: 3 }],
    ['.', 'web', { kind: 'port', port: 3 }],
    ['*', 'web', { kind: 'port', port: 3 }],
    ['?', 'web', { kind: 'absent', destination: '?:web' }],
    ['beta', 'web', { kind: 'absent', destination: 'beta:web' }],
    ['', 'db', { kind: 'absent', destination: 'db' }],
    ['*', 'db', { kind: 'absent', destination: 'db' }],
    ['.', 'db', { kind: 'absent', destination: 'alpha:db' }],
    ['alpha', 'db', { kind: 'absent', destination: 'alpha:db' }],
    ['', '', { kind: 'daemon' }],
    ['', 'communicatord', { kind: 'daemon' }],
    ['alpha', 'snapcommunicator', { kind: 'daemon' }],
    ['*', 'communicatord', { kind: 'daemon' }],
    ['beta', 'communicatord', { kind: 'absent', destination: 'beta:communicatord' }],
    ['', '.', { kind: 'broadcast', scope: 'machine' }],
    ['', '?', { kind: 'broadcast', scope: 'network' }],
    ['', '*', { kind: 'broadcast', scope: 'cluster' }],
    ['*', '*', { kind: 'broadcast', scope: 'cluster' }],
    ['.', '.', { kind: 'broadcast', scope: 'machine' }],
    ['*', '.', { kind: 'broadcast', scope: 'machine' }],
    ['alpha', '.', { kind: 'broadcast', scope: 'machine' }],
    ['beta', '.', { kind: 'absent', destination: 'beta:.' }],
  ])('%s:%s', (server, service, decision) => {
    expect(rig().forward(server, service)).toEqual(decision);
  });

  it.each([
    ['alpha', '*'],
    ['alpha', '?'],
    ['.', '*'],
    ['.', '?'],
    ['?', '*'],
    ['?', '?'],
    ['?', '.'],
    ['*', '?'],
    ['beta', '*'],
  ])('%s:%s contradicts itself', (server, service) =>
    expect(rig().forward(server, service).kind).toBe('contradiction'),
  );
});

describe('effects', () => {
  it('say what changed, with growing versions', () => {
    const router = new Router('alpha');
    expect(router.step({ kind: 'service-up', service: 'a', port: 1, isAnnounced: true }, 0)).toEqual([
      { kind: 'forward', service: 'a', ports: [1], version: 1 },
    ]);
    expect(router.step({ kind: 'commands', port: 1, commands: ['PING', 'PONG', 'PING'] }, 0)).toEqual([
      { kind: 'listeners', command: 'PING', version: 2 },
      { kind: 'listeners', command: 'PONG', version: 3 },
    ]);
    expect([...router.listeners('PING')]).toEqual([1]);
    expect(router.step({ kind: 'service-up', service: 'a', port: 2, isAnnounced: true }, 0)).toEqual([
      { kind: 'forward', service: 'a', ports: [2], version: 4 },
    ]);
    expect(router.step({ kind: 'port-down', port: 1 }, 0).map((effect) => effect.kind)).toEqual([
      'forward',
      'listeners',
      'listeners',
    ]);
    expect(router.listeners('PING').size).toBe(0);
  });
});
