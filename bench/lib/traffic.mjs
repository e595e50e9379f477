// Shapes of traffic, and the lines of this project's text form in each shape.

export const BLOCK_BYTES = 65536;
export const SERVER_NAME = 'alpha';

/**
 * What a row sends. `size` is a whole line in bytes, its LF included. `head` is how the line is addressed: 'plain'
 * (`NAME/`), 'sender' (`<:me NAME/`, as C++ services write) or 'server' (`SERVER:NAME/`). `names` is 'short' or 'long'
 * (40 characters). With `fanOut` every receiver gets every message, else the messages are spread over `destinations`.
 */
export const oneToOne = {
  size: 128,
  head: 'plain',
  names: 'short',
  destinations: 1,
  commands: 1,
  receivers: 1,
  fanOut: false,
  senders: 1,
  linePerWrite: false,
};

/** `@@@@` in a hello is replaced by the generator with the connection's number in four digits. */
export function receiverPattern(shape) {
  if (shape.destinations > 1) return 'svc@@@@';
  if (shape.fanOut) return 'rx@@@@';
  return shape.names === 'long' ? longName('rx') : 'rx';
}

export function senderPattern(shape) {
  if (shape.senders > 1) return 'tx@@@@';
  return shape.names === 'long' ? longName('tx') : 'tx1';
}

export function longName(start) {
  return start + '_a_service_with_a_name_of_forty_characters'.slice(0, 40 - start.length);
}

/** The destination and command of each message of a block: spread evenly, but not in turn, the same in every run. */
export function plan(shape) {
  const count = shape.linePerWrite ? 1 : Math.floor(BLOCK_BYTES / shape.size);
  const random = numbers(12345);
  return Array.from({ length: count }, () => ({
    destination: shape.destinations > 1 ? `svc${digits(random(shape.destinations), 4)}` : receiverPattern(shape),
    command: shape.commands > 1 ? `CMD${digits(random(shape.commands), 2)}` : shape.size < 20 ? 'P' : 'PING',
  }));
}

export function commandList(shape) {
  if (shape.commands === 1) return ['PING', 'P'];
  return Array.from({ length: shape.commands }, (_, index) => `CMD${digits(index, 2)}`);
}

/** One line of exactly `size` bytes, filled up with the value of a parameter. */
export function line(head, command, size) {
  const start = `${head}${command} a=`;
  if (start.length >= size - 1) throw new RangeError(`a line of ${size} bytes has no room for "${start}"`);
  return `${start}${'x'.repeat(size - 1 - start.length)}\n`;
}

/**
 * A block of lines, and the bytes that it becomes when each line is stamped. `address` overrides how a destination is
 * written (a program with its own idea of a group); `stamp` is what is put in front, empty for one that looks at nothing.
 */
export function lineBlock(shape, { stamp, address = addressOf(shape) }) {
  const senderBytes = shape.head === 'sender' ? `<:${senderPattern(shape)} `.length : 0;
  const lines = plan(shape).map(({ destination, command }) => line(address(destination), command, shape.size));
  const text = lines.join('');
  const delivered = stamp === '' ? text.length : text.length + lines.length * (stamp.length - senderBytes);
  return { block: Buffer.from(text, 'latin1'), messages: lines.length, delivered };
}

function addressOf(shape) {
  if (shape.fanOut) return () => './';
  const before = { plain: '', sender: `<:${senderPattern(shape)} `, server: `${SERVER_NAME}:` }[shape.head];
  return (destination) => `${before}${destination}/`;
}

/** How many messages may be under way: some megabytes in all, and never less than two blocks. */
export function windowOf(shape, delivered, messages) {
  const bytes = delivered / messages;
  const copies = shape.fanOut ? shape.receivers : 1;
  const window = Math.floor(Math.min(WINDOW_BYTES / bytes, FAN_OUT_WINDOW_BYTES / bytes / copies));
  return Math.max(2 * messages, window);
}

const WINDOW_BYTES = 8 << 20;
const FAN_OUT_WINDOW_BYTES = 64 << 20;

/** The payload with which other servers' messages stand for a line of this size (as in the guide's measurements). */
export function payloadOf(size) {
  return 'x'.repeat({ 16: 1, 128: 100, 1024: 1000 }[size] ?? Math.max(1, size - 28));
}

function digits(number, width) {
  return String(number).padStart(width, '0');
}

/** A small generator of repeatable numbers below a bound. */
export function numbers(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
