// The door of the client library.

export * from './configuration-file.ts';
export * from './transport/address.ts';
