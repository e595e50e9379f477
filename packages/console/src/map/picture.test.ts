// The picture: names never lie on each other, at any size and distance, and what matters most is written first.

import { describe, expect, test } from 'vitest';
import { fitted, NEAR_SCALE } from './camera.ts';
import { NO_EMPHASIS } from './emphasis.ts';
import { boundsOf, overlaps, type Rectangle } from './geometry.ts';
import { writtenRectangles } from './hit.ts';
import { placeLabels } from './labels.ts';
import type { MapMachine, Scene } from './model.ts';
import { turnedPlace } from './orientation.ts';
import { clusterOf, pictureOf, placesOf, sceneOf } from './testing/scenes.ts';

const SIZE = { width: 1400, height: 860 };
const PADDING = { top: 50, right: 50, bottom: 50, left: 50 };

function overlapping(boxes: readonly (Rectangle & { readonly key: string })[]): string[] {
  return boxes.flatMap((one, at) =>
    boxes
      .slice(at + 1)
      .filter((other) => overlaps(one, other))
      .map((other) => `${one.key} on ${other.key}`),
  );
}

const withState = (scene: Scene, name: string, state: MapMachine['state']): Scene => {
  const machine = scene.machines.get(name) as MapMachine;
  return { ...scene, machines: new Map([...scene.machines, [name, { ...machine, state, trouble: state }]]) };
};

describe.each([
  [3, 1],
  [7, 2],
  [30, 3],
  [30, 1],
  [500, 6],
  [500, 1],
])('%i machines in %i data centres', (machines, dataCenters) => {
  const scene = sceneOf(machines, dataCenters);
  const positions = placesOf(scene);
  const bounds = boundsOf(positions.values()) as Rectangle;
  const fit = fitted(bounds, SIZE, PADDING);

  test.each([0.5, 0.7, 1, 1.3, 1.7, 2.2, 3, 4.5, 6, 9])('no name lies on another at %f times the fit', (factor) => {
    const scale = fit.scale * factor;
    const picture = pictureOf(scene, { positions, camera: { ...fit, scale } });
    const written = writtenRectangles(picture);
    expect(overlapping(written)).toEqual([]);
    // No name covers a machine either.
    if (picture.distances.far < 0.5) {
      for (const { machine, x, y, radius, card } of picture.machines.values()) {
        if (card !== undefined) continue;
        const dot = { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius };
        const covering = written.filter((box) => overlaps(box, dot)).map(({ key }) => key);
        expect(covering, `over ${machine.name}`).toEqual([]);
      }
    }
  });

  test('nothing moves while nothing changes', () => {
    const first = pictureOf(scene, { positions, camera: fit });
    const second = pictureOf(scene, { positions, camera: fit, before: first.labels });
    expect([...second.labels].sort()).toEqual([...first.labels].sort());
  });

  test('everything that can be seen has its name when it is near', () => {
    const [name] = [...scene.machines.keys()];
    const place = positions.get(name as string) as { x: number; y: number };
    const picture = pictureOf(scene, { positions, camera: { ...place, scale: 2.6 } });
    expect(picture.machines.get(name as string)?.card).toBeDefined();
  });
});

describe('upright on a phone', () => {
  const size = { width: 390, height: 712 };
  const upright = (machines: number, dataCenters: number) => {
    const scene = sceneOf(machines, dataCenters);
    const positions = new Map([...placesOf(scene)].map(([name, place]) => [name, turnedPlace(place, true)]));
    const padding = { top: 80, right: 60, bottom: 60, left: 60 };
    return { scene, positions, fit: fitted(boundsOf(positions.values()) as Rectangle, size, padding) };
  };
  const factors = [0.5, 0.7, 1, 1.3, 1.7, 2.2, 3];

  test.each([
    [3, 1],
    [7, 2],
    [30, 3],
  ])('no name lies on another, of %i machines in %i data centres', (machines, dataCenters) => {
    const { scene, positions, fit } = upright(machines, dataCenters);
    for (const factor of factors) {
      const picture = pictureOf(scene, { positions, size, camera: { ...fit, scale: fit.scale * factor } });
      const written = writtenRectangles(picture);
      expect(written.length, `at ${factor} times the fit`).toBeGreaterThan(0);
      expect(overlapping(written), `at ${factor} times the fit`).toEqual([]);
    }
  });

  test.each([
    [3, 1],
    [7, 2],
  ])('everybody has a name when all are seen, of %i machines in %i data centres', (machines, dataCenters) => {
    const { scene, positions, fit } = upright(machines, dataCenters);
    const scale = Math.min(fit.scale, NEAR_SCALE * 0.99);
    const { labels } = pictureOf(scene, { positions, size, camera: { ...fit, scale } });
    for (const name of scene.machines.keys()) expect(labels.has(`machine:${name}`), name).toBe(true);
  });
});

