// Draws the map on three canvases that lie on each other, each only when something on it has changed: regions and links,
// the particles that run on them, machines and names.

import { between, type Camera, type Padding, type Size } from './camera.ts';
import type { Emphasis } from './emphasis.ts';
import type { PlacedLabel } from './labels.ts';
import type { Positions } from './layout.ts';
import type { Scene } from './model.ts';
import { paintGround } from './paint-ground.ts';
import { paintMachines } from './paint-machines.ts';
import { Particles } from './particles.ts';
import { compose, type Picture } from './picture.ts';
import { readTheme, type Theme } from './theme.ts';
import { Type } from './type.ts';

export interface Layers {
  readonly ground: HTMLCanvasElement;
  readonly particles: HTMLCanvasElement;
  readonly machines: HTMLCanvasElement;
}

/** What is shown; whoever changes a part of it says so by `change()`. */
export interface Shown {
  scene: Scene;
  positions: Positions;
  emphasis: Emphasis;
  hovered: string | undefined;
  focused: string | undefined;
  found: ReadonlySet<string> | undefined;
  isStale: boolean;
}

/** Kept free of names at the edges, in pixels. */
export const MARGINS: Padding = { top: 10, right: 10, bottom: 10, left: 10 };

const APPEARANCE_MS = 140;
const FLIGHT_MS = 380;
/** Durations of so many frames are remembered. */
const FRAMES_MAX = 600;
/** More pixels for each point than that nobody sees, and they cost time. */
const PIXEL_RATIO_MAX = 3;

export class Renderer {
  readonly #layers: Layers;
  readonly #contexts: Readonly<Record<keyof Layers, CanvasRenderingContext2D>>;
  readonly #particles = new Particles();
  readonly #type: Type;
  readonly #frames: number[] = [];
  readonly #appeared = new Map<string, number>();
  readonly #shown: Shown;
  #theme: Theme;
  #camera: Camera = { x: 0, y: 0, scale: 1 };
  #size: Size = { width: 0, height: 0 };
  #flight: { from: Camera; to: Camera; start: number } | undefined;
  #glide: { from: Positions; to: Positions; start: number } | undefined;
  #picture: Picture | undefined;
  /** Whether most stand elsewhere than before: then names do not keep to the side where they were. */
  #isRearranged = false;
  #isMotionWanted = true;
  #isVisible = true;
  #needsPicture = true;
  #needsPaint = true;
  #requested = 0;
  #idle = 0;
  #lastStep = 0;
  onpicture: (picture: Picture) => void = () => {};

