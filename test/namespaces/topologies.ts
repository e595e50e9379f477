// The clusters of the scenarios.

import type { ClusterPlan } from '../support/namespaces/cluster.ts';

/** Notices a silent cut within a second, and is not shaken by a machine that is busy with other tests. */
const BRISK = ['--hello-interval', '200ms', '--dead-interval', '1s'];

/**
 *     n1 ── n2 ── n3 ── n4 ── n5        four networks, two machines on each
 */
export const LINE: ClusterPlan = {
  networks: { net12: ['n1', 'n2'], net23: ['n2', 'n3'], net34: ['n3', 'n4'], net45: ['n4', 'n5'] },
  links: [
    ['n1', 'n2'],
    ['n2', 'n3'],
    ['n3', 'n4'],
    ['n4', 'n5'],
  ],
  flags: BRISK,
};

/**
 *        n1 ── n2 ── n3
 *        │            │                 five networks
 *        n5 ──────── n4
 */
export const RING: ClusterPlan = {
  networks: { ...LINE.networks, net51: ['n5', 'n1'] },
  links: [...LINE.links, ['n5', 'n1']],
  flags: BRISK,
};

/** The same, with links that are given up soon, and asked for again soon. */
export const NERVOUS_RING: ClusterPlan = {
  ...RING,
  flags: ['--hello-interval', '100ms', '--dead-interval', '300ms', '--gossip-wait', '500ms'],
};

/**
 *     east: e1, e2, e3 on one network        west: w1, w2, w3 on one network
 *           e1 ═══ 40 ms, TLS ═══ w1
 *           e2 ═══ 80 ms, TLS ═══ w2
 */
export const TWO_DATA_CENTERS: ClusterPlan = {
  networks: {
    east: ['e1', 'e2', 'e3'],
    west: ['w1', 'w2', 'w3'],
    short: { machines: ['e1', 'w1'], roundTripMs: 40 },
    long: { machines: ['e2', 'w2'], roundTripMs: 80 },
  },
  links: [
    ['e1', 'e2'],
    ['e2', 'e3'],
    ['e3', 'e1'],
    ['w1', 'w2'],
    ['w2', 'w3'],
    ['w3', 'w1'],
    { between: ['e1', 'w1'], over: 'short', isSecure: true },
    { between: ['e2', 'w2'], over: 'long', isSecure: true },
  ],
  dataCenters: { e1: 'east', e2: 'east', e3: 'east', w1: 'west', w2: 'west', w3: 'west' },
  flags: BRISK,
};

/**
 *     hidden ── gateway ── alpha, beta        gateway translates addresses; nobody outside can connect to hidden
 */
export const BEHIND_A_GATEWAY: ClusterPlan = {
  networks: { home: ['hidden', 'gateway'], outside: ['gateway', 'alpha', 'beta'] },
  masquerade: { gateway: 'outside' },
  gateways: { hidden: 'gateway' },
  bare: ['gateway'],
  dialOnly: ['hidden'],
  links: [{ between: ['hidden', 'alpha'], over: 'outside', isOneWay: true }, ['alpha', 'beta']],
  flags: BRISK,
};

/**
 *     n1, n2, n3, n4 on one network, each linked to each
 */
export const MESH: ClusterPlan = {
  networks: { lan: ['n1', 'n2', 'n3', 'n4'] },
  links: [
    ['n1', 'n2'],
    ['n1', 'n3'],
    ['n1', 'n4'],
    ['n2', 'n3'],
    ['n2', 'n4'],
    ['n3', 'n4'],
  ],
  flags: BRISK,
};

/**
 *     n1 ── n2 ── n3        3 % of all packets are lost on both networks
 */
export const LOSSY_LINE: ClusterPlan = {
  networks: {
    net12: { machines: ['n1', 'n2'], lossPercent: 3 },
    net23: { machines: ['n2', 'n3'], lossPercent: 3 },
  },
  links: [
    ['n1', 'n2'],
    ['n2', 'n3'],
  ],
};

/**
 *     web ── hub ── office        the web server's machine reaches the office's over the hub alone
 */
export const OFFICE: ClusterPlan = {
  networks: { public: ['web', 'hub'], inner: ['hub', 'office'] },
  links: [
    ['web', 'hub'],
    ['hub', 'office'],
  ],
  flags: BRISK,
};
