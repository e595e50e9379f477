// What the bus needs of the browser: WebSockets to where the page came from, time, chance.

import type { Surroundings } from './bus.ts';

/** The page may be served under a path: the bus lies beside it. */
export function busAddress({ protocol, host, pathname }: Pick<Location, 'protocol' | 'host' | 'pathname'>): string {
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname.replace(/[^/]*$/, '')}bus`;
}

export const browserSurroundings = (location: Location): Surroundings => ({
  open: () => new WebSocket(busAddress(location)),
  nowMs: () => performance.now(),
  random: () => Math.random(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
});
