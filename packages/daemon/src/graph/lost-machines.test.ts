// Which machines stay on the map after they are lost, and until when.

import type { AtlasServer, GraphDocument } from '@snapcommunicator/network/atlas';
import { expect, it } from 'vitest';
import { LostMachines } from './lost-machines.ts';

const server = (name: string, more: Partial<AtlasServer> = {}): AtlasServer => ({
  name,
  dataCenter: 'east',
  knowledge: 'summary',
  isDraining: false,
  isReachable: true,
  distance: 7,
  nextHops: ['beta'],
  services: [{ name: 'web' }],
  ...more,
});

const seen = (time: number, ...servers: AtlasServer[]): GraphDocument => ({
  version: 1,
  seenFrom: 'alpha',
  time,
  dataCenters: [],
  servers: [server('alpha'), ...servers],
  links: [],
});

const lostIn = ({ servers }: GraphDocument): (readonly [string, number | undefined])[] =>
  servers.filter(({ isReachable }) => !isReachable).map(({ name, lostSince }) => [name, lostSince] as const);

it('what is not listed any more is lost, with its services, and back when it is listed', () => {
  const lost = new LostMachines(3_600_000);
  expect(lostIn(lost.addTo(seen(100, server('far', { id: 'aa' }))))).toEqual([]);
  const document = lost.addTo(seen(110));
  expect(lostIn(document)).toEqual([['far', 110]]);
  const far = document.servers.find(({ name }) => name === 'far');
  expect(far).toMatchObject({ services: [{ name: 'web' }], nextHops: [], dataCenter: 'east' });
  expect(far?.distance).toBeUndefined();
  expect(lostIn(lost.addTo(seen(120)))).toEqual([['far', 110]]);
  expect(lostIn(lost.addTo(seen(130, server('far', { id: 'aa' }))))).toEqual([]);
  expect(lostIn(lost.addTo(seen(140)))).toEqual([['far', 140]]);
});

it('is remembered for its time, and not under its old name', () => {
  const lost = new LostMachines(60_000);
  lost.addTo(seen(100, server('old', { id: 'aa' }), server('gone', { id: 'bb' })));
  expect(lostIn(lost.addTo(seen(110, server('new', { id: 'aa' }))))).toEqual([['gone', 110]]);
  expect(lostIn(lost.addTo(seen(171, server('new', { id: 'aa' }))))).toEqual([]);
});

it('keeps the time at which the database says that it was lost', () => {
  const lost = new LostMachines(60_000);
  lost.addTo(seen(100, server('near')));
  lost.addTo(seen(110, server('near', { isReachable: false, lostSince: 105 })));
  expect(lostIn(lost.addTo(seen(120)))).toEqual([['near', 105]]);
});

it('is left out once it is forgotten, by name or address, until it can be reached', () => {
  const lost = new LostMachines(60_000);
  const far = server('far', { address: '10.0.0.7:4042' });
  lost.addTo(seen(100, far, server('near')));
  const away = { ...far, isReachable: false };
  lost.addTo(seen(110, away));
  expect([lost.forget('nobody'), lost.forget('10.0.0.7'), lost.forget('near')]).toEqual([false, true, true]);
  expect(lostIn(lost.addTo(seen(120, away)))).toEqual([]);
  expect(lostIn(lost.addTo(seen(130, far)))).toEqual([]);
  expect(lostIn(lost.addTo(seen(140, away)))).toEqual([['far', 140]]);
});
