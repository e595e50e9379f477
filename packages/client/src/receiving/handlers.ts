// Handlers at work: given their message by contract or as text, waited for at the end, and their failures told.

import type { ServiceContract } from '../contract/contract.ts';
import { CommunicatorError, textOf } from '../errors.ts';
import type { ContractContext, ContractHandler, Handler } from '../handler.ts';
import type { ParameterValues } from '../message/parts.ts';
import { ContractViolation, readMessage, writeValues } from '../message/typed.ts';
import type { Message } from '../wire/message.ts';
import type { Dispatcher } from './dispatcher.ts';
import { answerTo, mayBeRefused } from './protocol.ts';

export interface HandlerRooms {
  readonly dispatcher: Dispatcher;
  reply(message: Message, command: string, parameters: ParameterValues | undefined): Promise<void>;
  /** Sends an automatic answer. */
  send(line: string): void;
  onError(error: unknown, message: Message): void;
}

/** Longest text of an error that its sender is told, in characters. */
const errorTextMax = 1000;

/** Runs handlers and counts those that have not ended, so that a program can end without cutting one off. */
export class Handlers {
  readonly #rooms: HandlerRooms;
  readonly #ending = new AbortController();
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(rooms: HandlerRooms) {
    this.#rooms = rooms;
  }

  /** @returns a function that takes the handler away again */
  add(command: string, handler: Handler): () => void {
    const { signal } = this.#ending;
    return this.#rooms.dispatcher.handle(command, (message) => {
      const reply = (word: string, parameters?: ParameterValues): Promise<void> =>
        this.#rooms.reply(message, word, parameters);
      this.#run(() => handler(message, { reply, signal }), message);
    });
  }

  /** The same for a command of a contract. @throws CommunicatorError INVALID_MESSAGE when it is not in it */
  addByContract(
    contract: ServiceContract,
    command: string,
    handler: ContractHandler<ServiceContract, string>,
  ): () => void {
    if (!Object.hasOwn(contract.commands, command)) {
      const known = Object.keys(contract.commands).join(', ');
      const text = `${command} is not in the contract of ${contract.service}, which has ${known}`;
      throw new CommunicatorError('INVALID_MESSAGE', text);
    }
    const { signal } = this.#ending;
    return this.#rooms.dispatcher.handle(command, (message) => {
      const reply = async (word: string, values: object = {}): Promise<void> =>
        this.#rooms.reply(message, word, writeValues(contract, word, values as Record<string, unknown>));
      const context = { reply: reply as ContractContext<ServiceContract>['reply'], signal };
      this.#run(() => handler(readMessage(contract, message), context), message);
    });
  }

  /** Resolves when no handler is at work. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  /** The time for handlers is over: their signals are aborted. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  #run(handler: () => unknown, message: Message): void {
    let result: unknown;
    try {
      result = handler();
    } catch (error) {
      return this.#failed(error, message);
    }
    if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') return;
    this.#running++;
    (result as PromiseLike<unknown>).then(
      () => this.#ended(),
      (error: unknown) => {
        this.#failed(error, message);
        this.#ended();
      },
    );
  }

  #ended(): void {
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #failed(error: unknown, message: Message): void {
    const isViolation = error instanceof ContractViolation;
    if (!isViolation) this.#rooms.onError(error, message);
    const isAwaited = 'correlation_id' in message.parameters;
    if (!mayBeRefused(message) || !(isViolation || isAwaited)) return;
    const text = textOf(error).replaceAll('\0', '').slice(0, errorTextMax);
    this.#rooms.send(answerTo(message, 'INVALID', { command: message.command, message: text }));
  }
}
