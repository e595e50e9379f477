// The part of the table of options that is about links to other machines.

import { boolean, duration, integer, list, size } from 'snapcommunicator/contract';
import { endpoint, machineAddress, neighbor, network, PORTS, secureEndpoint, TRUSTED_BY_DEFAULT } from './addresses.ts';
import { path } from './defaults.ts';
import { option, orNone } from './option.ts';
import { day, GiB, hour, KiB, MiB, minute, second } from './units.ts';

/** The rows by name. */
export const LINK_TABLE = {
  remote_listen: option(
    orNone(list(endpoint('sc', PORTS.remote), { countMax: 64 }))
      .default([])
      .describe(
        'TCP for other daemons. 0.0.0.0 is all networks of this machine. Not on public addresses (public_plain).',
      ),
    { group: 'links', placeholder: 'ADDRESS:PORT,…' },
  ),
  secure_listen: option(
    orNone(list(secureEndpoint(), { countMax: 64 }))
      .default([])
      .describe('TLS for other daemons and for services of other machines. Needs certificate and private_key.'),
    { group: 'links', placeholder: 'scs://ADDRESS:PORT,…', secret: 'password' },
  ),
  my_address: option(
    machineAddress().optional().describe('What others are told to connect to, if it is not the remote listener.'),
    {
      group: 'links',
      placeholder: 'ADDRESS[:PORT]',
    },
  ),
  neighbors: option(
    list(neighbor(), { countMax: 1000 })
      .default([])
      .describe('Daemons to connect to; `;cost=20` behind one gives the cost of the link.'),
    { group: 'links', placeholder: 'ADDRESS[:PORT],…', secret: 'password' },
  ),
  certificate: option(path().optional().describe('PEM file: the certificate for secure_listen.'), {
    group: 'links',
    placeholder: 'FILE',
  }),
  private_key: option(path().optional().describe('PEM file: its key, which only its owner can read.'), {
    group: 'links',
    placeholder: 'FILE',
  }),
  certificate_authority: option(path().optional().describe('PEM file: who signs the certificates of other daemons.'), {
    group: 'links',
    placeholder: 'FILE',
  }),
  passwords_file: option(
    path().optional().describe('Who may log in: lines `user:hash`, as `snapcom keys password` writes them.'),
    {
      group: 'links',
      placeholder: 'FILE',
    },
  ),
  credentials_file: option(
    path().optional().describe('What to log in with elsewhere: lines `scs://user@address:port password`.'),
    {
      group: 'links',
      placeholder: 'FILE',
    },
  ),
  cluster_secret_file: option(
    path().optional().describe('File with the secret that both ends of a plain link must prove.'),
    {
      group: 'links',
      placeholder: 'FILE',
    },
  ),
  trust_plain: option(
    list(network(), { countMax: 1000 })
      .default(TRUSTED_BY_DEFAULT)
      .describe('Networks that plain links may come from when there is no cluster secret.'),
    { group: 'links', placeholder: 'CIDR,…' },
  ),
  public_plain: option(
    boolean().default(false).describe('Allow plain links on and to public addresses, where anybody can read them.'),
    { group: 'links' },
  ),
  max_links: option(integer({ min: 1, max: 10_000 }).default(1000).describe('Links to other daemons.'), {
    group: 'links',
  }),
  max_link_queue: option(
    size({ minBytes: 16 * KiB, maxBytes: 64 * MiB })
      .default(256 * KiB)
      .describe('What may wait before the socket of a link.'),
    { group: 'links' },
  ),
  max_link_backlog: option(
    size({ minBytes: 256 * KiB, maxBytes: GiB })
      .default(8 * MiB)
      .describe('Messages that may wait behind that; beyond it they are dropped, and streams send them again.'),
    { group: 'links' },
  ),
  max_link_control: option(
    size({ minBytes: 64 * KiB, maxBytes: GiB })
      .default(16 * MiB)
      .describe('Everything else that may wait there; beyond it the link is cut.'),
    { group: 'links' },
  ),
  max_frame_size: option(
    size({ minBytes: MiB, maxBytes: 64 * MiB })
      .default(4 * MiB)
      .describe('What a link may send behind one head; a link that sends more is cut.'),
    { group: 'links' },
  ),
  stream_window: option(
    size({ minBytes: 64 * KiB, maxBytes: GiB })
      .default(4 * MiB)
      .describe('What may be under way, unacknowledged, to one other daemon.'),
    { group: 'links' },
  ),
  hello_interval: option(
    duration({ minMs: 50, maxMs: minute }).default(500).describe('How often a link says that it is there.'),
    { group: 'links' },
  ),
  dead_interval: option(
    duration({ minMs: 200, maxMs: 10 * minute })
      .default(2 * second)
      .describe('A link that was silent for so long is dead, at the earliest.'),
    { group: 'links' },
  ),
  alive_interval: option(
    duration({ minMs: 500, maxMs: hour })
      .default(5 * second)
      .describe('How often a C++ daemon is asked whether it is alive; dead after three.'),
    { group: 'links' },
  ),

  gossip: option(
    boolean()
      .default(true)
      .describe('Connect to daemons that neighbours tell of, too, and keep them in the data path.'),
    { group: 'links' },
  ),
  max_known_neighbors: option(
    integer({ min: 0, max: 100_000 }).default(1000).describe('Daemons that are remembered besides those of neighbors.'),
    { group: 'links' },
  ),
  known_neighbor_time: option(
    duration({ minMs: minute, maxMs: 365 * day })
      .default(30 * day)
      .describe('For how long a daemon that cannot be reached any more is remembered.'),
    { group: 'links' },
  ),
  cpp_daemons: option(
    boolean()
      .optional()
      .describe('Link with C++ daemons. By default only if there is no cluster secret: they cannot prove it.'),
    { group: 'links' },
  ),
  handshake_timeout: option(
    duration({ minMs: 50, maxMs: 5 * minute })
      .default(5 * second)
      .describe('How long a connection between daemons may take to become a link.'),
    { group: 'links' },
  ),
  max_handshake_size: option(
    size({ minBytes: 4 * KiB, maxBytes: 16 * MiB })
      .default(64 * KiB)
      .describe('What such a connection may say until then.'),
    { group: 'links' },
  ),
  max_pending_links: option(
    integer({ min: 1, max: 100_000 })
      .default(256)
      .describe('Connections that are on their way to become links, accepted ones and dialed ones each.'),
    { group: 'links' },
  ),
  gossip_wait: option(
    duration({ maxMs: 10 * minute })
      .default(5 * second)
      .describe('How long a daemon that was asked to connect may take; then this one does it itself.'),
    { group: 'links' },
  ),
  reconnect_min: option(
    duration({ minMs: 10, maxMs: hour })
      .default(200)
      .describe('The first pause before a link is tried again; later ones grow.'),
    { group: 'links' },
  ),
  reconnect_max: option(
    duration({ minMs: 100, maxMs: day })
      .default(30 * second)
      .describe('The longest such pause.'),
    { group: 'links' },
  ),
  max_failed_logins: option(
    integer({ min: 1, max: 1000 }).default(3).describe('Wrong passwords from one address before it is blocked.'),
    { group: 'links' },
  ),
  failed_login_time: option(
    duration({ minMs: second, maxMs: day })
      .default(15 * minute)
      .describe('Within what time they count together.'),
    { group: 'links' },
  ),
  block_time: option(
    duration({ minMs: second, maxMs: 30 * day })
      .default(15 * minute)
      .describe('How long a blocked address stays so.'),
    { group: 'links' },
  ),
};
