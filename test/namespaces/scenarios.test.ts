// Real daemons on real networks, with traffic, while links and machines come and go: no accepted message is lost, doubled
// or out of order. How long the gaps are is measured by `npm run prove -- gaps`.

import { afterEach, describe, expect, it } from 'vitest';
import { stopClusters } from '../support/namespaces/cluster.ts';
import { missingForNamespaces } from '../support/namespaces/namespaces.ts';
import { runScenario, type Scenario } from '../support/namespaces/scenario.ts';
import { BEHIND_A_GATEWAY, LINE, LOSSY_LINE, MESH, NERVOUS_RING, RING, TWO_DATA_CENTERS } from './topologies.ts';

const BURSTS = { messages: 500, everyMs: 250 };
const REPORTED = 'transmission_report=failure';
const scenarioMsMax = 120_000;

const SCENARIOS: readonly Scenario[] = [
  {
    title: 'a line of five machines: a silent cut, a closed connection, the daemon in the middle killed and restarted',
    cluster: LINE,
    flows: [
      { from: 'n1', to: 'n5', bursts: BURSTS },
      { from: 'n5', to: 'n1', perSecond: 200, parameters: REPORTED },
      { from: 'n4', to: 'n2', perSecond: 200, padding: 2000 },
    ],
    steps: [
      { flow: 200 },
      { cut: [['n2'], ['n3']] },
      { lost: ['n1', 'n5'] },
      { mend: true },
      { flow: 200 },
      { reset: ['n3', 'n4'] },
      { flow: 200 },
      { kill: 'n3' },
      { lost: ['n1', 'n5'] },
      { revive: 'n3' },
      { flow: 200 },
    ],
  },
  {
    title: 'a ring of five: traffic goes the other way round, and back',
    cluster: RING,
    flows: [
      { from: 'n1', to: 'n3', bursts: BURSTS },
      { from: 'n3', to: 'n1', perSecond: 200, parameters: REPORTED },
      { from: 'n1', to: 'n3', perSecond: 100, address: 'n3:flow_2', padding: 5000 },
    ],
    steps: [
      { flow: 100 },
      { cut: [['n1'], ['n2']] },
      { flow: 100 },
      { mend: true },
      { linked: true },
      { flow: 100 },
      { reset: ['n2', 'n3'] },
      { flow: 100 },
      { linked: true },
      { kill: 'n2' },
      { flow: 100 },
      { revive: 'n2' },
      { linked: true },
      { unplug: ['n2', 'net23'] },
      { flow: 100 },
      { plug: ['n2', 'net23'] },
      { linked: true },
      { flow: 100 },
    ],
  },
  {
    title: 'a ring of five at rest: no link is given up or made anew',
    cluster: { ...RING, flags: [...(RING.flags ?? []), '--gossip-wait', '500ms'] },
    flows: [{ from: 'n1', to: 'n3' }],
    steps: [{ flow: 3000 }],
    unheard: /"link (down|refused)/,
  },
  {
    title: 'a ring of five whose daemons stand still for longer than links wait',
    cluster: NERVOUS_RING,
    flows: [
      { from: 'n1', to: 'n3', bursts: BURSTS },
      { from: 'n3', to: 'n1' },
    ],
    steps: [
      { flow: 100 },
      { freeze: 'n2', ms: 800 },
      { freeze: 'n3', ms: 800 },
      { freeze: 'n5', ms: 400 },
      { freeze: 'n1', ms: 800 },
      { freeze: 'n2', ms: 800 },
      { freeze: 'n3', ms: 1200 },
      { flow: 100 },
      { linked: true },
      { flow: 100 },
    ],
  },
  {
    title: 'two data centres: the shorter link is cut, comes back, and its daemon is killed',
    cluster: TWO_DATA_CENTERS,
    flows: [
      { from: 'e3', to: 'w3', bursts: BURSTS },
      { from: 'w3', to: 'e3', perSecond: 200, parameters: REPORTED },
    ],
    steps: [
      { flow: 200 },
      { cut: [['e1'], ['w1']], over: 'short' },
      { flow: 200 },
      { mend: true },
      { linked: true },
      { flow: 200 },
      { kill: 'w1' },
      { flow: 200 },
      { revive: 'w1' },
      { linked: true },
      { flow: 200 },
    ],
  },
  {
    title: 'a machine behind a gateway that only dials',
    cluster: BEHIND_A_GATEWAY,
    flows: [
      { from: 'hidden', to: 'beta', bursts: BURSTS },
      { from: 'beta', to: 'hidden', perSecond: 200, parameters: REPORTED },
    ],
    steps: [
      { flow: 200 },
      { reset: ['alpha', 'gateway'] },
      { flow: 200 },
      // Of beta it has heard by now, and is connected to it as well.
      { cut: [['gateway'], ['alpha', 'beta']] },
      { lost: ['beta', 'hidden'] },
      { mend: true },
      { flow: 200 },
      { kill: 'alpha' },
      { revive: 'alpha' },
      { flow: 200 },
    ],
  },
  {
    title: 'a partition and its healing, for ordinary and durable messages',
    cluster: MESH,
    flows: [
      { from: 'n1', to: 'n3', perSecond: 300 },
      { from: 'n4', to: 'n2', perSecond: 100, parameters: REPORTED },
      { from: 'n2', to: 'n4', perSecond: 100, parameters: 'cache="durable"' },
      { from: 'n1', to: 'n2', perSecond: 300 },
    ],
    steps: [
      { flow: 100 },
      {
        cut: [
          ['n1', 'n2'],
          ['n3', 'n4'],
        ],
      },
      { lost: ['n1', 'n3'] },
      { lost: ['n4', 'n2'] },
      { lost: ['n2', 'n4'] },
      { mend: true },
      { linked: true },
      { flow: 100 },
    ],
  },
  {
    title: 'three percent of all packets are lost',
    cluster: LOSSY_LINE,
    flows: [
      { from: 'n1', to: 'n3', bursts: BURSTS },
      { from: 'n3', to: 'n1', perSecond: 200, parameters: REPORTED },
    ],
    steps: [{ flow: 1000 }],
  },
];

const missing = missingForNamespaces();

describe.skipIf(missing !== '')(`clusters in namespaces${missing && ` (skipped: ${missing})`}`, () => {
  afterEach(stopClusters);

  it.each(SCENARIOS)(
    '$title',
    async (scenario) => {
      const { flows, exits, heard } = await runScenario(scenario);
      for (const { sent, ...outcome } of flows) {
        expect(outcome).toEqual({ received: sent, lost: [], doubled: [], late: [], refused: {}, complaints: [] });
      }
      expect(heard).toEqual([]);
      expect(exits).toEqual({});
    },
    scenarioMsMax,
  );
});