describe('what matters most', () => {
  const scene = sceneOf(500, 6);
  const positions = placesOf(scene);
  const camera = fitted(boundsOf(positions.values()) as Rectangle, SIZE, PADDING);

  test('from afar the data centres are named, and only they', () => {
    const { labels, distances } = pictureOf(scene, { positions, camera });
    expect(distances.far).toBe(1);
    expect([...labels.keys()].filter((key) => key.startsWith('center:'))).toHaveLength(6);
    expect([...labels.keys()].filter((key) => key.startsWith('machine:'))).toEqual([]);
  });

  test('a lost machine is named from afar, with the time since', () => {
    const { labels, texts } = pictureOf(withState(scene, 'n77', 'lost'), { positions, camera });
    expect(labels.has('machine:n77')).toBe(true);
    expect(texts.get('machine:n77')).toMatchObject({ tone: 'lost', lines: [{ text: 'n77' }, { text: 'lost' }] });
  });

  test('whoever is looked for is named before all others', () => {
    const wanted = new Set(['n12', 'n490']);
    const { labels } = pictureOf(scene, { positions, camera, wanted });
    for (const name of wanted) expect(labels.has(`machine:${name}`)).toBe(true);
  });

  test('what is cut off is named', () => {
    const emphasis = { ...NO_EMPHASIS, cutOff: new Set(['n99']) };
    expect(pictureOf(scene, { positions, camera, emphasis }).labels.has('machine:n99')).toBe(true);
  });

  test('one unnamed data centre is no region: its machines are named even from afar', () => {
    const alone = sceneOf(500, 1);
    const places = placesOf(alone);
    const far = fitted(boundsOf(places.values()) as Rectangle, SIZE, PADDING);
    const { regions, labels } = pictureOf(alone, { positions: places, camera: far });
    expect(regions).toEqual([]);
    expect([...labels.keys()].filter((key) => key.startsWith('machine:')).length).toBeGreaterThan(30);
  });
});

describe('placing', () => {
  const box = (x: number, y: number): Rectangle => ({ x, y, width: 50, height: 14 });
  const within = { x: 0, y: 0, width: 200, height: 200 };

  test('the more important has the first choice, the other takes its second', () => {
    const placed = placeLabels(
      [
        { key: 'small', priority: 1, places: [box(10, 10), box(10, 60)] },
        { key: 'great', priority: 2, places: [box(20, 12)] },
      ],
      [],
      within,
    );
    expect(placed.get('great')).toMatchObject({ place: 0 });
    expect(placed.get('small')).toMatchObject({ place: 1, y: 60 });
  });

  test('without room it waits; at the edge it is not cut', () => {
    const obstacle = { ...box(0, 0), owner: 'other' };
    const requests = [
      { key: 'own', priority: 1, places: [box(10, 5)], owner: 'other' },
      { key: 'covered', priority: 1, places: [box(20, 9)] },
      { key: 'edge', priority: 1, places: [box(170, 100)] },
    ];
    expect([...placeLabels(requests, [obstacle], within).keys()]).toEqual(['own']);
  });

  test('what is written stays where it is', () => {
    const requests = [{ key: 'a', priority: 1, places: [box(10, 10), box(10, 60)] }];
    const before = new Map([['a', { ...box(10, 60), key: 'a', place: 1 }]]);
    expect(placeLabels(requests, [], within, before).get('a')?.place).toBe(1);
  });
});

test('a link says what it costs, how long it takes and what it carries', () => {
  const { graph } = clusterOf(3, 1);
  const scene = sceneOf(3, 1);
  const positions = placesOf(scene);
  const camera = fitted(boundsOf(positions.values()) as Rectangle, SIZE, PADDING);
  const { texts } = pictureOf(scene, { positions, camera });
  const words = [...texts].filter(([key]) => key.startsWith('link:')).map(([, { lines }]) => lines[0]?.text);
  expect(words).toHaveLength(graph.links.length);
  for (const text of words) expect(text).toMatch(/^cost \d+ · [\d.]+ ms · [\d.]+k?\/s$/);
});
