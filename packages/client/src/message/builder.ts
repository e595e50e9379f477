// A message built step by step: `bus.message('RESIZE').to('images').param('uri', uri).send()`.

import {
  type CacheOptions,
  cache,
  gather,
  type ParameterValue,
  type ParameterValues,
  type Part,
  param,
  type ReportMode,
  report,
  to,
} from './parts.ts';

/** How a built message is sent. */
export type Sender<Outcome> = (...parts: readonly Part[]) => Promise<Outcome>;

/** One message in the making. Each step changes and returns this same builder. */
export class MessageBuilder<Outcome> {
  readonly #send: Sender<Outcome>;
  readonly #parts: Part[];

  /** @internal use `bus.message()` */
  constructor(send: Sender<Outcome>, command: string) {
    this.#send = send;
    this.#parts = [{ command }];
  }

  /** The destination: `images`, `web1:images`, or a broadcast mark. */
  to(target: string): this {
    return this.with(to(target));
  }

  param(name: string, value: ParameterValue): this {
    return this.with(param(name, value));
  }

  params(values: ParameterValues): this {
    return this.with({ parameters: values });
  }

  /** What to do when the service is not there. */
  cache(options: CacheOptions): this {
    return this.with(cache(options));
  }

  /** Asks for reports; with `always`, `send()` resolves with the outcome. */
  report(mode: ReportMode): this {
    return this.with(report(mode));
  }

  /** Any other part. */
  with(part: Part): this {
    this.#parts.push(part);
    return this;
  }

  /** The message as one part, to be kept or sent later. @throws CommunicatorError INVALID_MESSAGE */
  build(): Part {
    const { server, service, command, parameters } = gather(this.#parts);
    return { server, service, command, parameters };
  }

  /** Sends it, as `bus.send()` does. */
  send(options: Pick<Part, 'signal' | 'timeout'> = {}): Promise<Outcome> {
    return this.#send(...this.#parts, options);
  }
}
