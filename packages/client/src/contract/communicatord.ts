// The daemon's own commands, a contract like any other: the one place from which types, checks and documents come.

import { defineService } from './contract.ts';
import { FLAG_LIMITS, FLAG_PRIORITIES, flagWord } from './flags.ts';
import { boolean, integer, list, name, number, oneOf, string } from './types.ts';

const service = name().describe('the service it is about');
const command = string().describe('the command it is about');
const flag = {
  unit: flagWord().describe('the program, or the family of programs'),
  section: flagWord().describe('the part of it'),
  name: flagWord().describe('what is wrong'),
};
const seconds = number({ min: 0 }).describe('seconds since 1970, with up to nine decimals');

export const communicatord = defineService('communicatord', {
  REGISTER: {
    description: 'Names the connection. A second REGISTER renames it. Answered by HELP and READY.',
    parameters: {
      service: name().describe('the name of the service'),
      version: integer({ min: 1, max: 1 }).describe('the version of the protocol: 1'),
      password: string().optional().describe('`user:password`, on listeners that ask for one'),
      format: oneOf('text', 'json').default('text').describe('the form in which messages are delivered'),
      transient: boolean()
        .default(false)
        .describe('a tool that only sends or looks: announced to nobody, its name made unique'),
    },
    reply: 'READY',
  },
  READY: {
    description: 'The service is registered; messages may follow.',
    parameters: {
      my_address: string().describe('`IP:port` of the remote listener'),
      service: name().optional().describe('the name given to a transient connection'),
      read_only: boolean().optional().describe('it may ask and look, but not send: a console without `console_write`'),
    },
  },
  UNREGISTER: {
    description: 'What it sent goes out, nothing more is delivered, the daemon closes the connection.',
    parameters: { service: string().optional() },
  },
  COMMANDS: {
    description:
      'What its sender understands, added to what it said before. Broadcasts go only to services that list the command.',
    parameters: {
      list: list(string({ pattern: /^[A-Z_][A-Z0-9_]*$/, description: 'a command' })).describe(
        'the commands, comma-separated',
      ),
    },
  },
  HELP: { description: 'Asks for COMMANDS.', reply: 'COMMANDS' },
  ALIVE: {
    description: 'Is the other side alive?',
    parameters: { serial: string().optional(), timestamp: string().optional() },
    reply: 'ABSOLUTELY',
  },
  ABSOLUTELY: {
    description: 'The answer to ALIVE, with its serial and timestamp.',
    parameters: { serial: string().optional(), timestamp: string().optional(), reply_timestamp: string().optional() },
  },
  UNKNOWN: { description: 'The command was not understood.', parameters: { command: command.optional() } },
  INVALID: {
    description: 'The command was understood but used wrongly, or the line is not a message.',
    parameters: {
      command: command.optional(),
      message: string().optional().describe('what was wrong and what was expected'),
    },
  },
  SERVICE_STATUS: {
    description:
      'Is the service up? Answered by STATUS; with `watch=cluster` also whenever that changes, wherever it runs.',
    parameters: { service, watch: oneOf('cluster', 'no').optional().describe('`cluster` subscribes, `no` ends it') },
    reply: 'STATUS',
  },
  STATUS: {
    description: 'A service came, went, or was asked about.',
    parameters: {
      service,
      status: oneOf('up', 'down', 'unknown'),
      server_name: name().optional(),
      up_since: seconds.optional(),
      down_since: seconds.optional(),
      cache: string().optional(),
    },
  },
  CLUSTER_STATUS: {
    description: 'Is the cluster up and complete? Both answers are also sent at each change.',
    reply: ['CLUSTER_UP', 'CLUSTER_DOWN', 'CLUSTER_COMPLETE', 'CLUSTER_INCOMPLETE'],
  },
  CLUSTER_UP: {
    description: 'More than half of the known machines can be reached.',
    parameters: { neighbors_count: integer({ min: 1 }) },
  },
  CLUSTER_DOWN: {
    description: 'At most half of the known machines can be reached.',
    parameters: { neighbors_count: integer({ min: 1 }) },
  },
  CLUSTER_COMPLETE: {
    description: 'All known machines can be reached.',
    parameters: { neighbors_count: integer({ min: 1 }) },
  },
  CLUSTER_INCOMPLETE: {
    description: 'Some known machine cannot be reached.',
    parameters: { neighbors_count: integer({ min: 1 }) },
  },
  CLOCK_STATUS: {
    description: 'Is the clock of this machine synchronised?',
    reply: ['CLOCK_STABLE', 'CLOCK_UNSTABLE'],
  },
  CLOCK_STABLE: {
    description: 'The clock is synchronised, or nothing here would know.',
    parameters: { clock_resolution: oneOf('verified', 'no_ntp'), cache: string().optional() },
  },
  CLOCK_UNSTABLE: {
    description: 'The clock is not synchronised (yet).',
    parameters: { clock_error: oneOf('checking', 'invalid'), cache: string().optional() },
  },
  LIST_SERVICES: {
    description: 'Every service that is known.',
    parameters: {
      details: boolean().default(false).describe('also since when each is up, its commands, and counts'),
      after: string().optional().describe('goes on where the last answer ended: its `next`'),
    },
    reply: 'SERVICES',
  },
  SERVICES: {
    description: 'The answer to LIST_SERVICES.',
    parameters: {
      list: list(string()).describe('`server:service`, comma-separated'),
      details: string().optional().describe('a JSON array, one object a service'),
    },
  },
  DAEMON_STATUS: { description: 'How is the daemon? Version, uptime, counts.', reply: 'DAEMON_REPORT' },
  DAEMON_REPORT: {
    description: 'The answer to DAEMON_STATUS: counts since the start.',
    parameters: {
      server_name: name(),
      version: string(),
      pid: integer({ min: 1 }),
      up_since: seconds,
      services: integer({ min: 0 }),
      connections: integer({ min: 0 }),
      accepted: integer({ min: 0 }),
      kept: integer({ min: 0 }).describe('messages that wait for their service now'),
      kept_bytes: integer({ min: 0 }),
      expired: integer({ min: 0 }),
      refused: integer({ min: 0 }),
      dropped: integer({ min: 0 }),
      unknown: integer({ min: 0 }).describe('messages whose last daemon died holding them'),
      invalid: integer({ min: 0 }),
      reasons: string().describe(
        'a JSON object: refused, dropped and invalid by reason; links refused, and frames that went no further',
      ),
      memory_bytes: integer({ min: 0 }),
      inner_loop: oneOf('WebAssembly', 'TypeScript'),
    },
  },
  GRAPH: {
    description:
      'The graph as seen from here: machines, services, links. Asks without `graph`; the answer is the same command with it.',
    parameters: {
      graph: string().optional().describe('a JSON object, as `snapcom map --format json` prints it'),
    },
    reply: 'GRAPH',
  },
  ROUTE: {
    description: 'The next step of a message from one machine to a service, or to another machine.',
    parameters: {
      service: name().optional().describe('whom it is for; without `server_name` the nearest instance'),
      server_name: name().optional().describe('the machine that it is for, or where the service is to be'),
      from: name().optional().describe('the machine that it began at; this one, unless given'),
    },
    reply: 'ROUTED',
  },
  ROUTED: {
    description: 'The answer to ROUTE.',
    parameters: {
      outcome: oneOf('here', 'next', 'opaque', 'absent').describe(
        'it ends here, goes on to `next`, or to C++ daemons; or there is no way',
      ),
      server_name: name().optional().describe('the machine at the end of the way'),
      next: string().optional().describe('the neighbour that it is given to'),
      cost: integer({ min: 0 }).optional().describe('of the way from here'),
    },
  },
  DRAIN: {
    description:
      'Lets no new traffic to or through this machine, if there is another way. Asked again, it tells how far it is.',
    parameters: { undo: boolean().default(false).describe('takes traffic again') },
    reply: 'DRAINING',
  },
  DRAINING: {
    description: 'The answer to DRAIN: what is under way.',
    parameters: {
      draining: boolean(),
      sent_bytes: integer({ min: 0 }).describe('sent by services here to other machines, and not acknowledged'),
      queued_bytes: integer({ min: 0 }).describe('for services here, and not taken by them'),
      passed: integer({ min: 0 }).describe('frames passed on between other machines, since the start'),
      kept: integer({ min: 0 }).describe('messages that wait here for services that are absent'),
    },
  },
  SNIFF: {
    description:
      'Shows the traffic of this daemon from now on, as SNIFFED; on another machine for 15 s, unless asked again.',
    parameters: {
      filter: string({ lengthMax: 4096 }).optional().describe('which messages, as in `command==PING && size>1000`'),
      headers: boolean().default(false).describe('leave the parameters out'),
      stop: boolean().default(false).describe('show no more'),
    },
    reply: 'SNIFFING',
  },
  SNIFFING: {
    description: 'The answer to SNIFF.',
    parameters: { filter: string().optional().describe('as it was understood') },
  },
  SNIFFED: {
    description: 'A message that passed.',
    parameters: {
      time: seconds,
      from: string(),
      to: string(),
      command,
      size: integer({ min: 0 }).describe('bytes of the line'),
      outcome: string(),
      reason: string().optional(),
      id: string().optional(),
      line: string().optional().describe('as delivered; passwords left out'),
      skipped: integer({ min: 1 })
        .optional()
        .describe('messages before this one that were not shown: the reader is too slow'),
    },
  },
  RECORDS: {
    description:
      'What the recorder of this daemon holds, oldest first. Asks without `records`; the answer is the same command with it.',
    parameters: {
      filter: string({ lengthMax: 4096 }).optional().describe('which messages, as in `command==PING && size>1000`'),
      id: string({ lengthMax: 256 })
        .optional()
        .describe('all that is known of this message, also where it only passed'),
      since: seconds
        .optional()
        .describe('not before; answered to `newest` where there is more than fits: what was before is not told'),
      until: seconds.optional().describe('not after'),
      after: integer({ min: 0 }).optional().describe('goes on where the last answer ended: its `next`'),
      count: integer({ min: 1, max: 10_000 }).default(1000).describe('how many at most'),
      newest: boolean().default(false).describe('the newest of them instead of the oldest'),
      records: string().optional().describe('a JSON array'),
      next: integer({ min: 0 }).optional().describe('there are more: ask again with `after`'),
      oldest: seconds.optional().describe('what was before is not held any more'),
      now: seconds.optional().describe('the clock of this machine'),
    },
    reply: 'RECORDS',
  },
  TRAFFIC: {
    description:
      'Messages per second of services, commands, flows and links, since the same caller asked last or over the last second. Asks without `traffic`; the answer is the same command with it.',
    parameters: {
      count: integer({ min: 1, max: 1000 }).default(100).describe('how many rows of each kind at most, busiest first'),
      traffic: string().optional().describe('a JSON object'),
    },
    reply: 'TRAFFIC',
  },
  HISTORY: {
    description:
      'Messages per second of the last minutes, and when machines, links and services came and went. Asks without `history`; the answer is the same command with it.',
    parameters: {
      since: seconds.optional().describe('not before'),
      history: string().optional().describe('a JSON object'),
    },
    reply: 'HISTORY',
  },
  LEDGER: {
    description:
      'What became of every message: counts of this daemon, its links, its services and its streams. Asks without `ledger`; the answer is the same command with it.',
    parameters: { ledger: string().optional().describe('a JSON object') },
    reply: 'LEDGER',
  },
  FLAG_UP: {
    description:
      'Raises a flag: a condition that an administrator must see. Raised again, it is counted, and the last message holds.',
    parameters: {
      ...flag,
      message: string().describe('what is wrong, for people'),
      priority: integer({ min: FLAG_PRIORITIES.least, max: FLAG_PRIORITIES.greatest })
        .default(FLAG_PRIORITIES.usual)
        .describe('from 50 on somebody is to be called'),
      tags: list(flagWord(), { countMax: FLAG_LIMITS.tagsMax }).default([]).describe('to group flags by'),
      manual: boolean().default(false).describe('a person lowers it; else who raised it does'),
      source_file: string({ lengthMax: FLAG_LIMITS.placeLengthMax }).optional().describe('where it was raised'),
      function: string({ lengthMax: FLAG_LIMITS.placeLengthMax }).optional(),
      line: integer({ min: 0 }).optional(),
    },
    reply: 'FLAGGED',
  },
  FLAG_DOWN: {
    description: 'Lowers a flag of this machine. One that is not up is no error.',
    parameters: {
      ...flag,
      by_hand: boolean().default(false).describe('a person does: the only way for a flag that is `manual`'),
    },
    reply: 'FLAGGED',
  },
  FLAGGED: {
    description: 'The answer to FLAG_UP and FLAG_DOWN, once it is on disk.',
    parameters: {
      state: oneOf('up', 'down').describe('of the flag, now'),
      count: integer({ min: 0 }).describe('how often it has been raised since it is up; was, if it is down now'),
    },
  },
  FLAGS: {
    description:
      'The flags that are up anywhere in the cluster, the urgent first. Asks without `flags`; the answer is the same command with it.',
    parameters: {
      flags: string().optional().describe('a JSON array'),
      left_out: integer({ min: 1 }).optional().describe('flags that found no room in this message'),
    },
    reply: 'FLAGS',
  },
  FLAGS_CHANGED: { description: 'Flags were raised or lowered, here or elsewhere.' },
  FLAG_NEWS: {
    description:
      'Between daemons: the flags of machines. Asks without `machines`; the answer is the same command with it.',
    parameters: { machines: string().optional().describe('a JSON array, one object a machine') },
  },
  PUBLIC_IP: { description: 'The addresses of this machine’s remote and secure listeners.', reply: 'SERVER_PUBLIC_IP' },
  SERVER_PUBLIC_IP: {
    description: 'The answer to PUBLIC_IP.',
    parameters: { public_ip: string().optional(), secure_ip: string().optional() },
  },
  REGISTER_FOR_LOADAVG: { description: 'Send LOADAVG every few seconds from now on.', reply: 'LOADAVG' },
  UNREGISTER_FROM_LOADAVG: { description: 'Send no more LOADAVG.' },
  LISTEN_LOADAVG: {
    description: 'Send the load averages of these machines.',
    parameters: { ips: list(string()).describe('addresses, comma-separated') },
    reply: 'LOADAVG',
  },
  LOADAVG: {
    description: 'The load average of a machine over the last minute.',
    parameters: { avg: number({ min: 0 }), my_address: string(), timestamp: seconds },
  },
  NEW_REMOTE_CONNECTION: { description: 'A link to another daemon came up.', parameters: { server_name: name() } },
  DISCONNECTED: { description: 'A link went down in order.', parameters: { server_name: name() } },
  HANGUP: { description: 'A link was lost.', parameters: { server_name: name() } },
  DISCONNECTING: { description: 'This daemon is stopping.' },
  UNREACHABLE: { description: 'An address does not answer.', parameters: { who: string() } },
  FORGET: {
    description: 'Drop a machine from the known ones, everywhere.',
    parameters: { ip: string().optional(), server_name: name().optional() },
  },
  BLOCK: {
    description: 'Three log-ins from one address failed within 15 minutes.',
    parameters: {
      uri: string(),
      period: string().optional(),
      profile: string().optional(),
      reason: string().optional(),
    },
  },
  STOP: { description: 'This daemon stops in order: what is queued goes out first.' },
  SHUTDOWN: { description: 'Every daemon of the cluster stops in order.' },
  QUITTING: { description: 'Sent to who still speaks while the daemon stops.' },
  RELOAD: { description: 'Reads certificates, passwords and credentials again.', reply: 'RELOADED' },
  RELOADED: { description: 'The answer to RELOAD: what stands in the files holds from now on.' },
  LOG_ROTATE: { description: 'Reopens log files.' },
  CONFIRM: {
    description: 'Between daemons: what became of a durable message that another one holds.',
    parameters: {
      id: string().describe('the id of the message'),
      status: oneOf('delivered', 'refused', 'lost').describe('its service has it; had no room; may have it or not'),
    },
  },
  TELL_ALL: {
    description:
      'Sends one message to every instance of one service, but for its sender. A C++ daemon does not know the command and delivers nothing.',
    parameters: {
      service: name().describe('the service whose instances get it'),
      message: string().describe('the message, without an address: `COMMAND name=value;…`'),
      scope: oneOf('machine', 'network', 'cluster').default('cluster').describe('how far it goes'),
    },
  },
  SERVICE_UNAVAILABLE: {
    description:
      'The service is not there and the message was not kept; asked for with `cache="no;reply"` or `cache=reply`.',
    parameters: { destination_service: string(), unsent_command: command, message_id: string().optional() },
  },
  TRANSMISSION_REPORT: {
    description: 'What became of a message; asked for with `transmission_report=failure` or `always`.',
    parameters: {
      command,
      status: oneOf('cached', 'delivered', 'failed', 'expired', 'unknown'),
      reason: string().optional(),
      message_id: string().optional(),
    },
  },
});
