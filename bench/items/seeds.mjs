// Many seeds through the simulator: random graphs with faults, what must hold checked all the time, then healing.
import { fromParts, part } from '../lib/proof.mjs';
import { startSimulator } from '../lib/simulators.mjs';

const SEEDS = 20_000;
/** So many are done between two notes of how far it came. */
const SEEDS_PER_TASK = 50;
const FAILURES_TOLD_MAX = 5;

export const seeds = {
  name: 'seeds',
  goal: `${SEEDS.toLocaleString('en-US')} seeds with faults, graphs from 3 to 60 nodes, without a violation`,
  seconds: 2_400,
  needsDaemon: false,

  async run({ seed: base, state, save, log, processes, machine }) {
    state.done ??= [];
    state.failures ??= [];
    const tasks = Array.from({ length: SEEDS / SEEDS_PER_TASK }, (_, task) => task).filter(
      (task) => !state.done.includes(task),
    );
    if (state.done.length > 0) log(`${state.done.length * SEEDS_PER_TASK} seeds were done before`);
    const work = async () => {
      const simulator = startSimulator();
      try {
        let before = 0;
        for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
          const first = base + task * SEEDS_PER_TASK;
          const answer = await simulator.ask('seeds', { first, count: SEEDS_PER_TASK, commit: machine.commit });
          note(state, task, { ...answer, processorSeconds: answer.processorSeconds - before });
          before = answer.processorSeconds;
          save();
          for (const { report } of answer.failures) log(report.join('\n  '));
          if (state.done.length % 20 === 0) log(`${state.done.length * SEEDS_PER_TASK} of ${SEEDS} seeds`);
        }
      } finally {
        simulator.stop();
      }
    };
    await Promise.all(Array.from({ length: processes }, work));
    return resultOf(state, base);
  },
};

/** Adds an answer to what is known. */
function note(state, task, { sums, healedMsMax, failures, processorSeconds }) {
  state.done.push(task);
  state.sums = add(state.sums ?? {}, sums);
  state.healedMsMax = Math.max(state.healedMsMax ?? 0, healedMsMax);
  state.processorSeconds = (state.processorSeconds ?? 0) + processorSeconds;
  state.failures.push(...failures);
}

function add(sum, more) {
  const result = { ...sum };
  for (const [key, value] of Object.entries(more)) {
    result[key] = typeof value === 'object' ? add(result[key] ?? {}, value) : (result[key] ?? 0) + value;
  }
  return result;
}

function resultOf({ sums, healedMsMax, failures, processorSeconds }, base) {
  const count = (number = 0) => Math.round(number).toLocaleString('en-US');
  const { messages, sizes } = sums;
  const verdict = failures.length === 0 ? 'none with a violation' : `${count(failures.length)} with a violation`;
  return fromParts(
    [
      part(
        `${count(SEEDS)} seeds without a violation`,
        `${count(sums.seeds)} seeds, ${verdict}`,
        failures.length === 0,
      ),
    ],
    [
      `seeds ${base} to ${base + SEEDS - 1}; graphs by machines: ${Object.entries(sizes)
        .map(([size, number]) => `${size}: ${count(number)}`)
        .join(', ')}`,
      `${count(messages.accepted)} messages accepted, ${count(messages.delivered)} arrivals, of those ${count(messages.redelivered)} durable ones again and marked so; ${count(messages.expired)} expired, ${count(messages.unknown)} unknown for their last daemon died, ${count(messages.lostWithFirst)} lost with their first; ${count(messages.broadcasts)} arrivals of broadcasts; ${count(sums.handshakesRefused)} handshakes refused`,
      `all was right again within ${(healedMsMax / 1000).toFixed(1)} s of the virtual clock after the last fault (allowed: 15 s)`,
      `${count(sums.events)} events in ${count(sums.virtualMs / 3_600_000)} h of the virtual clock, ${count(processorSeconds / 60)} min of a processor`,
      ...failures.slice(0, FAILURES_TOLD_MAX).map(({ report }) => report.slice(0, 3).join('; ')),
    ],
  );
}
