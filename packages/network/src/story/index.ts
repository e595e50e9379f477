// What became of messages, put together from what each daemon recorded; and whether their accounts agree.
export {
  type Audit,
  type AuditEntry,
  auditLedgers,
  describeEnded,
  describeEntry,
  type EndedLife,
  type LedgerAnswer,
  type PlaceKind,
  UNSEEN_WORDS,
} from './audit.ts';
export { auditInRounds } from './audit-rounds.ts';
export { equationsOf, streamName, sumOf } from './equations.ts';
export type { Gap, GapReason } from './gaps.ts';
export { type GoneService, goneServices } from './gone-services.ts';
export * from './ledger.ts';
export { type Machine, machinesOf } from './machines.ts';
export { mergeTraffic, sortedTraffic, type TrafficOf, type TrafficOrder } from './merged-traffic.ts';
export { readHistory, readLedger, readRecords, readTraffic } from './reader.ts';
export * from './record.ts';
export { type Fate, type Hop, idsOf, isMessageId, type Story, tellStory } from './story.ts';
export * from './traffic.ts';
export { formatElapsed } from './verdict.ts';
export { betterClock, byOwnClock, type ClockEstimate, clockFrom, type Silence, type Witness } from './witness.ts';
