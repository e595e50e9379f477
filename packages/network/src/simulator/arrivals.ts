// Lines that arrived for this machine: each goes to its service, to the daemon, to all, or back.

import { HEAD, readHead } from 'snapcommunicator/wire';
import type { Router } from '../router/router.ts';
import { sliceLines } from '../stream/lines.ts';
import type { Arrival } from '../stream/streams.ts';
import type { LocalEffect } from './endings.ts';

const offsets = new Int32Array(HEAD.length);

/** The server and service that a line is addressed to, or undefined if it is not a message. */
export function addressOf(line: Uint8Array): { readonly server: string; readonly service: string } | undefined {
  if (readHead(line, 0, line.length - 1, offsets) !== undefined) return undefined;
  return { server: text(line, HEAD.server), service: text(line, HEAD.service) };
}

/** Gives out what arrived. @returns the places of the lines whose service is not here */
export function takeArrival(arrival: Arrival, router: Router, emit: (effect: LocalEffect) => void): number[] {
  const returned: number[] = [];
  const { origin, id } = arrival;
  for (let place = 0; place < arrival.count; place++) {
    const bytes = arrival.count === 1 ? arrival.bytes : sliceLines(arrival.bytes, place, place + 1);
    const common = { bytes, origin, id: `${origin.replace('~', '.')}.${id.stream}.${id.number + place}` };
    const address = addressOf(bytes);
    // The first daemon checked that it is a message; one that is none can reach nobody, wherever it goes.
    if (address === undefined) continue;
    const decision = router.here(address.service);
    if (decision.kind === 'port') emit({ kind: 'deliver', port: decision.port, ...common });
    else if (decision.kind === 'daemon') emit({ kind: 'daemon', ...common });
    else if (decision.kind === 'broadcast') emit({ kind: 'broadcast', ...common });
    else returned.push(place);
  }
  return returned;
}

function text(bytes: Uint8Array, at: number): string {
  let name = '';
  const end = offsets[at + 1] as number;
  for (let place = offsets[at] as number; place < end; place++) name += String.fromCharCode(bytes[place] as number);
  return name;
}
