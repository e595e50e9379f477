// The door of the atlas: the graph as a document, what can be read from it, and pictures of it.

export { contractsOf, type ServiceContract } from './contracts.ts';
export {
  DETAIL_KEYS,
  type DescriptionParts,
  describeGraph,
  type LinkDetails,
  type ServerDetails,
} from './describe.ts';
export type {
  AtlasCounts,
  AtlasDataCenter,
  AtlasLink,
  AtlasLinkState,
  AtlasRates,
  AtlasServer,
  AtlasService,
  GraphDocument,
} from './document.ts';
export { compareTexts, encodeGraph } from './document.ts';
export { renderDot } from './dot.ts';
export { formatMs, formatRate, formatSpan } from './format.ts';
export { type Health, healthOf, isOverloaded, LOAD_WELL_MAX, titleOf } from './health.ts';
export { type Detour, detoursWithout, type Loss, lossWithout, type PartLoss, partLosses } from './loss.ts';
export { mergeGraphs } from './merge.ts';
export { renderMermaid } from './mermaid.ts';
export { Atlas, type AtlasPath, type Removal, weakSpots } from './paths.ts';
export { type GraphReading, readGraph } from './reader.ts';
export { renderSvg } from './svg.ts';
export { renderText, type Tone } from './text.ts';
