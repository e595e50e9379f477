// Reads a graph document that came from elsewhere, a file or another daemon, and says where it is not one.

import {
  type AtlasCounts,
  type AtlasDataCenter,
  type AtlasLink,
  type AtlasRates,
  type AtlasServer,
  type AtlasService,
  type GraphDocument,
  LINK_STATES,
} from './document.ts';

/** Limits of what is read; more than any daemon writes. */
export const DOCUMENT_LIMITS = { serversMax: 20_000, linksMax: 200_000, servicesMax: 20_000, textLengthMax: 1000 };

/** What reading gives: the document, or what is wrong with it and where. */
export type GraphReading = { readonly graph: GraphDocument } | { readonly problem: string };

/** Reads the text of a document. Never throws. */
export function readGraph(text: string): GraphReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `this is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  try {
    const graph = readDocument(new Place(value, ''));
    checkNames(graph);
    return { graph };
  } catch (error) {
    if (error instanceof Misfit) return { problem: error.message };
    throw error;
  }
}

/** A name of a server as documents have it: one that was given, or `#` and an id. */
const SERVER_NAME = /^#?[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;
const SERVICE_NAME = /^[A-Za-z0-9_.-]{1,80}$/;
const DATA_CENTER_NAME = /^[A-Za-z0-9_.-]{0,80}$/;
const LABEL = /^[^\p{Cc}]*$/u;

class Misfit extends Error {}

/** A value with the way to it. */
class Place {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.#path = path;
  }

  fail(expected: string): never {
    const text = JSON.stringify(this.#value) ?? 'nothing';
    const found = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new Misfit(`${this.#path === '' ? 'the document' : this.#path} is ${found}, expected ${expected}`);
  }

  key(name: string): Place {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object');
    const held = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    return new Place(held, this.#path === '' ? name : `${this.#path}.${name}`);
  }

  text(pattern: RegExp, what: string): string {
    const value = this.#value;
    if (typeof value !== 'string' || value.length > DOCUMENT_LIMITS.textLengthMax || !pattern.test(value))
      this.fail(what);
    return value;
  }

  oneOf<T extends string>(values: readonly T[]): T {
    if (!values.includes(this.#value as T)) this.fail(values.join(' or '));
    return this.#value as T;
  }

  number(min = 0): number {
    const value = this.#value;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < min)
      this.fail(min === 0 ? 'a number of at least 0' : 'a number');
    return value;
  }

  flag(): boolean {
    if (typeof this.#value !== 'boolean') this.fail('true or false');
    return this.#value;
  }

  list<T>(countMax: number, read: (place: Place) => T): T[] {
    const value = this.#value;
    if (!Array.isArray(value) || value.length > countMax) this.fail(`a list of at most ${countMax}`);
    return (value as unknown[]).map((item, at) => read(new Place(item, `${this.#path}[${at}]`)));
  }

  /** An object with one key, or with none if there is no value: for what may be left out. */
  optional<K extends string, T>(key: K, read: (place: Place) => T): { readonly [P in K]?: T } {
    const place = this.key(key);
    return (place.#value === undefined ? {} : { [key]: read(place) }) as { readonly [P in K]?: T };
  }
}

const serverName = (place: Place): string => place.text(SERVER_NAME, 'the name of a server');
const serviceName = (place: Place): string => place.text(SERVICE_NAME, 'the name of a service');
const label = (place: Place): string => place.text(LABEL, 'a text');
const number = (place: Place): number => place.number();

function readDocument(place: Place): GraphDocument {
  const version = place.key('version');
  if (version.number() !== 1) version.fail('1, the only version that is understood here');
  return {
    version: 1,
    seenFrom: serverName(place.key('seenFrom')),
    time: place.key('time').number(),
    dataCenters: place.key('dataCenters').list(DOCUMENT_LIMITS.serversMax, readDataCenter),
    servers: place.key('servers').list(DOCUMENT_LIMITS.serversMax, readServer),
    links: place.key('links').list(DOCUMENT_LIMITS.linksMax, readLink),
    ...place.optional('leftOut', (list) => list.list(100, label)),
  };
}

const dataCenterName = (place: Place): string => place.text(DATA_CENTER_NAME, 'the name of a data centre');

const readDataCenter = (place: Place): AtlasDataCenter => ({
  name: dataCenterName(place.key('name')),
  isOwn: place.key('isOwn').flag(),
  serverCount: place.key('serverCount').number(),
  ...place.optional('cost', number),
});

const readServer = (place: Place): AtlasServer => ({
  name: serverName(place.key('name')),
  ...place.optional('id', label),
  ...place.optional('incarnation', number),
  dataCenter: dataCenterName(place.key('dataCenter')),
  knowledge: place.key('knowledge').oneOf(['whole', 'summary', 'opaque']),
  ...place.optional('address', label),
  ...place.optional('version', label),
  ...place.optional('upSince', number),
  ...place.optional('load', number),
  isDraining: place.key('isDraining').flag(),
  isReachable: place.key('isReachable').flag(),
  ...place.optional('lostSince', number),
  ...place.optional('distance', number),
  nextHops: place.key('nextHops').list(1000, serverName),
  services: place.key('services').list(DOCUMENT_LIMITS.servicesMax, readService),
  ...place.optional('heardOf', (list) => list.list(DOCUMENT_LIMITS.servicesMax, serviceName)),
});

const readService = (place: Place): AtlasService => ({
  name: serviceName(place.key('name')),
  ...place.optional('commands', (list) => list.list(10_000, label)),
});

const readLink = (place: Place): AtlasLink => ({
  from: serverName(place.key('from')),
  to: serverName(place.key('to')),
  cost: place.key('cost').number(),
  ...place.optional('costBack', number),
  kind: place.key('kind').oneOf(['network', 'data-center']),
  state: place.key('state').oneOf(LINK_STATES),
  isOpaque: place.key('isOpaque').flag(),
  ...place.optional('isSecure', (flag) => flag.flag()),
  ...place.optional('address', label),
  ...place.optional('roundTripMs', number),
  ...place.optional('clockOffsetMs', (offset) => offset.number(Number.NEGATIVE_INFINITY)),
  ...place.optional('upSince', number),
  ...place.optional('rates', readRates),
  ...place.optional('counts', readCounts),
});

const readRates = (place: Place): AtlasRates => ({
  messagesOut: place.key('messagesOut').number(),
  messagesIn: place.key('messagesIn').number(),
  bytesOut: place.key('bytesOut').number(),
  bytesIn: place.key('bytesIn').number(),
});

const readCounts = (place: Place): AtlasCounts => ({ ...readRates(place), dropped: place.key('dropped').number() });

/** A name means one server, and what is named is there. */
function checkNames({ servers, links }: GraphDocument): void {
  const names = new Set<string>();
  for (const { name } of servers) {
    if (names.has(name)) throw new Misfit(`servers has ${name} twice`);
    names.add(name);
  }
  for (const [at, { from, to }] of links.entries()) {
    for (const end of [from, to])
      if (!names.has(end)) throw new Misfit(`links[${at}] leads to ${end}, which is not among the servers`);
  }
}
