// What every service answers by itself: what those commands are to it, and the lines that answer them.

import { OWN_COMMANDS } from '../contract/own-commands.ts';
import { encodeMessage } from '../wire/encoder.ts';
import type { Message } from '../wire/message.ts';

const own: ReadonlySet<string> = new Set(OWN_COMMANDS);
export const isOwnCommand = (command: string): boolean => own.has(command);

const routine = new Set(['ABSOLUTELY', 'ALIVE', 'COMMANDS', 'HELP', 'READY']);
/** Whether the command is what programs and daemons say to each other without anybody asking. */
export const isRoutine = (command: string): boolean => routine.has(command);

/** Whether the message went to all who list its command: such a message is never answered by UNKNOWN or INVALID. */
export const isBroadcast = ({ service }: Message): boolean => service === '.' || service === '?' || service === '*';

/** Whether an automatic refusal may answer it: refusals are never refused, nor are broadcasts, nor what has no sender. */
export const mayBeRefused = (message: Message): boolean =>
  message.command !== 'UNKNOWN' &&
  message.command !== 'INVALID' &&
  message.sentFromService !== '' &&
  !isBroadcast(message);

/** Whether the communicator itself says this to us: it bears no address. */
export const isFromOwnDaemon = ({ service, sentFromService }: Message): boolean =>
  service === '' &&
  (sentFromService === 'communicatord' || sentFromService === 'snapcommunicatord' || sentFromService === '');

/** The answer's parameters with what makes it recognisable to the one who asked. */
export function withCorrelation(
  message: Message,
  parameters: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const id = message.parameters['correlation_id'];
  return id === undefined ? parameters : { ...parameters, correlation_id: id };
}

/** One line that goes back to the sender of a message, to the very instance. */
export function answerTo(message: Message, command: string, parameters: Readonly<Record<string, string>>): string {
  const { sentFromServer: server, sentFromService: service } = message;
  const all = withCorrelation(message, parameters);
  return encodeMessage(
    isFromOwnDaemon(message) ? { command, parameters: all } : { server, service, command, parameters: all },
  );
}

/** The parameters of ABSOLUTELY. @param nowMs milliseconds since 1970 */
export function absolutely({ parameters }: Message, nowMs: number): Record<string, string> {
  const answer: Record<string, string> = { reply_timestamp: (nowMs / 1000).toFixed(3) };
  for (const name of ['serial', 'timestamp']) {
    const value = parameters[name];
    if (value !== undefined) answer[name] = value;
  }
  return answer;
}
