// What tests may see of the map: where its names are, how long its frames take, how it stands. Nothing of it is needed to
// run, and nothing can be changed by it.

import type { MapController } from './controller.ts';
import { writtenRectangles } from './hit.ts';
import type { MapView } from './map-view.ts';

declare global {
  interface Window {
    __map?: MapView;
  }
}

/** @returns takes it away again */
export function exposeForTests(controller: MapController): () => void {
  const { renderer } = controller;
  window.__map = {
    labels: () => (renderer.picture === undefined ? [] : writtenRectangles(renderer.picture)),
    frameMs: () => [...renderer.frameMs],
    particles: () => renderer.particleCount,
    scale: () => renderer.cameraNow.scale,
    isAtRest: () => renderer.isAtRest,
    focused: () => controller.focused,
    machines: () =>
      [...(renderer.picture?.machines.values() ?? [])].map(({ machine, x, y }) => ({
        name: machine.name,
        x,
        y,
        state: machine.state,
        services: machine.services.length,
      })),
  };
  return () => {
    delete window.__map;
  };
}
