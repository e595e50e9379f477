// Who may ask daemons what, and whom the console may speak to.

import type { Connection } from '../connections/connection.ts';
import type { Configuration } from '../options/index.ts';
import type { CommandPolicy } from './runner.ts';

/** What the console may say to daemons in any case: words about its own connection, and questions that change nothing. */
const CONSOLE_WORDS: ReadonlySet<string> = new Set([
  'REGISTER',
  'UNREGISTER',
  'COMMANDS',
  'HELP',
  'ALIVE',
  'ABSOLUTELY',
  'UNKNOWN',
  'INVALID',
  'SERVICE_STATUS',
  'CLUSTER_STATUS',
  'CLOCK_STATUS',
  'LIST_SERVICES',
  'DAEMON_STATUS',
  'PUBLIC_IP',
  'GRAPH',
  'ROUTE',
  'RECORDS',
  'TRAFFIC',
  'HISTORY',
  'LEDGER',
  'SNIFF',
  'FLAGS',
]);

/** The console may do these though they need a privilege: who may open it may see everything. */
const CONSOLE_PRIVILEGES: ReadonlySet<string> = new Set(['RECORDS', 'TRAFFIC', 'HISTORY', 'LEDGER', 'SNIFF']);

const ONLY_LOOKS = 'the console only looks: console_write=true would let it send';

export class Rights {
  readonly #configuration: Pick<Configuration, 'compatControl' | 'consoleWrite'>;
  readonly #areLinksProved: () => boolean;

  /** @param areLinksProved whether what came over links was checked where it came from */
  constructor(configuration: Pick<Configuration, 'compatControl' | 'consoleWrite'>, areLinksProved: () => boolean) {
    this.#configuration = configuration;
    this.#areLinksProved = areLinksProved;
  }

  /** Why a caller may not ask a daemon this; undefined if it may. */
  readonly refusal: CommandPolicy['refusal'] = ({ connection, isRemote }, command, isPrivileged) => {
    if (connection !== undefined && this.isReadOnly(connection) && !CONSOLE_WORDS.has(command))
      return `${command}: ${ONLY_LOOKS}`;
    if (!isPrivileged || this.#hasPrivilege(connection, command, isRemote === true)) return undefined;
    return `${command} needs a privilege: send it over the Unix socket, or set compat_control`;
  };

  /** Why a connection may not send messages to services; undefined if it may. */
  readonly sendingRefusal = (connection: Connection): string | undefined =>
    this.isReadOnly(connection) ? ONLY_LOOKS : undefined;

  /** Why a connection may not have a name of its own choice; undefined if it may. */
  readonly namingRefusal = (connection: Connection): string | undefined =>
    this.isReadOnly(connection)
      ? 'the console only looks, and registers with transient=true: console_write=true would let it be a service'
      : undefined;

  /** Whether a connection may ask and look, but not send. */
  isReadOnly({ listener }: Connection): boolean {
    return listener === 'console' && !this.#configuration.consoleWrite;
  }

  #hasPrivilege(connection: Connection | undefined, command: string, isRemote: boolean): boolean {
    if (this.#configuration.compatControl) return true;
    if (connection?.listener === 'unix' || connection?.listener === 'secure') return true;
    if (connection?.listener === 'console') return CONSOLE_PRIVILEGES.has(command);
    // From another machine it was checked there, and is as good as the links.
    return isRemote && this.#areLinksProved();
  }
}
