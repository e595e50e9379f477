// The door of the client library: everything that a service, a client or a tool needs.

export { Communicator, connect } from './client.ts';
export {
  type ConfigurationEntry,
  type ConfigurationProblem,
  type ConfigurationText,
  readConfigurationText,
} from './configuration-file.ts';
export type { BackoffOptions } from './connection/backoff.ts';
export { candidateAddresses, defaultSocketPaths, SOCKET_NAME } from './connection/candidates.ts';
export type { Registration } from './connection/link.ts';
export type { Retry } from './connection/session.ts';
export * from './contract/index.ts';
export { CLIENT_ERRORS, CommunicatorError, type CommunicatorErrorCode } from './errors.ts';
export type { Listener } from './events.ts';
export type { BusFlag, FlagOptions, FlagState } from './flag.ts';
export type {
  BroadcastOptions,
  ContractContext,
  ContractHandler,
  Handler,
  HandlerContext,
  RequestOptions,
  RequestRest,
} from './handler.ts';
export type { MessageBuilder } from './message/builder.ts';
export {
  type CacheOptions,
  cache,
  message,
  type ParameterValue,
  type ParameterValues,
  type Part,
  param,
  type ReportMode,
  report,
  to,
} from './message/parts.ts';
export type { AnswerTo, CommandOf, MessageOf, ReplyOf, ReplyParameters } from './message/typed.ts';
export {
  addCommunicatorOptions,
  COMMUNICATOR_OPTIONS,
  type CommunicatorOption,
  type OptionProblem,
  OptionsError,
  type ProcessOptions,
  processCommunicatorOptions,
} from './options.ts';
export type { Inbox, MessagesOptions } from './receiving/inbox.ts';
export type { Outcome } from './requests/reports.ts';
export type { CommunicatorEvents, CommunicatorOptions, ConnectOptions, Statistics } from './settings.ts';
export {
  type Address,
  AddressError,
  DEFAULT_PORTS,
  formatAddress,
  hidePassword,
  isLoopback,
  isPrivate,
  type NetworkAddress,
  type PathAddress,
  parseAddress,
  type Scheme,
} from './transport/address.ts';
export { openSignal, type SignalOptions, SignalSender } from './transport/datagram.ts';
export { type Accept, listenInMemory, type MemoryListener } from './transport/memory.ts';
export type {
  OpenOptions,
  OpenTransport,
  TlsOptions,
  Transport,
  TransportHandlers,
} from './transport/transport.ts';
export type { Message, MessageParts, Parameters } from './wire/message.ts';
