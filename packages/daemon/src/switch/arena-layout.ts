// Where things lie in the arena: the one map shared by the inner loop in AssemblyScript and its twin in TypeScript.
// Only plain numeric constants: AssemblyScript reads this file too.

/** 17 masks of 16 bytes: mask k keeps the first k bytes of a vector. */
export const MASKS = 1024;

// Cells of four bytes through which the inner loop and the switch talk to each other.
/** Where the inner loop stopped: the start of the first line that it has not handled. */
export const CELL_POSITION = 2048;
/** The slot that needs a buffer, as an address. */
export const CELL_SLOT = 2052;
/** How many slots are in the dirty list. */
export const CELL_DIRTY_COUNT = 2056;
/** How many lines have been accepted, modulo 2^32: the number of a message, and its place in the recorder's ring. */
export const CELL_NUMBER = 2060;
/** The time of this turn, in milliseconds since the daemon's start. */
export const CELL_NOW_MS = 2064;
/** The address of the recorder's ring and its number of records less one; that number is a power of two. */
export const CELL_RECORDER = 2068;
export const CELL_RECORDER_MASK = 2072;
/** Longest line with its LF that is passed on; a longer one is for the slow path. */
export const CELL_LINE_BYTES_MAX = 2076;
/** 1: lines with `traceparent` are for the slow path, too. */
export const CELL_TRACES = 2080;

/** One slot per destination: where its output buffer lies and how far it is filled. */
export const SLOTS = 4096;
export const SLOT_BYTES = 32;
export const SLOT_COUNT_MAX = 65536;
export const SLOT_POINTER = 0;
/** A store may begin up to here; buffers go on for BUFFER_SLACK bytes behind it. 0: the slot has no buffer, or is sealed. */
export const SLOT_LIMIT = 4;
export const SLOT_BASE = 8;
export const SLOT_IS_DIRTY = 12;
/** Changes whenever a verdict about this slot may no longer hold. */
export const SLOT_EPOCH = 16;
export const SLOT_LINES = 20;
/** What the recorder is told about lines that go here: delivered, or refused while they go nowhere. */
export const SLOT_OUTCOME = 24;

/** Slots that have output waiting for the end of the turn, as indices. */
export const DIRTY = SLOTS + SLOT_BYTES * SLOT_COUNT_MAX;

/** The flow cache: what was decided about a head of one source. */
export const FLOWS = DIRTY + 4 * SLOT_COUNT_MAX;
export const FLOW_COUNT = 8192;
export const FLOW_BYTES = 192;
/** How many neighbouring places a head may be in. */
export const FLOW_WAYS = 8;
/** The source's serial number; 0 marks an empty place. */
export const FLOW_OWNER = 0;
export const FLOW_KEY_LENGTH = 4;
/** The destination's slot, as an address, and the epoch of that slot for which this holds. */
export const FLOW_SLOT = 8;
export const FLOW_EPOCH = 12;
/** What the recorder calls this flow. */
export const FLOW_ID = 16;
/** Bytes of the sender's own `<server:service `, which are left out. */
export const FLOW_SKIP = 20;
/** The head from the line's first byte to the blank or LF behind the command, zero-padded. */
export const FLOW_KEY = 32;
export const FLOW_KEY_BYTES_MAX = 160;

/** The stamp of the source that is being read: `<server:service `. */
export const PREFIX = FLOWS + FLOW_BYTES * (FLOW_COUNT + FLOW_WAYS);
export const PREFIX_BYTES_MAX = 160;

/** Sockets are read into INPUT; what was left of a line goes into the headroom in front of it. */
export const INPUT_HEADROOM_BYTES = 65536;
export const INPUT = PREFIX + PREFIX_BYTES_MAX + INPUT_HEADROOM_BYTES;
export const INPUT_BYTES = 131072;
/** Behind the input there is room for the sentinel and for a vector read past it. */
export const INPUT_END = INPUT + INPUT_BYTES + 64;

/** Recorder and buffers follow; their sizes are options. */
export const POOL = INPUT_END + 1024 - (INPUT_END % 1024);

export const RECORD_BYTES = 16;
/** Behind a slot's limit: a line's stamp is at most PREFIX_BYTES_MAX, a step of the inner loop 32. */
export const BUFFER_SLACK_BYTES = 256;

// What the inner loop says when it returns.
/** All complete lines were handled. */
export const DONE = 0;
/** The slot in CELL_SLOT has no room for the line at CELL_POSITION. */
export const NEEDS_BUFFER = 1;
/** The line at CELL_POSITION is for the slow path: its head is not in the cache, or its parameters matter. */
export const NEEDS_CARE = 2;
