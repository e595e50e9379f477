// Processes that simulate: each takes one task at a time and answers it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../contenders/simulator.mjs', import.meta.url));

// One in the middle of a task would only notice at its end that nobody waits for it.
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process. `ask` gives its answer to a task; it takes the next one when it has given it. */
export function startSimulator() {
  const child = fork(PROGRAM, { execArgv: ['--expose-gc', '--max-old-space-size=8192'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const ended = new Promise((_resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`a simulator ended with ${signal ?? code}`)));
  });
  // Who asks nothing any more does not mind that it ends.
  ended.catch(() => {});
  return {
    ask(task, options) {
      const answer = new Promise((resolve) => child.once('message', resolve));
      child.send({ task, options });
      return Promise.race([answer, ended]);
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}

/** Asks a process of its own. */
export async function askOnce(task, options) {
  const simulator = startSimulator();
  try {
    return await simulator.ask(task, options);
  } finally {
    simulator.stop();
  }
}
