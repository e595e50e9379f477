// The one table of the daemon's options. To add an option, add a row here; flags, files, help and documents follow.

import { boolean, duration, integer, list, name, oneOf, size, string } from 'snapcommunicator/contract';
import { endpoint, PORTS, socketPath } from './addresses.ts';
import { CONSOLE_TABLE } from './console-table.ts';
import {
  connectionsByDefault,
  defaultDataPath,
  defaultMaxConnections,
  defaultServerName,
  defaultUnixListen,
  filesBesideConnections,
  path,
  serverName,
} from './defaults.ts';
import { LINK_TABLE } from './link-table.ts';
import { option, orNone } from './option.ts';
import { day, GiB, hour, KiB, MiB, minute, second } from './units.ts';

const loopback = (port: number): { host: string; port: number } => ({ host: '127.0.0.1', port });

/** The rows by name; `options.ts` goes through them. */
export const TABLE = {
  // This machine.
  server_name: option(
    serverName().describe('The name of this machine on the bus. In lower case; each machine needs its own.'),
    {
      group: 'machine',
      placeholder: 'NAME',
      computed: { description: 'the host name', value: defaultServerName },
    },
  ),
  data_center: option(
    name().optional().describe('The local network. Daemons with the same one are one broadcast domain (`?`).'),
    { group: 'machine', placeholder: 'NAME' },
  ),
  data_path: option(path().describe('Directory for what outlives a restart: known neighbours, kept messages.'), {
    group: 'machine',
    placeholder: 'DIRECTORY',
    computed: {
      description: '$STATE_DIRECTORY, $XDG_STATE_HOME/snapcommunicator or /var/lib/snapcommunicator',
      value: defaultDataPath,
    },
  }),
  services: option(
    path().optional().describe('Directory of NAME.service files: services that belong here even while they are down.'),
    { group: 'machine', placeholder: 'DIRECTORY' },
  ),

  // Listeners.
  local_listen: option(
    orNone(list(endpoint('sc', PORTS.local), { countMax: 16 }))
      .default([loopback(PORTS.local)])
      .describe('TCP for services of this machine. Loopback addresses only.'),
    { group: 'listeners', placeholder: 'ADDRESS:PORT,…' },
  ),
  unix_listen: option(
    orNone(list(socketPath('sc'), { countMax: 16 })).describe('Unix sockets for services of this machine.'),
    {
      group: 'listeners',
      placeholder: 'PATH,…',
      computed: {
        description:
          'communicatord.sock in $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR or /run/snapcommunicator; and in /run/communicator, where C++ services look, if it can be written',
        value: defaultUnixListen,
      },
    },
  ),
  unix_group: option(
    string({ pattern: /^[^:,\s/]{1,64}$/, description: 'the name or number of a group' })
      .optional()
      .describe('The group that may use the Unix sockets. They are of mode 0660 then, else 0600.'),
    { group: 'listeners', placeholder: 'GROUP' },
  ),
  signal: option(
    orNone(list(endpoint('scu', PORTS.signal), { countMax: 16 }))
      .default([loopback(PORTS.signal)])
      .describe('UDP for scripts and programs, a message a datagram. Beyond loopback only with a secret.'),
    { group: 'listeners', placeholder: 'ADDRESS:PORT,…' },
  ),
  signal_unix: option(
    orNone(list(socketPath('scu'), { countMax: 16 }))
      .default([])
      .describe('The same over Unix datagram sockets.'),
    {
      group: 'listeners',
      placeholder: 'PATH,…',
    },
  ),
  signal_secret: option(
    string({ lengthMax: 1024 })
      .optional()
      .describe('What datagrams must prove that they know. Never on the command line.'),
    { group: 'listeners', placeholder: 'SECRET', secret: 'always' },
  ),
  signal_secret_file: option(path().optional().describe('File with that secret, which only its owner can read.'), {
    group: 'listeners',
    placeholder: 'FILE',
  }),
  allow_bare_secret_code: option(
    boolean().describe('Take the secret as the bare parameter secret_code too, as C++ programs send it.'),
    {
      group: 'listeners',
      computed: {
        description: 'true with a C++ configuration file, else false',
        value: ({ isCppConfiguration }) => isCppConfiguration,
      },
    },
  ),

  // Rights.
  require_registration: option(
    boolean().default(false).describe('Refuse messages to services from connections that have not registered.'),
    { group: 'rights' },
  ),
  compat_control: option(
    boolean().describe(
      'Take STOP, SHUTDOWN, FORGET and BLOCK from plain TCP and datagrams too, as the C++ daemon does.',
    ),
    {
      group: 'rights',
      computed: {
        description: 'true with a C++ configuration file, else false',
        value: ({ isCppConfiguration }) => isCppConfiguration,
      },
    },
  ),

  ...LINK_TABLE,

  ...CONSOLE_TABLE,

  // Log.
  log_level: option(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent')
      .default('info')
      .describe('The least important lines to log.'),
    { group: 'log' },
  ),
  log_file: option(path().optional().describe('Where to log instead of standard error. Opened anew at LOG_ROTATE.'), {
    group: 'log',
    placeholder: 'FILE',
  }),
  log_format: option(oneOf('json', 'pretty').describe('One JSON value a line, or lines for people.'), {
    group: 'log',
    computed: {
      description: 'pretty on a terminal, else json',
      value: ({ machine }) => (machine.isTerminal ? 'pretty' : 'json'),
    },
  }),
  invalid_log_interval: option(
    duration({ maxMs: day })
      .default(10 * second)
      .describe('At most one line in so long about bad or refused messages of one kind.'),
    { group: 'log' },
  ),
  status_interval: option(
    duration({ maxMs: day })
      .default(0)
      .describe('How often a line with counts of services and messages is logged; 0: never.'),
    { group: 'log' },
  ),

  // Times.
  alive_timeout: option(
    duration({ minMs: 10, maxMs: minute })
      .default(2 * second)
      .describe('How long the holder of a name may take to answer ALIVE when another wants it.'),
    { group: 'times' },
  ),
  hold_time: option(
    duration({ maxMs: minute })
      .default(2 * second)
      .describe('How long lines from a connection that has not registered are held.'),
    { group: 'times' },
  ),
  pause_time: option(
    duration({ maxMs: minute })
      .default(second)
      .describe('How long a sender is paused at a stretch while a destination is slow.'),
    { group: 'times' },
  ),
  stall_time: option(
    duration({ minMs: 1, maxMs: minute })
      .default(100)
      .describe('A full destination that takes nothing for so long is refused messages.'),
    { group: 'times' },
  ),
  stop_timeout: option(
    duration({ maxMs: 10 * minute })
      .default(5 * second)
      .describe('How long queued messages may take to go out when the daemon stops.'),
    { group: 'times' },
  ),
  loadavg_interval: option(
    duration({ minMs: 100, maxMs: hour })
      .default(5 * second)
      .describe('How often the load average is sent to those who listen to it.'),
    { group: 'times' },
  ),
  clock_interval: option(
    duration({ minMs: second, maxMs: day })
      .default(minute)
      .describe('How often it is looked whether the clock is synchronised.'),
    { group: 'times' },
  ),

  // Connections.
  max_connections: option(
    integer({ min: 1, max: 1_000_000 }).describe('Open connections; one more is closed at once.'),
    {
      group: 'connections',
      computed: {
        description: `${connectionsByDefault}, or as many as the process may open files, less ${filesBesideConnections}`,
        value: defaultMaxConnections,
      },
    },
  ),
  max_pending_connections: option(
    integer({ min: 1, max: 65_535 }).default(4096).describe('Connections that wait to be accepted, for each listener.'),
    { group: 'connections' },
  ),
  max_services: option(
    integer({ min: 1, max: 1_000_000 }).default(50_000).describe('Names of services, present ones and known ones.'),
    { group: 'connections' },
  ),
  max_commands_per_service: option(
    integer({ min: 1, max: 100_000 }).default(1000).describe('Commands that one service may list.'),
    { group: 'connections' },
  ),
  max_name_conflict_waiters: option(
    integer({ min: 1, max: 1000 }).default(8).describe('Connections that wait for one name while its holder is asked.'),
    { group: 'connections' },
  ),

  // Messages and queues.
  max_message_size: option(
    size({ minBytes: KiB, maxBytes: 16 * MiB })
      .default(MiB)
      .describe('A longer line is passed over and answered with INVALID.'),
    { group: 'messages' },
  ),
  max_line_discard: option(
    size({ minBytes: 64 * KiB, maxBytes: 16 * GiB })
      .default(64 * MiB)
      .describe('A line without an end is passed over for so long, then the connection is closed.'),
    { group: 'messages' },
  ),
  max_datagram_size: option(
    integer({ min: 64, max: 65_507 })
      .default(65_507)
      .describe('Bytes of a datagram; longer ones are dropped and counted.'),
    { group: 'messages' },
  ),
  max_queue_size: option(
    size({ minBytes: 64 * KiB, maxBytes: GiB })
      .default(4 * MiB)
      .describe('What may wait for one destination; beyond it messages are refused.'),
    { group: 'messages' },
  ),
  hold_size: option(
    size({ minBytes: 0, maxBytes: 16 * MiB })
      .default(64 * KiB)
      .describe('Lines held of a connection that has not registered.'),
    { group: 'messages' },
  ),
  arena_size: option(
    size({ minBytes: 8 * MiB, maxBytes: 2 * GiB })
      .default(64 * MiB)
      .describe('Memory for messages on their way; beyond it ordinary buffers, slower.'),
    { group: 'messages' },
  ),

  inner_loop: option(
    oneOf('auto', 'typescript')
      .default('auto')
      .describe('What moves messages: WebAssembly, or its slower twin in TypeScript.'),
    { group: 'messages' },
  ),
  portable_sockets: option(
    boolean()
      .default(false)
      .describe(
        'Read sockets only as the documents of Node say, a copy per read: slower, for when a new Node changes inside.',
      ),
    { group: 'messages' },
  ),

  // Kept messages.
  max_cached_messages: option(
    integer({ min: 0, max: 10_000_000 })
      .default(100_000)
      .describe('Messages kept for absent services, of all senders together.'),
    { group: 'cache' },
  ),
  max_cached_size: option(
    size({ minBytes: 0, maxBytes: 64 * GiB })
      .default(64 * MiB)
      .describe('The same in bytes.'),
    { group: 'cache' },
  ),
  max_cached_size_per_service: option(
    size({ minBytes: 0, maxBytes: 64 * GiB })
      .default(4 * MiB)
      .describe('Bytes of messages kept for one service.'),
    { group: 'cache' },
  ),

  // Recorder and sniffers.
  recorder_records: option(
    integer({ min: 1024, max: 16_777_216 })
      .default(65_536)
      .describe('Messages that the recorder remembers, newest last; 16 bytes each.'),
    { group: 'watching' },
  ),
  recorder_runs: option(
    integer({ min: 1024, max: 16_777_216 })
      .default(65_536)
      .describe('Of what went to, came from and passed between other machines, so many parcels each; 60 bytes each.'),
    { group: 'watching' },
  ),
  history_events: option(
    integer({ min: 0, max: 1_000_000 })
      .default(2000)
      .describe('Comings and goings of machines, links and services that are remembered.'),
    { group: 'watching' },
  ),
  lost_time: option(
    duration({ minMs: minute, maxMs: 30 * day })
      .default(day)
      .describe('A machine that was lost is shown as lost for so long, unless it is forgotten before (FORGET).'),
    { group: 'watching' },
  ),
  recorder_age: option(
    duration({ minMs: 1000, maxMs: 7 * day })
      .default(900_000)
      .describe('What was recorded longer ago is not told any more.'),
    { group: 'watching' },
  ),
  recorder_payloads: option(
    size({ maxBytes: GiB })
      .default(0)
      .describe('How much of messages’ parameters the recorder keeps; 0: none. With it, each message costs more.'),
    { group: 'watching' },
  ),
  redact: option(
    list(name())
      .default([])
      .describe('Parameters that nobody is shown, comma-separated; password and secret_code never are.'),
    { group: 'watching', placeholder: 'NAMES' },
  ),
  max_sniffers: option(
    integer({ min: 0, max: 1000 }).default(16).describe('Tools that may watch live traffic at a time.'),
    { group: 'watching' },
  ),
  tracing: option(
    boolean()
      .default(false)
      .describe('Spans of OpenTelemetry for messages that carry `traceparent`; needs the package @opentelemetry/api.'),
    { group: 'watching' },
  ),
  sniff_queue: option(
    size({ minBytes: 64 * KiB, maxBytes: GiB })
      .default(MiB)
      .describe('What may wait for one sniffer; beyond it lines are skipped and counted.'),
    { group: 'watching' },
  ),

  // Flags.
  max_flags: option(
    integer({ min: 1, max: 10_000 }).default(100).describe('Flags that may be up on this machine at a time.'),
    { group: 'flags' },
  ),
  max_flag_message: option(
    integer({ min: 40, max: 100_000 })
      .default(2000)
      .describe('Characters of the message of a flag; a longer one is cut.'),
    { group: 'flags' },
  ),
  max_remote_flags: option(
    integer({ min: 0, max: 1_000_000 })
      .default(10_000)
      .describe('Flags of other machines that are remembered, of all together.'),
    { group: 'flags' },
  ),
  flag_interval: option(
    duration({ minMs: 100, maxMs: hour })
      .default(30 * second)
      .describe('How often other machines are told again what flags are up here.'),
    { group: 'flags' },
  ),
  lost_flag_time: option(
    duration({ minMs: second, maxMs: 365 * day })
      .default(7 * day)
      .describe('How long the flags of a machine that cannot be reached are remembered.'),
    { group: 'flags' },
  ),
};
