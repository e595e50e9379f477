// A daemon's console without a daemon: serves the built page, and answers on `/bus` for a cluster that does not exist.
// For tests, for screenshots, and to work on the page: `node packages/console/dev/feed.mjs --machines 30 --data-centers 3`.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeText, encodeMessage } from 'snapcommunicator/wire';
import { WebSocketServer } from 'ws';
import { Cluster } from './cluster.mjs';

const PAGE = fileURLToPath(new URL('../../daemon/dist/console/', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** As strict as the daemon: what the page needs from elsewhere would be missed here, too. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";
const SNIFFED_EVERY_MS = 120;

/**
 * Starts to serve.
 * @param {{ port?: number, directory?: string, cluster?: Cluster, machines?: number, dataCenters?: number, seed?: number }} [options]
 *   of the cluster; `port` (0: any), `directory` of the page, `cluster` if there already is one
 */
export async function startFeed({ port = 0, directory = PAGE, cluster, ...options } = {}) {
  const fiction = cluster ?? new Cluster(options);
  const http = createServer((request, response) => {
    serve(request, response, directory).catch(() => response.writeHead(404).end('There is no such file'));
  });
  const sockets = new WebSocketServer({ server: http, path: '/bus' });
  sockets.on('connection', (socket) => converse(socket, fiction));
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    cluster: fiction,
    /** Cuts all connections, as a daemon that ends does; the server goes on. */
    disconnect: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function serve(request, response, directory) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const path = normalize(join(directory, pathname.endsWith('/') ? `${pathname}index.html` : pathname));
  if (!path.startsWith(directory)) throw new Error(`${pathname} is outside`);
  const body = await readFile(path);
  response.writeHead(200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
  });
  response.end(body);
}

/** One connection: lines in, lines out. */
function converse(socket, cluster) {
  const timers = new Set();
  const say = (message) => socket.send(`${encodeMessage(message)}\n`);
  socket.on('message', (data) => {
    for (const text of data.toString().split('\n')) {
      const line = text === '' ? undefined : decodeText(text);
      if (line?.kind === 'message') answer(line.message, say, cluster, timers);
    }
  });
  socket.on('close', () => {
    for (const timer of timers) clearInterval(timer);
  });
}

function answer({ server, command, parameters }, say, cluster, timers) {
  const machine = server === '' || server === '.' ? cluster.first : server;
  const id = parameters.message_id === undefined ? {} : { correlation_id: parameters.message_id };
  const reply = (name, more = {}) =>
    say({ sentFromServer: machine, sentFromService: 'communicatord', command: name, parameters: { ...more, ...id } });
  if (cluster.machine(machine) === undefined || cluster.machine(machine).lostSince !== undefined) {
    return reply('SERVICE_UNAVAILABLE', { destination_service: 'communicatord', unsent_command: command });
  }
  switch (command) {
    case 'REGISTER':
      say({ sentFromServer: machine, sentFromService: 'communicatord', command: 'HELP' });
      return reply('READY', { my_address: '127.0.0.1:4042', service: 'console_1', read_only: 'true' });
    case 'COMMANDS':
    case 'UNREGISTER':
    case 'ABSOLUTELY':
      return undefined;
    case 'ALIVE':
      return reply('ABSOLUTELY');
    case 'GRAPH':
      return reply('GRAPH', { graph: JSON.stringify(cluster.graph(machine)) });
    case 'TRAFFIC':
      return reply('TRAFFIC', { traffic: JSON.stringify(cluster.traffic(machine)) });
    case 'HISTORY':
      return reply('HISTORY', { history: JSON.stringify(cluster.history(machine)) });
    case 'RECORDS':
      return reply('RECORDS', recordsOf(machine, parameters, cluster));
    case 'LEDGER':
      return reply('LEDGER', { ledger: JSON.stringify(cluster.ledger(machine)) });
    case 'FLAGS':
      return reply('FLAGS', { flags: '[]' });
    case 'LIST_SERVICES':
      return reply('SERVICES', {
        list: cluster
          .services(machine)
          .map(({ server, service }) => `${server}:${service}`)
          .join(','),
        details: JSON.stringify(cluster.services(machine)),
      });
    case 'DAEMON_STATUS':
      return reply('DAEMON_REPORT', reportOf(machine, cluster));
    case 'SNIFF':
      return sniff(machine, parameters, reply, cluster, timers);
    default:
      return reply('UNKNOWN', { command });
  }
}

function recordsOf(machine, { id, count = '200' }, cluster) {
  const records = cluster.records(machine, Math.min(1000, Number(count)));
  const wanted = id === undefined ? records : records.filter((record) => record.id === id);
  const now = String(Date.now() / 1000);
  return { records: JSON.stringify(wanted), now, oldest: String(Number(now) - 600) };
}

function reportOf(machine, cluster) {
  const { upSince, services } = cluster.machine(machine);
  const counts = [
    'accepted',
    'kept',
    'kept_bytes',
    'expired',
    'refused',
    'dropped',
    'unknown',
    'invalid',
    'connections',
  ];
  return {
    server_name: machine,
    version: '0.1.0',
    pid: '4242',
    up_since: String(upSince),
    services: String(services.length),
    ...Object.fromEntries(counts.map((name) => [name, '0'])),
    reasons: '{}',
    memory_bytes: String(60 << 20),
    inner_loop: 'WebAssembly',
  };
}

function sniff(machine, { filter, stop }, reply, cluster, timers) {
  for (const timer of timers) clearInterval(timer);
  timers.clear();
  if (stop === 'true') return;
  reply('SNIFFING', filter === undefined ? {} : { filter });
  const timer = setInterval(() => {
    const [record] = cluster.records(machine, 1);
    if (record === undefined) return;
    const { time, from, to, command, size, outcome, id } = record;
    reply('SNIFFED', { time: String(time), from, to, command, size: String(size), outcome, id });
  }, SNIFFED_EVERY_MS);
  timers.add(timer);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      machines: { type: 'string', default: '7' },
      'data-centers': { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      port: { type: 'string', default: '4050' },
    },
  });
  const { url } = await startFeed({
    machines: Number(values.machines),
    dataCenters: Number(values['data-centers']),
    seed: Number(values.seed),
    port: Number(values.port),
  });
  console.log(`The page of a cluster that does not exist: ${url}`);
}
