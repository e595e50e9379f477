// Asks a daemon for its ledger, which must balance by itself.

import { equationsOf, type Ledger, sumOf } from '@snapcommunicator/network/story';
import { decodeText } from 'snapcommunicator/wire';
import { LineClient } from './line-client.ts';

/** @throws Error naming the equation that does not hold */
export async function balancedLedger(port: number): Promise<Ledger> {
  const client = await LineClient.connect({ port });
  client.send('LEDGER');
  const line = decodeText((await client.next('LEDGER')) ?? '');
  await client.close();
  const text = line.kind === 'message' ? line.message.parameters['ledger'] : undefined;
  if (text === undefined) throw new Error(`no ledger: ${JSON.stringify(line)}`);
  const ledger: Ledger = JSON.parse(text);
  for (const { what, left, right } of equationsOf(ledger)) {
    const [came, went] = [sumOf(left), sumOf(right)];
    if (came !== went) throw new Error(`${ledger.server}: ${what}: ${came}, not ${went}; ${text}`);
  }
  return ledger;
}
