// The program snapcom: hands the command line to the tools and ends with their exit code.

import { VERSION } from '../machine/version.ts';
import { runProgram } from '../tools/program.ts';

// Who reads no further (`snapcom sniff | head -1`) has seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

// Standard output is written at once on a terminal, into a file and into a pipe, so nothing is cut off here.
process.exit(await runProgram(process.argv.slice(2), { version: VERSION }));
