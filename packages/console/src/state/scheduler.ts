// When what is asked for: each question at its own pace, only while somebody looks at its answer.

export interface Task {
  /** How often, in ms; read anew each time, since a larger cluster is asked less often. */
  everyMs(): number;
  /** Whether what is in sight needs it. */
  isWanted(): boolean;
  run(): Promise<void>;
}

interface Entry {
  readonly task: Task;
  nextMs: number;
  isRunning: boolean;
}

export class Scheduler {
  readonly #entries: Entry[];

  constructor(tasks: readonly Task[]) {
    this.#entries = tasks.map((task) => ({ task, nextMs: 0, isRunning: false }));
  }

  /** Begins what is due. A question that is not answered yet is not asked again. */
  tick(nowMs: number): void {
    for (const entry of this.#entries) {
      if (entry.isRunning || entry.nextMs > nowMs || !entry.task.isWanted()) continue;
      entry.isRunning = true;
      entry.nextMs = nowMs + entry.task.everyMs();
      // What went wrong is tried again in its turn; the connection says by itself when it is lost.
      void entry.task
        .run()
        .catch(() => undefined)
        .finally(() => {
          entry.isRunning = false;
        });
    }
  }

  /** Everything that is wanted is due: somebody looks at something else, or the connection is back. */
  hurry(): void {
    for (const entry of this.#entries) entry.nextMs = 0;
  }
}

/** Asks several at once, but not all; who does not answer is left out. */
export async function askEach<K, T>(
  whom: readonly K[],
  ask: (each: K) => Promise<T>,
  atOnceMax = 12,
): Promise<Map<K, T>> {
  const answers = new Map<K, T>();
  const left = [...whom];
  const work = async (): Promise<void> => {
    for (let each = left.shift(); each !== undefined; each = left.shift()) {
      try {
        answers.set(each, await ask(each));
      } catch {
        // It is shown as others know it.
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, whom.length) }, work));
  return answers;
}
