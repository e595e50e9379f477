// The stations of daemons that are to be linked: for each a directory, a socket and ports, and one secret for all.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './processes.mjs';

/** Everything lies in `directory`, which is the caller's to remove; `targets` are where each takes connections. */
export async function makeStations(count) {
  const directory = mkdtempSync(join(tmpdir(), 'snapproof-'));
  const secret = join(directory, 'secret');
  writeFileSync(secret, 'known to all of them\n', { mode: 0o600 });
  const stations = [];
  for (let place = 0; place < count; place++) {
    const own = join(directory, String(place));
    mkdirSync(own);
    stations.push({
      directory: own,
      unixPath: join(own, 's.sock'),
      port: await freePort(),
      linkPort: await freePort(),
    });
  }
  const targets = stations.map(({ port }) => ({ host: '127.0.0.1', port }));
  return { directory, secret, stations, targets };
}
