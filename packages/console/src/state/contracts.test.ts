// Services of one name whose commands differ.

import { describe, expect, test } from 'vitest';
import { contractsOf } from './contracts.ts';
import { graphOf } from './testing/graphs.ts';

const images = (graph: Parameters<typeof contractsOf>[0], flows: Parameters<typeof contractsOf>[1] = []) =>
  contractsOf(graph, flows).find(({ service }) => service === 'images');

describe('contracts', () => {
  test('instances that list the same agree, whatever the protocol adds', () => {
    const graph = graphOf({
      a: { services: ['images/PING,RESIZE'] },
      b: { services: ['images/ALIVE,HELP,PING,RESIZE'] },
    });
    expect(images(graph)).toMatchObject({ commands: ['PING', 'RESIZE'], disagreements: [] });
  });

  test('an instance that lacks a command is named', () => {
    const graph = graphOf({ a: { services: ['images/PING,RESIZE'] }, b: { services: ['images/PING'] } });
    expect(images(graph)?.disagreements).toEqual(['b does not list RESIZE, other instances do']);
  });

  test('who lists nothing disagrees with nobody, and who is lost is not asked', () => {
    const graph = graphOf({
      a: { services: ['images/PING'] },
      b: { services: ['images'] },
      c: { isReachable: false, services: ['images/OLD'] },
    });
    expect(images(graph)?.disagreements).toEqual([]);
    expect(images(graph)?.instances).toHaveLength(2);
  });

  test('a command that is sent, not listed and refused is told with who sends it', () => {
    const graph = graphOf({ a: { services: ['images/PING', 'web'] } });
    const flows = [
      { from: 'a:web', to: 'a:images', command: 'ROTATE' },
      { from: 'a:web', to: 'images', command: 'PING' },
      { from: 'a:web', to: 'images', command: 'ALIVE' },
    ];
    // It might be an answer to what it asked.
    expect(images(graph, flows)?.disagreements).toEqual([]);
    const refusal = { from: 'a:images', to: 'a:web', command: 'UNKNOWN' };
    expect(images(graph, [...flows, refusal])?.disagreements).toEqual(['web sends ROTATE, which images does not list']);
  });
});
