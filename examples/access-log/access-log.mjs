// The service `access_log`: follows the access log of a web server and sends a VISIT to the collector for each request.
// Usage: node access-log.mjs FILE

import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { Communicator } from 'snapcommunicator';
import { collector } from './collector-contract.mjs';
import { LogFollower } from './log-follower.mjs';

/** nginx's format `combined`, of which the web server escapes the quotes: client, request, status, bytes. */
const combined = /^(\S+) \S+ .*? \[[^\]]*\] "([^"]*)" (\d{3}) (\d+)/;
/** For a machine that tells nothing of changed files. */
const pollMs = 1000;

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('Usage: node access-log.mjs FILE');
  process.exit(2);
}

class AccessLog extends Communicator {
  #visits = 0;
  #unreadable = 0;
  #follower = new LogFollower(path, (line) => this.#tell(line));
  #watcher = watch(dirname(path), () => this.#look());
  #timer = setInterval(() => this.#look(), pollMs);

  constructor() {
    super('access_log');
    // The rotated file has been renamed, and nginx told to open a new one.
    this.on('LOG_ROTATE', () => this.#look());
    this.on('REPORT', async (_message, { reply }) => {
      await this.#follower.read();
      await reply('REPORTED', { visits: this.#visits, unreadable: this.#unreadable, files: this.#follower.files });
    });
    this.on('stop', () => this.#end());
  }

  #look() {
    this.#follower.read().catch((error) => console.error(`${path} cannot be read: ${error.message}`));
  }

  async #tell(line) {
    const parts = combined.exec(line);
    if (parts === null) {
      this.#unreadable++;
      return;
    }
    const [, client, request, status, bytes] = parts;
    const [method, uri = ''] = request.split(' ');
    this.#visits++;
    // Waits while the communicator takes no more: then the log is read no faster either.
    await this.message('VISIT').to(collector.service).params({ client, method, uri, status, bytes }).send();
  }

  async #end() {
    this.#watcher.close();
    clearInterval(this.#timer);
    await this.#follower.close();
    await this.close();
  }
}

await new AccessLog().connect();
