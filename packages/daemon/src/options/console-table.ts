// The part of the table of options that is about the console: HTTP, who may look, and what it may cost.

import { boolean, duration, integer, list, size, string } from 'snapcommunicator/contract';
import { consoleEndpoint, PORTS } from './addresses.ts';
import { path } from './defaults.ts';
import { option, orNone } from './option.ts';
import { KiB, minute, second } from './units.ts';

/** The rows by name. */
export const CONSOLE_TABLE = {
  console: option(
    orNone(list(consoleEndpoint(), { countMax: 16 }))
      .default([{ host: '127.0.0.1', port: PORTS.console, isSecure: false }])
      .describe(
        'HTTP: console, graph, metrics, health. With https:// by certificate and private_key. Beyond loopback only with console_passwords_file.',
      ),
    { group: 'console', placeholder: '[https://]ADDRESS:PORT,…' },
  ),
  console_write: option(
    boolean().default(false).describe('Let the console send messages to services. Without it the console only looks.'),
    { group: 'console' },
  ),
  console_passwords_file: option(
    path().optional().describe('Who may use the console: lines `user:hash`, as `snapcom keys password` writes them.'),
    { group: 'console', placeholder: 'FILE' },
  ),
  console_plain: option(
    boolean()
      .default(false)
      .describe('Allow the console beyond loopback without TLS, where passwords and messages can be read on the way.'),
    { group: 'console' },
  ),
  console_hosts: option(
    list(
      string({
        pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i,
        description: 'a host name or address, without port',
      }),
      { countMax: 64 },
    )
      .default([])
      .describe(
        'Names by which browsers reach the console, besides localhost, the server name and the address: those of a proxy, say. Requests for any other host are refused.',
      ),
    { group: 'console', placeholder: 'NAME,…' },
  ),
  console_timeout: option(
    duration({ minMs: 100, maxMs: 5 * minute })
      .default(10 * second)
      .describe('How long a connection to the console may take to send a request, the first or the next.'),
    { group: 'console' },
  ),
  console_ping_interval: option(
    duration({ minMs: 100, maxMs: 10 * minute })
      .default(30 * second)
      .describe('How often a page that is open is asked whether it is there; one that does not answer is dropped.'),
    { group: 'console' },
  ),
  max_console_connections: option(
    integer({ min: 1, max: 10_000 }).default(128).describe('Connections to the console; one more is closed at once.'),
    { group: 'console' },
  ),
  max_console_header: option(
    size({ minBytes: KiB, maxBytes: 64 * KiB })
      .default(16 * KiB)
      .describe('What the head of a request to the console may take.'),
    { group: 'console' },
  ),
  max_metrics_neighbors: option(
    integer({ min: 0, max: 10_000 })
      .default(64)
      .describe('Neighbours that metrics name; all further ones are counted together as `other`.'),
    { group: 'console' },
  ),
};
