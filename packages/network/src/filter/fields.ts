// What a filter can ask about: the fields, their kinds, and how to help who misspells one.

import { NAME } from 'snapcommunicator/wire';

/** `text` compares by == != ~, `size` by numbers; a parameter is text that may be compared as a number, too. */
export type FieldKind = 'text' | 'size' | 'parameter';

export interface FieldRule {
  readonly kind: FieldKind;
  /** Whether the head of a message alone answers it. */
  readonly isInHead: boolean;
  /** One line for people. */
  readonly note: string;
}

const inHead = (note: string): FieldRule => ({ kind: 'text', isInHead: true, note });
const beyondHead = (note: string, kind: FieldKind = 'text'): FieldRule => ({ kind, isInHead: false, note });

/** The fields by name, in the order in which they are listed. */
export const FIELDS = {
  command: inHead('the command, such as PING'),
  from: inHead('the sender: a service, or server:service'),
  'from.server': inHead('the machine of the sender'),
  'from.service': inHead('the service that sent it'),
  to: inHead('the address as it was written: a service, or server:service'),
  'to.server': inHead('the machine in the address'),
  'to.service': inHead('the service in the address, or . ? * for a broadcast'),
  size: beyondHead('bytes of the line, such as 1000, 64k or 1MiB', 'size'),
  outcome: beyondHead('what became of it: delivered, kept, sent, expired, refused, dropped, returned, unknown'),
  reason: beyondHead('why, if it was not delivered'),
  id: beyondHead('the id that its first daemon gave it'),
} as const satisfies Record<string, FieldRule>;

export type PlainField = keyof typeof FIELDS;
export type ParameterField = `parameter.${string}`;
export type Field = PlainField | ParameterField;

const PARAMETER_RULE = beyondHead('a parameter of the message', 'parameter');
const PARAMETER_PREFIX = 'parameter.';

/** All fields as a person reads them. */
export const FIELD_LIST = [...Object.keys(FIELDS), 'parameter.NAME (or p.NAME)'].join(', ');

/** What people write who know other tools, or who guess. */
const SYNONYMS: Readonly<Record<string, string>> = {
  cmd: 'command',
  sender: 'from',
  source: 'from',
  src: 'from',
  destination: 'to',
  dest: 'to',
  dst: 'to',
  target: 'to',
  service: 'to.service',
  server: 'to.server',
  bytes: 'size',
  length: 'size',
  status: 'outcome',
  result: 'outcome',
  why: 'reason',
  message_id: 'id',
  parameters: 'parameter.NAME',
  parameter: 'parameter.NAME',
  p: 'p.NAME',
};

/** The field of a name, `p.NAME` in its full form; undefined if there is none. */
export function fieldOf(name: string): Field | undefined {
  if (Object.hasOwn(FIELDS, name)) return name as PlainField;
  const parameter = /^(?:p|parameter)\.(.*)$/s.exec(name)?.[1];
  return parameter !== undefined && NAME.test(parameter) ? `parameter.${parameter}` : undefined;
}

export const ruleOf = (field: Field): FieldRule => (isParameter(field) ? PARAMETER_RULE : FIELDS[field]);

export const isParameter = (field: Field): field is ParameterField => field.startsWith(PARAMETER_PREFIX);

export const parameterName = (field: ParameterField): string => field.slice(PARAMETER_PREFIX.length);

/** The field that was probably meant. */
export function suggestionFor(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (Object.hasOwn(SYNONYMS, lower)) return SYNONYMS[lower];
  const parameter = /^param\w*\.(\w+)$/.exec(lower)?.[1];
  if (parameter !== undefined && NAME.test(parameter)) return `parameter.${parameter}`;
  const nearest = Object.keys(FIELDS)
    .map((field) => ({ field, distance: distanceOf(lower.slice(0, 20), field) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest !== undefined && nearest.distance <= 2 ? nearest.field : undefined;
}

/** How many letters must change, come, go or swap with their neighbour to make one word of the other. */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
