// What fingers, mouse and wheel do on the map: move it, make it larger or smaller, drag a machine, choose.

import type { Point } from './geometry.ts';

export interface GestureHandlers {
  /** Whether something that can be dragged is there; it is `drag`ged then, instead of the map. */
  grab(point: Point, isTouch: boolean): boolean;
  drag(point: Point): void;
  drop(): void;
  pan(dx: number, dy: number): void;
  zoom(point: Point, factor: number): void;
  hover(point: Point | undefined): void;
  /** `isAdding`: with the shift key, or with a second finger on another machine. */
  click(point: Point, isAdding: boolean, isTouch: boolean): void;
  doubleClick(point: Point): void;
}

/** Beyond this a press is a movement, in pixels. */
const STILL = { mouse: 4, touch: 9 } as const;
const DOUBLE_MS = 320;
const WHEEL_LINE = 16;
const WHEEL_PAGE = 400;

/** Listens on an element. @returns ends it */
export function listenToGestures(element: HTMLElement, handlers: GestureHandlers): () => void {
  const end = new AbortController();
  const { signal } = end;
  const pointers = new Map<number, Point>();
  let pressed: { at: Point; isMoving: boolean; isGrabbed: boolean; wasPinch: boolean } | undefined;
  let lastClick: { at: Point; time: number } | undefined;

  const pointOf = (event: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const point = pointOf(event);
    pointers.set(event.pointerId, point);
    element.setPointerCapture(event.pointerId);
    if (pointers.size === 1) pressed = { at: point, isMoving: false, isGrabbed: false, wasPinch: false };
    else if (pressed !== undefined) {
      if (pressed.isGrabbed) handlers.drop();
      pressed = { ...pressed, isMoving: true, isGrabbed: false, wasPinch: true };
    }
  };

  const move = (event: PointerEvent): void => {
    const point = pointOf(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined || pressed === undefined) {
      if (event.pointerType !== 'touch') handlers.hover(point);
      return;
    }
    const isTouch = event.pointerType === 'touch';
    if (pointers.size > 1) {
      pinch(event.pointerId, before, point);
      pointers.set(event.pointerId, point);
      return;
    }
    if (!pressed.isMoving) {
      if (Math.hypot(point.x - pressed.at.x, point.y - pressed.at.y) < STILL[isTouch ? 'touch' : 'mouse']) return;
      pressed.isMoving = true;
      pressed.isGrabbed = handlers.grab(pressed.at, isTouch);
      handlers.hover(undefined);
    }
    if (pressed.isGrabbed) handlers.drag(point);
    else handlers.pan(point.x - before.x, point.y - before.y);
    pointers.set(event.pointerId, point);
  };

  const pinch = (id: number, before: Point, point: Point): void => {
    const other = [...pointers].find(([each]) => each !== id)?.[1];
    if (other === undefined) return;
    const spread = (to: Point): number => Math.max(20, Math.hypot(to.x - other.x, to.y - other.y));
    const middle = { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 };
    handlers.pan((point.x - before.x) / 2, (point.y - before.y) / 2);
    handlers.zoom(middle, spread(point) / spread(before));
  };

  const up = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId) || pressed === undefined || pointers.size > 0) return;
    const { isMoving, isGrabbed, wasPinch } = pressed;
    pressed = undefined;
    if (isGrabbed) handlers.drop();
    if (isMoving || wasPinch || event.type === 'pointercancel') return;
    const point = pointOf(event);
    const now = event.timeStamp;
    const isDouble =
      lastClick !== undefined &&
      now - lastClick.time < DOUBLE_MS &&
      Math.hypot(point.x - lastClick.at.x, point.y - lastClick.at.y) < STILL.touch * 2;
    lastClick = isDouble ? undefined : { at: point, time: now };
    if (isDouble) handlers.doubleClick(point);
    else handlers.click(point, event.shiftKey || event.ctrlKey || event.metaKey, event.pointerType === 'touch');
  };

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? WHEEL_LINE : event.deltaMode === 2 ? WHEEL_PAGE : 1;
    // A pinch on a touch pad comes as a wheel with the control key, in smaller steps.
    const speed = event.ctrlKey ? 0.012 : 0.0022;
    const steps = Math.max(-160, Math.min(160, event.deltaY * unit));
    handlers.zoom(pointOf(event), Math.exp(-steps * speed));
  };

  element.addEventListener('pointerdown', down, { signal });
  element.addEventListener('pointermove', move, { signal });
  element.addEventListener('pointerup', up, { signal });
  element.addEventListener('pointercancel', up, { signal });
  element.addEventListener('pointerleave', () => handlers.hover(undefined), { signal });
  element.addEventListener('wheel', wheel, { signal, passive: false });
  return () => end.abort();
}
