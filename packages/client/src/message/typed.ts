// Messages with types: what a contract says about a command, checked when compiled and, on receipt, when run.

import {
  type Given,
  type ParametersOf,
  type Received,
  readParameters,
  type ServiceContract,
  writeParameters,
} from '../contract/contract.ts';
import { CommunicatorError, textOf } from '../errors.ts';
import type { Message } from '../wire/message.ts';
import type { ParameterValues } from './parts.ts';

export type CommandOf<S extends ServiceContract> = keyof S['commands'] & string;

/** A received message whose parameters have been read by the contract of its command. */
export type MessageOf<S extends ServiceContract, C extends CommandOf<S>> = Omit<Message, 'command' | 'parameters'> & {
  readonly command: C;
  readonly parameters: Received<ParametersOf<S, C>>;
};

/** The commands that answer `C`: those of its `reply`, or any. */
export type ReplyOf<S extends ServiceContract, C extends CommandOf<S>> = S['commands'][C] extends {
  readonly reply: infer R;
}
  ? R extends readonly (infer One extends string)[]
    ? One
    : R & string
  : string;

/** The answer to `C`: typed where its command is in the contract, text otherwise. */
export type AnswerTo<S extends ServiceContract, C extends CommandOf<S>> =
  ReplyOf<S, C> extends infer R
    ? R extends CommandOf<S>
      ? MessageOf<S, R>
      : Message & { readonly command: R }
    : never;

/** What a handler of `C` replies with `command`. */
export type ReplyParameters<S extends ServiceContract, R extends string> =
  R extends CommandOf<S> ? Given<ParametersOf<S, R>> : ParameterValues;

/** The message is not what the contract says. The sender is told; it is nobody's fault here. */
export class ContractViolation extends CommunicatorError {
  constructor(message: string) {
    super('INVALID_MESSAGE', message);
    this.name = 'ContractViolation';
  }
}

/** Reads a received message by the contract; one of a command that is not in it stays as it is. @throws ContractViolation */
export function readMessage(contract: ServiceContract, message: Message): Message {
  const table = contract.commands[message.command]?.parameters;
  if (table === undefined) return message;
  const reading = readParameters(table, message.parameters);
  if ('problems' in reading) throw new ContractViolation(reading.problems.map(({ problem }) => problem).join('; '));
  // What the contract does not name stays, the correlation id above all.
  return { ...message, parameters: { ...message.parameters, ...reading.values } };
}

/** The answer to a request by the contract. @throws CommunicatorError INVALID_MESSAGE when the service breaks it */
export function readAnswer(contract: ServiceContract, command: string, answer: Message): Message {
  try {
    return readMessage(contract, answer);
  } catch (error) {
    const text = `${contract.service} answers ${command} with a ${answer.command} that breaks its contract: ${textOf(error)}`;
    throw new CommunicatorError('INVALID_MESSAGE', text, { cause: error });
  }
}

/** The values as text by the contract; those of a command that is not in it, or has no table, as they are. @throws CommunicatorError INVALID_MESSAGE */
export function writeValues(
  contract: ServiceContract,
  command: string,
  values: Readonly<Record<string, unknown>>,
): ParameterValues {
  const table = contract.commands[command]?.parameters;
  if (table === undefined) return values as ParameterValues;
  try {
    return writeParameters(table, values as Given<typeof table>);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommunicatorError('INVALID_MESSAGE', `${contract.service}/${command}: ${error.message}`, {
      cause: error,
    });
  }
}

/** The commands that the contract names as answers. */
export const repliesOf = (contract: ServiceContract, command: string): readonly string[] =>
  [contract.commands[command]?.reply ?? []].flat();
