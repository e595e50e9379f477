// The shapes of what users hand over: handlers with what they are given, and the options of single calls.

import type { ServiceContract } from './contract/contract.ts';
import type { CacheOptions, ParameterValues } from './message/parts.ts';
import type { CommandOf, MessageOf, ReplyParameters } from './message/typed.ts';
import type { Message } from './wire/message.ts';

/** What a handler is given besides its message. */
export interface HandlerContext {
  /** Answers the sender, the very instance; what makes a request's answer recognisable is added. */
  reply(command: string, parameters?: ParameterValues): Promise<void>;
  /** Aborted when the program is closing and the time for handlers is over. */
  readonly signal: AbortSignal;
}

/** What handles a command. One that takes its time returns a promise, which is waited for when the program closes. */
export type Handler =
  | ((message: Message, context: HandlerContext) => void)
  | ((message: Message, context: HandlerContext) => Promise<unknown>);

/** What a handler of a contract's command is given: the reply is checked too. */
export interface ContractContext<S extends ServiceContract> {
  reply<R extends string>(command: R, parameters: ReplyParameters<S, R>): Promise<void>;
  readonly signal: AbortSignal;
}

/** What handles a command of a contract. */
export type ContractHandler<S extends ServiceContract, C extends CommandOf<S>> =
  | ((message: MessageOf<S, C>, context: ContractContext<S>) => void)
  | ((message: MessageOf<S, C>, context: ContractContext<S>) => Promise<unknown>);

export interface RequestOptions {
  /** How long the answer may take, in milliseconds (5,000). */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** What to do when the service is not there. Default: not kept, `NO_SUCH_SERVICE` at once. */
  readonly cache?: CacheOptions;
  /** The commands that answer it: needed for a service that gives no correlation ids back. A contract knows them. */
  readonly expect?: string | readonly string[];
}

export interface BroadcastOptions {
  /** This machine (default), this machine's network (data centre), or the cluster. */
  readonly scope?: 'machine' | 'network' | 'cluster';
  /** Only the instances of this service, whether they list the command or not, in that scope. */
  readonly service?: string;
  readonly signal?: AbortSignal;
}

/** `parameters` may be left out where none is required. */
export type RequestRest<P> =
  Record<never, never> extends P
    ? [parameters?: P, options?: RequestOptions]
    : [parameters: P, options?: RequestOptions];
