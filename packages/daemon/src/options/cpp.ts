// What the C++ daemon 2.x reads in its configuration file and on its command line, as far as it differs from ours.

import type { ConfigurationEntry } from 'snapcommunicator';
import type { OptionName } from './options.ts';

/** An option of the C++ daemon that has no meaning here. */
export interface IgnoredOption {
  /** Whether its flag takes a value. */
  readonly takesValue: boolean;
  /** What serves its purpose here. */
  readonly instead: string;
}

const ignored = (instead: string, takesValue = true): IgnoredOption => ({ takesValue, instead });
const log = 'log_level, log_file and log_format say what is logged';
const noPlugins = 'there are no plugins';
const user = 'the daemon keeps the user and group that it was started as';

/** Options of the C++ daemon, its logger and its message library that are taken and reported as ignored. */
export const IGNORED_OPTIONS: Readonly<Record<string, IgnoredOption>> = {
  communicator_plugin_paths: ignored(noPlugins),
  debug: ignored(log, false),
  debug_all_messages: ignored('`snapcom sniff` shows messages as they pass', false),
  except_stack_collect: ignored(log),
  force_severity: ignored(log),
  group_name: ignored(user),
  log_component: ignored(log),
  log_config: ignored(log),
  log_config_path: ignored(log),
  log_severity: ignored(log),
  logger_hide_banner: ignored(log, false),
  logger_plugin_paths: ignored(noPlugins),
  logger_show_banner: ignored(log, false),
  max_gossip_timeout: ignored('pauses between attempts grow to 30 s and no further'),
  no_log: ignored(log, false),
  path_to_message_definitions: ignored('the commands of the daemon are built in'),
  syslog: ignored(log, false),
  timedate_wait_command: ignored('the state of the clock is read from timesyncd or chronyc'),
  trace: ignored(log, false),
  user_name: ignored(user),
};

/** Names that mean something else there: its `max_connections` counts the links to other daemons only. */
const RENAMED: Readonly<Record<string, OptionName>> = { max_connections: 'max_links' };

/** What an option of a C++ file is called here. */
export const nameFromCpp = (name: string): string => RENAMED[name] ?? name;

const CPP_DIRECTORY = /^\/etc\/communicatord?\//;
const CPP_SCHEME = /(?:^|,)\s*cd[su]?:/;

/** Whether a file was written for the C++ daemon: by where it lies, or by what only that daemon has. */
export function isCppFile(path: string, entries: readonly ConfigurationEntry[]): boolean {
  return (
    CPP_DIRECTORY.test(path) ||
    entries.some(({ name, value }) => Object.hasOwn(IGNORED_OPTIONS, name) || CPP_SCHEME.test(value))
  );
}
