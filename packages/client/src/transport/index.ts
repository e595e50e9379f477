// The door of the transports: addresses, how to open one, datagrams and their proof.

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
} from './address.ts';
export { openSignal, type SignalOptions, SignalSender } from './datagram.ts';
export { type Accept, listenInMemory, type MemoryListener } from './memory.ts';
export { openTransport } from './open.ts';
export { isSecretCode, SIGNAL_WINDOW_SECONDS, sign, type Verification, verify } from './signal-proof.ts';
export {
  type OpenOptions,
  type OpenTransport,
  type TlsOptions,
  type Transport,
  type TransportHandlers,
  TransportRefusal,
} from './transport.ts';
