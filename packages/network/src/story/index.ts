// What became of messages, put together from what each daemon recorded.
export * from './record.ts';
export * from './traffic.ts';
