// The cables of the demo: each link goes through one, which takes its time, and can be cut, silenced and mended.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Cable {
  #server;
  #sockets = new Set();
  #state = 'whole';

  /** @param delayMs how long everything takes from end to end */
  constructor({ listen, target, delayMs }) {
    this.#server = createServer((socket) => this.#join(socket, target, delayMs)).listen(listen);
  }

  async listening() {
    if (!this.#server.listening) await once(this.#server, 'listening');
  }

  /** Ends all connections; new ones end as well. */
  cut() {
    this.#state = 'cut';
    this.#endAll();
  }

  /** Nothing goes through any more, and nobody is told. */
  silence() {
    this.#state = 'silent';
  }

  /** Connections that were silent have lost bytes: they end, and others take their place. */
  mend() {
    this.#state = 'whole';
    this.#endAll();
  }

  close() {
    this.#server.close();
    this.#endAll();
  }

  #endAll() {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near, target, delayMs) {
    if (this.#state === 'cut') return near.destroy();
    const far = connect(target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => this.#carry(bytes, to, delayMs));
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        setTimeout(() => to.destroy(), delayMs);
      });
    }
  }

  #carry(bytes, to, delayMs) {
    if (this.#state === 'silent') return;
    const write = () => this.#state !== 'silent' && !to.destroyed && to.write(bytes);
    if (delayMs === 0) write();
    else setTimeout(write, delayMs);
  }
}
