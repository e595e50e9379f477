// The view in the address: what a person looks at as the text behind the `#`, so that it can be sent to a colleague.

import type { Selection } from '../map/model.ts';

export const PAGES = ['map', 'messages', 'services', 'machines', 'links', 'flags', 'ask', 'send'] as const;
export type PageName = (typeof PAGES)[number];

export interface Sorting {
  readonly column: string;
  readonly isDescending: boolean;
}

export interface View {
  readonly page: PageName;
  readonly selection: Selection | undefined;
  /** Unix seconds of the moment that is looked at; undefined: now. */
  readonly time: number | undefined;
  /** Of the map: the same as a table. */
  readonly isTable: boolean;
  /** What is searched for in a table. */
  readonly query: string;
  readonly sorting: Sorting | undefined;
  /** Of the messages. */
  readonly filter: string;
  /** The message whose story is open. */
  readonly message: string | undefined;
  /** What is thought away: machines, and links as `alpha-beta`. */
  readonly without: readonly string[];
}

export const START: View = {
  page: 'map',
  selection: undefined,
  time: undefined,
  isTable: false,
  query: '',
  sorting: undefined,
  filter: '',
  message: undefined,
  without: [],
};

const TEXT_LENGTH_MAX = 4096;
const WITHOUT_MAX = 20;

/** `#/messages?filter=command==PING`; what is as at the start is left out. */
export function writeAddress(view: View): string {
  const { page, selection, time, isTable, query, sorting, filter, message, without } = view;
  const parts: [string, string][] = [];
  if (selection !== undefined) parts.push(['see', writeSelection(selection)]);
  if (isTable) parts.push(['as', 'table']);
  if (query !== '') parts.push(['search', query]);
  if (sorting !== undefined) parts.push(['sort', `${sorting.isDescending ? '-' : ''}${sorting.column}`]);
  if (filter !== '') parts.push(['filter', filter]);
  if (message !== undefined) parts.push(['message', message]);
  if (without.length > 0) parts.push(['without', without.join(',')]);
  if (time !== undefined) parts.push(['time', new Date(Math.round(time) * 1000).toISOString().replace('.000', '')]);
  return `#/${page}${parts.length === 0 ? '' : `?${parts.map(([name, value]) => `${name}=${escape(value)}`).join('&')}`}`;
}

/** What cannot be read in an address is as at the start. */
export function readAddress(hash: string): View {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const page = PAGES.find((name) => name === path) ?? START.page;
  const parameters = new Map(
    search.split('&').map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, Math.max(0, equals)), unescape(pair.slice(equals + 1))];
    }),
  );
  const text = (name: string): string => (parameters.get(name) ?? '').slice(0, TEXT_LENGTH_MAX);
  const time = Date.parse(text('time')) / 1000;
  const sort = text('sort');
  const without = text('without').split(',').filter(Boolean).slice(0, WITHOUT_MAX);
  return {
    page,
    selection: readSelection(text('see')),
    time: Number.isFinite(time) ? time : undefined,
    isTable: text('as') === 'table',
    query: text('search'),
    sorting: sort === '' ? undefined : { column: sort.replace(/^-/, ''), isDescending: sort.startsWith('-') },
    filter: text('filter'),
    message: text('message') || undefined,
    without,
  };
}

/** `db2`, `alpha-beta`, `alpha..gamma` (a path), `@west` (a data centre), `:images` (a service). */
export function writeSelection(selection: Selection): string {
  switch (selection.kind) {
    case 'machine':
      return selection.machine;
    case 'service':
      return selection.service.includes(':') ? selection.service : `:${selection.service}`;
    case 'link':
      return `${selection.from}-${selection.to}`;
    case 'data-center':
      return `@${selection.dataCenter}`;
    case 'path':
      return `${selection.from}..${selection.to}`;
  }
}

const NAME = '#?[A-Za-z0-9_.]+?';
const LINK = new RegExp(`^(${NAME})-(${NAME})$`);
const PATH = new RegExp(`^(${NAME})\\.\\.(${NAME})$`);

export function readSelection(text: string): Selection | undefined {
  if (text === '') return undefined;
  if (text.startsWith('@')) return { kind: 'data-center', dataCenter: text.slice(1) };
  if (text.includes(':')) return { kind: 'service', service: text.replace(/^:/, '') };
  const [, start, end] = PATH.exec(text) ?? [];
  if (start !== undefined && end !== undefined) return { kind: 'path', from: start, to: end };
  const [, from, to] = LINK.exec(text) ?? [];
  if (from !== undefined && to !== undefined) return { kind: 'link', from, to };
  return { kind: 'machine', machine: text };
}

/** Only what would break the address or the eye is escaped, so that a filter can be read in it. */
const escape = (text: string): string =>
  encodeURIComponent(text).replace(/%(?:3A|40|2C|2F|3D|3E|3C|21|28|29|7C|2A|23|24)/g, (code) =>
    code === '%23' || code === '%3C' || code === '%3E' ? code : decodeURIComponent(code),
  );

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
