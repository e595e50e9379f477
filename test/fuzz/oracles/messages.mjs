// When two messages, or two readings of a line, are the same.

const NAMES = ['sentFromServer', 'sentFromService', 'server', 'service', 'command'];

/** What differs between two messages, or undefined. The order of parameters means nothing. */
export function difference(left, right) {
  for (const name of NAMES) if (left[name] !== right[name]) return `${name}: ${show(left[name])}, ${show(right[name])}`;
  const names = Object.keys(left.parameters);
  if (names.length !== Object.keys(right.parameters).length) return `parameters: ${show(left)}, ${show(right)}`;
  for (const name of names) {
    if (left.parameters[name] === right.parameters[name] && Object.hasOwn(right.parameters, name)) continue;
    return `parameter ${name}: ${show(left.parameters[name])}, ${show(right.parameters[name])}`;
  }
  return undefined;
}

/** What differs between two readings of a line, or undefined. */
export function lineDifference(left, right) {
  if (left === undefined || right === undefined) return `one line more: ${show(left ?? right)}`;
  if (left.kind !== right.kind || left.error !== right.error || left.form !== right.form) {
    return `${show(left)}, ${show(right)}`;
  }
  return left.kind === 'message' ? difference(left.message, right.message) : undefined;
}

export const show = (value) => JSON.stringify(value)?.slice(0, 500);
