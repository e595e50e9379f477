#!/usr/bin/env node
// The program snapcom: hands the command line to the tools and ends with their exit code.

import { VERSION } from '../machine/version.ts';
import { DescriptorSink } from '../tools/descriptor-sink.ts';
import { Output } from '../tools/output.ts';
import { runProgram } from '../tools/program.ts';

// Who reads no further (`snapcom sniff | head -1`) has seen enough; who hears no talk may still want data.
const out = new DescriptorSink(1, () => process.exit(0));
const err = new DescriptorSink(2, () => undefined);

process.exit(await runProgram(process.argv.slice(2), { version: VERSION, output: new Output({ out, err }) }));
