// The door of the simulator: random graphs with faults, scenarios, and figures of scale.

export { topologyOf } from './described.ts';
export { FAULT_KINDS, type FaultKind } from './faults.ts';
export { Random } from './random.ts';
export { failureReport, repeatCommand } from './report.ts';
export { measureScale, pathsOf, type ScaleOptions, type ScaleResult } from './scale.ts';
export { parseScript, runScript, type Script } from './script.ts';
export { SIMULATION_OPTIONS, type SimulationOptions, type SimulationResult, simulate } from './simulator.ts';
export { makeTopology, type Topology, type TopologyLink, type TopologyNode } from './topology.ts';
export { type WhatIfOptions, type WhatIfResult, whatIf } from './what-if.ts';