  constructor(layers: Layers, shown: Shown) {
    this.#layers = layers;
    this.#shown = shown;
    this.#contexts = {
      ground: contextOf(layers.ground),
      particles: contextOf(layers.particles),
      machines: contextOf(layers.machines),
    };
    this.#type = new Type(this.#contexts.machines);
    this.#theme = readTheme(layers.machines.parentElement as HTMLElement);
    this.#type.family = this.#theme.family;
  }

  get picture(): Picture | undefined {
    return this.#picture;
  }

  get camera(): Camera {
    return this.#flight?.to ?? this.#camera;
  }

  /** What is seen in this moment, in the middle of a flight too. */
  get cameraNow(): Camera {
    return this.#camera;
  }

  get size(): Size {
    return this.#size;
  }

  /** Milliseconds of script of the last frames. */
  get frameMs(): readonly number[] {
    return this.#frames;
  }

  get particleCount(): number {
    return this.#isRunning() ? this.#particles.count : 0;
  }

  /** Whether names and camera have come to rest. */
  get isAtRest(): boolean {
    return this.#flight === undefined && this.#glide === undefined && !this.#needsPicture && this.#idle === 0;
  }

  change(...shown: Partial<Shown>[]): void {
    Object.assign(this.#shown, ...shown);
    this.#needsPicture = true;
    this.#request();
  }

  /** News that come by themselves: the picture is composed between two frames, and only painted in the next. */
  hear(shown: Partial<Shown>): void {
    Object.assign(this.#shown, shown);
    if (this.#picture === undefined || this.#needsPicture) this.change();
    else if (this.#idle === 0) {
      this.#idle = whenIdle(() => {
        this.#idle = 0;
        if (!this.#needsPicture && this.#size.width > 0) this.#compose(performance.now());
        this.#request();
      });
    }
  }

  /** Everybody moves to another place, so that the eye can follow. */
  glide(positions: Positions): void {
    const from = this.#shown.positions;
    const moved = [...positions].filter(([name, { x, y }]) => from.get(name)?.x !== x || from.get(name)?.y !== y);
    this.#isRearranged ||= moved.length > positions.size / 2;
    const isSeen = this.#picture !== undefined && this.#isMotionWanted && from.size > 0;
    this.#glide = isSeen ? { from: new Map(from), to: positions, start: performance.now() } : undefined;
    if (!isSeen) this.#shown.positions = positions;
    this.#needsPicture = true;
    this.#request();
  }

  /** Something that changes colours and rings only. */
  touch(shown: Partial<Shown>): void {
    Object.assign(this.#shown, shown);
    this.#needsPaint = true;
    this.#request();
  }

  look(camera: Camera, isFlown = false): void {
    if (isFlown && this.#isMotionWanted && this.#picture !== undefined) {
      this.#flight = { from: this.#camera, to: camera, start: performance.now() };
    } else {
      this.#flight = undefined;
      this.#camera = camera;
    }
    this.#needsPicture = true;
    this.#request();
  }

  resize(width: number, height: number): void {
    this.#size = { width, height };
    const ratio = Math.min(PIXEL_RATIO_MAX, devicePixelRatio || 1);
    for (const [name, canvas] of Object.entries(this.#layers) as [keyof Layers, HTMLCanvasElement][]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      this.#contexts[name].setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.#needsPicture = true;
    // A canvas that was resized is empty until it is drawn: not in the next frame, now.
    if (this.#picture !== undefined) this.#frame(performance.now());
    this.#request();
  }

  retheme(): void {
    this.#theme = readTheme(this.#layers.machines.parentElement as HTMLElement);
    this.#type.family = this.#theme.family;
    this.#needsPicture = true;
    this.#request();
  }

  set isMotionWanted(isWanted: boolean) {
    this.#isMotionWanted = isWanted;
    this.#needsPaint = true;
    this.#request();
  }

  set isVisible(isVisible: boolean) {
    this.#isVisible = isVisible;
    if (isVisible) this.#request();
  }

  stop(): void {
    cancelAnimationFrame(this.#requested);
    this.#requested = -1;
  }

  #request(): void {
    if (this.#requested === 0 && this.#isVisible) this.#requested = requestAnimationFrame((now) => this.#frame(now));
  }

  #frame(now: number): void {
    const start = performance.now();
    if (this.#requested !== -1) this.#requested = 0;
    if (this.#size.width === 0) return;
    this.#fly(now);
    this.#move(now);
    if (this.#needsPicture) this.#compose(now);
    const isAppearing = this.#isAppearing(now);
    if (this.#needsPaint || isAppearing) this.#paint(now);
    if (this.#isRunning()) this.#run(now);
    this.#frames.push(performance.now() - start);
    if (this.#frames.length > FRAMES_MAX) this.#frames.shift();
    if (this.#flight !== undefined || this.#glide !== undefined || isAppearing || this.#isRunning()) this.#request();
  }

  #fly(now: number): void {
    if (this.#flight === undefined) return;
    const { from, to, start } = this.#flight;
    const part = Math.min(1, Math.max(0, (now - start) / FLIGHT_MS));
    this.#camera = between(from, to, part);
    if (part === 1) this.#flight = undefined;
    this.#needsPicture = true;
  }

  #move(now: number): void {
    if (this.#glide === undefined) return;
    const { from, to, start } = this.#glide;
    const part = Math.min(1, Math.max(0, (now - start) / FLIGHT_MS));
    const eased = 1 - (1 - part) ** 3;
    this.#shown.positions =
      part === 1
        ? to
        : new Map(
            [...to].map(([name, { x, y }]) => {
              const before = from.get(name) ?? { x, y };
              return [name, { x: before.x + (x - before.x) * eased, y: before.y + (y - before.y) * eased }];
            }),
          );
    if (part === 1) this.#glide = undefined;
    this.#needsPicture = true;
  }

  #compose(now: number): void {
    const { scene, positions, emphasis, focused, found } = this.#shown;
    const wanted = new Set<string>(found ?? []);
    if (focused !== undefined) wanted.add(focused);
    const last = this.#isRearranged ? undefined : this.#picture;
    if (this.#glide === undefined && this.#flight === undefined) this.#isRearranged = false;
    const before: ReadonlyMap<string, PlacedLabel> = last?.labels ?? new Map();
    const picture = compose({
      scene,
      positions,
      camera: this.#camera,
      size: this.#size,
      emphasis,
      wanted,
      measure: this.#type.measure,
      margins: MARGINS,
      before,
    });
    for (const key of this.#appeared.keys()) if (!picture.labels.has(key)) this.#appeared.delete(key);
    const isFirst = this.#picture === undefined;
    for (const key of picture.labels.keys()) {
      if (!this.#appeared.has(key)) this.#appeared.set(key, isFirst || !this.#isMotionWanted ? -Infinity : now);
    }
    this.#picture = picture;
    this.#particles.follow(picture, emphasis);
    this.#needsPicture = false;
    this.#needsPaint = true;
    this.onpicture(picture);
  }

  #isAppearing(now: number): boolean {
    for (const since of this.#appeared.values()) if (now - since < APPEARANCE_MS + 20) return true;
    return false;
  }

  #paint(now: number): void {
    const picture = this.#picture;
    if (picture === undefined) return;
    const { emphasis, hovered, focused, found } = this.#shown;
    const theme = this.#theme;
    const { width, height } = this.#size;
    const { ground, machines, particles } = this.#contexts;
    ground.clearRect(0, 0, width, height);
    paintGround(ground, { picture, emphasis, theme, hovered, hasParticles: this.#isMotionWanted });
    machines.clearRect(0, 0, width, height);
    const appearance = (key: string): number => {
      const since = this.#appeared.get(key) ?? -Infinity;
      return Math.min(1, Math.max(0, (now - since) / APPEARANCE_MS));
    };
    paintMachines(machines, { picture, emphasis, theme, type: this.#type, hovered, focused, found, appearance });
    if (!this.#isRunning()) particles.clearRect(0, 0, width, height);
    this.#needsPaint = false;
  }

  #isRunning(): boolean {
    return this.#isMotionWanted && this.#isVisible && !this.#shown.isStale && this.#particles.isFlowing;
  }

  #run(now: number): void {
    const context = this.#contexts.particles;
    this.#particles.step((now - this.#lastStep) / 1000);
    this.#lastStep = now;
    context.clearRect(0, 0, this.#size.width, this.#size.height);
    context.globalAlpha = 0.85;
    this.#particles.paint(context, this.#theme.accent);
  }
}

/** Browsers that do not tell when they are idle are asked a little later. */
const whenIdle = (call: () => void): number =>
  typeof requestIdleCallback === 'function' ? requestIdleCallback(call, { timeout: 120 }) : window.setTimeout(call, 1);

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser has no canvas to draw the map on: use the tables instead');
  return context;
}
