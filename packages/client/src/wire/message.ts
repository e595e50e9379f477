// What a message is once it has been read: plain data, and the rules for its names.

/** A server or service name: [A-Za-z_][A-Za-z0-9_]*, at most 64 characters. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** A command: [A-Z_][A-Z0-9_]*. */
export const COMMAND = /^[A-Z_][A-Z0-9_]*$/;

/** What a daemon answers to as a service: no name, its own, and that of ours. */
export const DAEMON_NAMES: ReadonlySet<string> = new Set(['', 'communicatord', 'snapcommunicator']);

/** Parameter values by name. Values are text of any characters but NUL. */
export type Parameters = Readonly<Record<string, string>>;

export interface Message {
  /** Who sent it, as stamped by the daemon; empty when unknown. */
  readonly sentFromServer: string;
  readonly sentFromService: string;
  /** The machine it is for: a name, `.` this one, `*` any, `?` another of this data centre; empty when absent. */
  readonly server: string;
  /** The service it is for: a name or a broadcast mark `.` `?` `*`; empty for the daemon itself. */
  readonly service: string;
  readonly command: string;
  readonly parameters: Parameters;
}

/** The parts of a message that a sender gives; everything but the command may be left out. */
export type MessageParts = Pick<Message, 'command'> & Partial<Message>;

/** A message from its parts, absent ones empty. Nothing is checked: the encoder does that. */
export function createMessage(parts: MessageParts): Message {
  return {
    sentFromServer: parts.sentFromServer ?? '',
    sentFromService: parts.sentFromService ?? '',
    server: parts.server ?? '',
    service: parts.service ?? '',
    command: parts.command,
    parameters: parts.parameters ?? {},
  };
}

/** Whether `text` names a machine: a name or one of the marks. */
export const isAddress = (text: string): boolean => text === '.' || text === '?' || text === '*' || NAME.test(text);

/** A host name as a server name: cut at the first `.`, `-` turned into `_`, in lower case. */
export function serverNameOf(hostName: string): string {
  return (hostName.split('.', 1)[0] ?? '').replaceAll('-', '_').toLowerCase();
}
