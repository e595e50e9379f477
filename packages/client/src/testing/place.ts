// A daemon in memory and the programs that join it, for a test that ends by closing all of them.

import { Communicator } from '../client.ts';
import type { CommunicatorOptions } from '../settings.ts';
import type { Message } from '../wire/message.ts';
import { FakeDaemon } from './fake-daemon.ts';

export class Place {
  readonly daemon = new FakeDaemon();
  readonly #open: Communicator[] = [];

  /** A program that connects; it reconnects almost at once. */
  join(service?: string, options: CommunicatorOptions = {}): Promise<Communicator> {
    return this.add(new Communicator(service, { open: this.daemon.open, backoff: { minMs: 1, maxMs: 2 }, ...options }));
  }

  add<C extends Communicator>(bus: C): Promise<C> {
    this.#open.push(bus);
    return bus.connect();
  }

  /** What a service has sent over its present connection. */
  linesOf(service: string): string[] {
    return this.daemon.of(service)?.lines ?? [];
  }

  /** When the daemon has answered, all that it wrote before has been handled. */
  roundTrip(bus: Communicator): Promise<Message> {
    return bus.request('communicatord', 'ALIVE');
  }

  async close(): Promise<void> {
    for (const bus of this.#open) await bus.close({ timeout: 200 }).catch(() => {});
    await this.daemon.close();
  }
}
