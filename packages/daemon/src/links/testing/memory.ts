// Memory of links for tests, in an arena of its own.

import { Arena } from '../../switch/arena.ts';
import { ReadMemory } from '../read-memory.ts';

export const smallArena = (): Arena => new Arena({ bufferBytes: 1 << 20, recordCount: 8, lineBytesMax: 1000 });

export const readMemory = (): ReadMemory => new ReadMemory(smallArena());
