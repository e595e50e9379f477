// The ledger of a machine that does not exist: made of the flows that it has a part in, so that all of them balance.

/** Of so many seconds at the usual rate it tells. */
const SECONDS = 1000;

const sum = (counts) => counts.reduce((total, count) => total + count, 0);

/**
 * @param lives which life each machine is in, this one included, by its name
 * @param flows all that are led somewhere
 * @param asker the machine by which the others are asked; `asked`: how often each was, which are messages, too
 * @param uncounted messages that this machine has lost and knows nothing of
 */
export function ledgerOf({ name, lives, flows, asker, asked, uncounted, time, upSince }) {
  const countOf = (list) => sum(list.map(({ rate }) => Math.round(rate * SECONDS)));
  const [sent, got] = [flows.filter(({ from }) => from === name), flows.filter(({ to }) => to === name)];
  const isAsker = name === asker;
  const questions = isAsker ? sum([...lives.keys()].map((server) => asked.get(server) ?? 0)) : (asked.get(name) ?? 0);
  // The last answer is not given yet when it is told; it has arrived when the asker tells.
  const own = isAsker ? questions : questions - 1;
  const between = (server, isGiven) => {
    if (isAsker) return asked.get(server) ?? 0;
    if (server !== asker) return 0;
    return isGiven ? own : questions;
  };
  const others = [...lives].filter(([server]) => server !== name);
  const life = ([server, instance]) => ({ instance, server, isOver: false });
  const given = (server) => countOf(sent.filter(({ to }) => to === server)) + between(server, true);
  const arrived = (server) => countOf(got.filter(({ from }) => from === server)) + between(server, false);
  const delivered = countOf(got) + (isAsker ? questions : 0) - uncounted;
  const handled = isAsker ? 0 : questions;
  return {
    server: name,
    instance: lives.get(name),
    time,
    upSince,
    came: { services: countOf(sent), datagrams: 0, own, opaque: 0, restored: 0 },
    ended: { delivered, handled, broadcast: 0, opaque: 0, expired: 0, invalid: 0, refused: {}, dropped: {} },
    waiting: 0,
    again: 0,
    streams: others.map((other) => ({
      ...life(other),
      given: given(other[0]),
      taken: given(other[0]),
      returned: 0,
      expired: 0,
      unknown: 0,
      unsent: 0,
      underWay: 0,
    })),
    arrivals: others.map((other) => ({ ...life(other), lines: arrived(other[0]), returned: 0 })),
    broadcasts: { sent: 0, arrived: [], missed: 0, wanted: 0, copies: 0, lost: 0 },
    services: [{ service: '', sent: countOf(sent), delivered, lost: 0, waiting: 0, refused: 0, expired: 0 }],
    links: [],
  };
}
