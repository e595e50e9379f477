// One row measured: the contenders in turn, each started freshly, round after round, and the verdict over the row.
import { adapters, OURS } from '../adapters/index.mjs';
import { runGenerator } from './generator.mjs';
import { startContender } from './processes.mjs';
import { goalVerdict, median, rowVerdict, summary } from './statistics.mjs';
import { windowOf } from './traffic.mjs';

const SETTLE_SECONDS = 0.5;
/** So much longer a line warms up: several programs share the cores until V8 has optimised each of them. */
const LINE_WARM_UP = 12;
const ROUND_TRIPS_A_SECOND = 4000;
/** An earlier version of ours, which takes part in every row if there is one. */
const EARLIER = adapters.get('earlier').missing() === undefined ? ['earlier'] : [];

/** The contenders of a row that can take part; the others are handed to `skipped` with the reason. */
export function entrants(row, skipped = () => {}, others = [...row.others, ...EARLIER]) {
  return [OURS, ...others].filter((name) => {
    const reason = adapters.get(name).missing();
    if (reason !== undefined) skipped(name, reason);
    return reason === undefined;
  });
}

/**
 * Measures a row. `log` gets one line for each run; `others` are who takes part beside ours, if not those of the row.
 *
 * @returns what `bench/.work/results.json` keeps of a row: the runs of each contender, summaries, verdicts.
 */
export async function contest(row, { rounds, seconds, warmUp, log, machine, others }) {
  const skipped = {};
  const names = entrants(
    row,
    (name, reason) => {
      skipped[name] = reason;
    },
    others,
  );
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const run = await oneRun(row, adapters.get(name), { seconds, warmUp });
      runs[name].push(run);
      log(`  ${row.name} ${round}/${rounds} ${name}: ${runLine(row, run)}`);
    }
  }
  return { row: row.name, machine, rounds, seconds, runs, skipped, ...judge(row, runs) };
}

async function oneRun(row, adapter, timing) {
  let contender;
  try {
    contender = await startContender(adapter, { transport: row.transport, line: row.line });
    const warmUp = timing.warmUp * (row.line === undefined ? 1 : LINE_WARM_UP);
    return await runners[row.generator](row, adapter, contender, { ...timing, warmUp });
  } catch (error) {
    return { problem: error.message };
  } finally {
    await contender?.stop();
  }
}

const runners = { pump: runPump, 'round-trip': runRoundTrip, hold: runHold };

async function runPump(row, adapter, contender, { seconds, warmUp }) {
  const { shape } = row;
  const { surplusPerConnection = 0, answersSenders = false, ...traffic } = adapter.pump(shape);
  const options = {
    ...traffic,
    ...addressesOf(contender, 'receiver'),
    receivers: shape.receivers,
    senders: shape.senders,
    fanOut: shape.fanOut,
    window: windowOf(shape, traffic.delivered, traffic.messages),
    daemonPid: contender.pids,
    warmUp,
    seconds,
  };
  const result = await runGenerator('pump', options, contender.directory);
  return { ...result, problem: pumpProblem(result, { surplusPerConnection, answersSenders, shape }) };
}

/** Why a run does not count: a message that did not come, or bytes that nobody sent. */
function pumpProblem(result, { surplusPerConnection, answersSenders, shape }) {
  if (result.stuck) return 'the daemon took nothing more from the sender';
  if (result.lost > 0) return `${result.lost} of ${result.sent} messages lost`;
  if (result.surplusBytes > surplusPerConnection * 2 * shape.receivers) {
    return `${result.surplusBytes} bytes more than were sent`;
  }
  if (!answersSenders && result.replyBytes > surplusPerConnection * 2 * shape.senders) {
    return `the daemon answered the sender: ${result.replyStart}`;
  }
  return undefined;
}

/** What the generators must know of a line: its ends, and that news of a service takes a moment from one to the other. */
function addressesOf({ address, lastAddress }, other) {
  if (address === lastAddress) return { address };
  return { address, [`${other}Address`]: lastAddress, settle: SETTLE_SECONDS };
}

function runRoundTrip(_row, adapter, contender, { seconds, warmUp }) {
  const isLine = contender.address !== contender.lastAddress;
  const options = { ...adapter.roundTrip(isLine), ...addressesOf(contender, 'answerer'), seconds };
  if (isLine) options.warmUp = Math.round(warmUp * ROUND_TRIPS_A_SECOND);
  return runGenerator('round-trip', options, contender.directory);
}

async function runHold(row, adapter, contender) {
  const options = {
    ...adapter.idle(),
    address: contender.address,
    connections: row.connections,
    daemonPid: contender.pid,
  };
  const result = await runGenerator('hold', options, contender.directory);
  const problem = result.closed > 0 ? `${result.closed} of ${result.connections} connections were closed` : undefined;
  return { ...result, problem };
}

function runLine(row, run) {
  const figures = row.measures
    .filter(({ key }) => run[key] !== undefined)
    .map((measure) => `${show(measure, run[measure.key])} ${measure.title}`);
  const cores =
    run.daemonUserCores === undefined
      ? ''
      : `, daemon ${(run.daemonUserCores + run.daemonSystemCores).toFixed(2)} cores, generator ${run.generatorCores.toFixed(2)}`;
  return `${figures.join(', ')}${cores}${run.problem === undefined ? '' : ` — does not count: ${run.problem}`}`;
}

/** A figure in the unit of its measure. */
export function show(measure, value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  const scaled = value * measure.scale;
  return measure.digits === 0 ? Math.round(scaled).toLocaleString('en-US') : scaled.toFixed(measure.digits);
}

/** Summaries, ratios and verdicts, from the runs that count. */
export function judge(row, runs) {
  const problems = Object.fromEntries(
    Object.entries(runs)
      .map(([name, list]) => [name, list.filter(({ problem }) => problem !== undefined).map(({ problem }) => problem)])
      .filter(([, list]) => list.length > 0),
  );
  const measures = row.measures.map((measure) => {
    const figures = {};
    for (const [name, list] of Object.entries(runs)) {
      const values = list.filter(({ problem }) => problem === undefined).map((run) => run[measure.key]);
      if (values.length > 0) figures[name] = summary(values);
    }
    const ours = figures[OURS]?.median ?? Number.NaN;
    const goals = measure.goals.map((goal) => {
      const other = goal.against === undefined ? 1 : (goal.value ?? figures[goal.against]?.median ?? Number.NaN);
      const ratio = ours / other;
      return {
        ...goal,
        ratio,
        spread: ratioSpread(runs, measure.key, goal),
        verdict: goalVerdict(ratio, goal, measure.better),
      };
    });
    return { key: measure.key, figures, goals };
  });
  const verdict =
    problems[OURS] === undefined
      ? rowVerdict(measures.flatMap(({ goals }) => goals.map((goal) => goal.verdict)))
      : 'invalid';
  return { measures, problems, verdict };
}

/** The ratio of each round by itself, where both ran one after the other: how far the ratio swings. */
function ratioSpread(runs, key, goal) {
  const others = runs[goal.against];
  if (others === undefined) return undefined;
  const ratios = (runs[OURS] ?? [])
    .map((run, index) => (run.problem ?? others[index]?.problem) === undefined && run[key] / others[index]?.[key])
    .filter(Number.isFinite);
  return ratios.length === 0
    ? undefined
    : { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
