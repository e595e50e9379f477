// The door to what is pure about living with C++ daemons.

export * from './envelope.ts';
export * from './introduction.ts';
export * from './link.ts';
export * from './opaque.ts';
export * from './refusal.ts';
export * from './repeater.ts';
export * from './repeats.ts';
