// The map's mind: keeps places, choice, focus and camera together, and tells the renderer what has changed.

import type { GraphDocument } from '@snapcommunicator/network/atlas';
import { above, brought, type Camera, fitted, NEAR_SCALE, toMap, toScreen, zoomed } from './camera.ts';
import { chosenIn, type Emphasis, emphasize, matching, NO_EMPHASIS } from './emphasis.ts';
import { boundsOf, type Point, type Rectangle } from './geometry.ts';
import { listenToGestures } from './gestures.ts';
import { type Direction, type Hit, hitAt, neighborToward } from './hit.ts';
import { buildScene, hasSameMachines, linkKey, type MapTraffic, type Scene, type Selection } from './model.ts';
import { standsUpright } from './orientation.ts';
import { type Layers, Renderer } from './renderer.ts';
import { Settlement } from './settlement.ts';
import { watchTheme } from './theme.ts';
import { centerDetails, type Details, linkDetails, machineDetails, spoken } from './words.ts';

/** What the map is given. */
export interface MapInput {
  readonly graph: GraphDocument;
  readonly traffic: MapTraffic | undefined;
  readonly removed: readonly string[];
  readonly selection: Selection | undefined;
  readonly highlight: string;
  readonly time: number | undefined;
  readonly isStale: boolean;
  /** Pixels at the bottom that something lies over. */
  readonly covered: number;
}

/** What the map tells. */
export interface MapListener {
  select(selection: Selection | undefined): void;
  open(selection: Selection): void;
  /** Details of what the pointer is on. */
  hover(details: Details | undefined, point: Point): void;
  /** To those who listen to the map. */
  say(sentence: string): void;
}

/** Around all machines, in units of the map: their region; then in pixels: names and buttons. */
const REGION_MARGIN = 70;
const FIT_PADDING = { top: 58, right: 60, bottom: 50, left: 60 };
const FIT_PADDING_NARROW = { top: 54, right: 18, bottom: 44, left: 18 };
/** Half of a card at each side. */
const CARD_PADDING_NARROW = { top: 110, right: 105, bottom: 80, left: 105 };
const NARROW_PX = 640;
const ZOOM_STEP = 1.45;
/** Whoever has the focus is shown with so much around, in pixels. */
const FOCUS_MARGIN = 110;
/** What is brought out from under a cover, in pixels: below it there are buttons. */
const UNCOVERED_PADDING = { top: 64, right: 40, bottom: 84, left: 40 };

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

export class MapController {
  readonly renderer: Renderer;
  readonly #host: HTMLElement;
  readonly #listener: MapListener;
  readonly #ends: (() => void)[] = [];
  readonly #settlement = new Settlement(() => performance.now());
  #input: MapInput | undefined;
  #scene: Scene | undefined;
  #emphasis = { key: '', value: NO_EMPHASIS };
  /** Whether the camera shows all, whatever comes: until a person moves it. */
  #showsAll = true;
  /** Whether the camera follows what is chosen to where nothing covers it: until a person moves it. */
  #follows = false;
  #hit: Hit | undefined;
  #grabbed: string | undefined;
  #focused: string | undefined;
  /** Whether the next machine that is clicked is the other end of a path. */
  isJoining = false;

  constructor(host: HTMLElement, layers: Layers, listener: MapListener) {
    this.#host = host;
    this.#listener = listener;
    const scene: Scene = { time: 0, machines: new Map(), links: [], centers: [], centerLinks: [], hasRegions: false };
    this.renderer = new Renderer(layers, {
      scene,
      positions: new Map(),
      emphasis: NO_EMPHASIS,
      hovered: undefined,
      focused: undefined,
      found: undefined,
      isStale: false,
    });
    const motion = matchMedia('(prefers-reduced-motion: reduce)');
    const follow = (): void => {
      this.renderer.isMotionWanted = !motion.matches;
    };
    follow();
    const end = new AbortController();
    motion.addEventListener('change', follow, { signal: end.signal });
    document.addEventListener(
      'visibilitychange',
      () => {
        this.renderer.isVisible = document.visibilityState === 'visible';
      },
      { signal: end.signal },
    );
    const sizes = new ResizeObserver(() => this.#resize());
    sizes.observe(host);
    this.#ends.push(
      () => end.abort(),
      () => sizes.disconnect(),
      watchTheme(() => this.renderer.retheme()),
      this.#listenToGestures(),
      () => this.renderer.stop(),
    );
    this.#resize();
  }

  destroy(): void {
    for (const end of this.#ends) end();
  }

  update(input: MapInput): void {
    const before = this.#input;
    this.#input = input;
    const scene = buildScene(input.graph, input.traffic, input.time ?? input.graph.time);
    const isFirst = this.#scene === undefined;
    const isOther = isFirst || !hasSameMachines(this.#scene as Scene, scene) || this.#settlement.isBetterKnown(scene);
    this.#scene = scene;
    if (isOther) this.#settle(input, scene);
    if (this.#focused !== undefined && !scene.machines.has(this.#focused)) this.#focused = undefined;
    const shown = {
      scene,
      emphasis: this.#emphasize(input, scene),
      found: input.highlight.trim() === '' ? undefined : matching(scene, input.highlight),
      isStale: input.isStale,
    };
    // What a person has just done is seen at once, what a daemon tells a moment later.
    if (before !== undefined && before.selection === input.selection && before.highlight === input.highlight)
      this.renderer.hear(shown);
    else this.renderer.change(shown);
    if (before?.selection !== input.selection) this.#follows = true;
    const isUncovered = before !== undefined && before.covered > 0 && input.covered === 0;
    if ((isOther || isUncovered) && this.#showsAll) this.#rest(!isFirst);
    else if (before?.selection !== input.selection || before?.covered !== input.covered) this.#uncover();
    if (before?.highlight !== input.highlight) this.#showFound();
  }

  get focused(): string | undefined {
    return this.#focused;
  }

  /** Whether the links of every data centre are known. */
  get isSettled(): boolean {
    return this.#settlement.isComplete;
  }

  #settle({ graph }: MapInput, scene: Scene): void {
    this.#settlement.settle(scene, graph.dataCenters.find(({ isOwn }) => isOwn)?.name ?? '');
    this.renderer.glide(this.#settlement.positions);
  }

  /** Lays everything out anew from the names, also what was dragged. */
  arrange(): void {
    const input = this.#input;
    if (input === undefined || this.#scene === undefined) return;
    this.#settlement.forget();
    this.#settle(input, this.#scene);
    this.fit(true);
  }

  /** Ways are looked for only when something has changed that they depend on. */
  #emphasize({ graph, selection, removed }: MapInput, scene: Scene): Emphasis {
    if (selection === undefined && removed.length === 0) return NO_EMPHASIS;
    const key = JSON.stringify([
      selection,
      removed,
      graph.links.map(({ from, to, cost, costBack, state }) => [from, to, cost, costBack, state]),
      graph.servers.map(({ name, isReachable, services }) => [name, isReachable, services.map((each) => each.name)]),
    ]);
    if (key !== this.#emphasis.key) {
      this.#emphasis = { key, value: emphasize(graph, scene, selection, removed) };
    }
    return this.#emphasis.value;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#host;
    if (clientWidth === 0 || clientHeight === 0) return;
    // The page decides, not the room for the map: a panel that opens beside it must not turn it.
    const isUpright = standsUpright({ width: innerWidth, height: innerHeight }, this.#settlement.isUpright);
    const isTurned = isUpright !== this.#settlement.isUpright;
    this.#settlement.isUpright = isUpright;
    if (isTurned && this.#scene !== undefined) this.renderer.glide(this.#settlement.positions);
    this.renderer.resize(clientWidth, clientHeight);
    if (this.#showsAll || isTurned) this.#rest(isTurned);
    else this.#uncover();
  }

  /** Everything, where nothing covers it. */
  fit(isFlown = false): void {
    this.#fit(isFlown, this.#covered);
  }

  /** Everything as large as it is without a cover; what is chosen is brought out from under it. */
  #rest(isFlown: boolean): void {
    this.#fit(isFlown, 0);
    this.#uncover();
  }

  #fit(isFlown: boolean, covered: number): void {
    this.#showsAll = true;
    const bounds = this.#boundsOf(this.#scene?.machines.keys() ?? []);
    if (bounds === undefined || this.renderer.size.width === 0) return;
    this.renderer.look(this.#fitting(bounds, covered), isFlown);
  }

  get #covered(): number {
    return this.#input?.covered ?? 0;
  }

  #boundsOf(machines: Iterable<string>): Rectangle | undefined {
    const { positions } = this.#settlement;
    return boundsOf([...machines].flatMap((name) => positions.get(name) ?? []));
  }

  #uncover(): void {
    const { selection } = this.#input ?? {};
    if (this.#covered === 0 || !this.#follows || selection === undefined) return;
    const bounds = this.#boundsOf(chosenIn(selection, this.#emphasis.value, this.#scene));
    const { camera } = this.renderer;
    const clear =
      bounds === undefined
        ? camera
        : brought(camera, bounds, this.renderer.size, above(this.#covered, UNCOVERED_PADDING));
    if (clear !== camera) this.renderer.look(clear, true);
  }

  #fitting(bounds: Rectangle, covered = this.#covered): Camera {
    const margin = this.#scene?.hasRegions === true ? REGION_MARGIN : 24;
    const wide = {
      x: bounds.x - margin,
      y: bounds.y - margin,
      width: bounds.width + 2 * margin,
      height: bounds.height + 2 * margin,
    };
    const { size } = this.renderer;
    if (size.width >= NARROW_PX) return fitted(wide, size, above(covered, FIT_PADDING));
    // Cards are wide for a phone: where they would be cut off, dots with names are better.
    const asCards = fitted(bounds, size, above(covered, CARD_PADDING_NARROW));
    if (asCards.scale >= NEAR_SCALE) return asCards;
    return fitted(wide, size, above(covered, FIT_PADDING_NARROW), NEAR_SCALE * 0.99);
  }

  zoom(direction: 1 | -1): void {
    const { size } = this.renderer;
    const middle = { x: size.width / 2, y: size.height / 2 };
    this.#move(zoomed(this.renderer.camera, size, middle, ZOOM_STEP ** direction), true);
  }

  #move(camera: Camera, isFlown = false): void {
    this.#showsAll = false;
    this.#follows = false;
    this.renderer.look(camera, isFlown);
  }

  #showFound(): void {
    const { highlight = '' } = this.#input ?? {};
    if (highlight.trim() === '' || this.#scene === undefined) return;
    const { positions } = this.#settlement;
    const points = [...matching(this.#scene, highlight)].flatMap((name) => positions.get(name) ?? []);
    const bounds = boundsOf(points);
    if (bounds !== undefined && !points.some((point) => this.#isInView(point))) this.#move(this.#fitting(bounds), true);
  }

  #isInView(point: Point): boolean {
    const { size } = this.renderer;
    const { x, y } = toScreen(this.renderer.camera, size, point);
    return x > 0 && y > 0 && x < size.width && y < size.height - this.#covered;
  }

  #listenToGestures(): () => void {
    return listenToGestures(this.#host, {
      grab: (point, isTouch) => this.#grab(point, isTouch),
      drag: (point) => this.#drag(point),
      drop: () => this.#drop(),
      pan: (dx, dy) => {
        const { x, y, scale } = this.renderer.cameraNow;
        this.#move({ x: x - dx / scale, y: y - dy / scale, scale });
      },
      zoom: (point, factor) => this.#move(zoomed(this.renderer.cameraNow, this.renderer.size, point, factor)),
      hover: (point) => this.#hover(point),
      click: (point, isAdding, isTouch) => this.#click(point, isAdding, isTouch),
      doubleClick: (point) => this.#doubleClick(point),
    });
  }

  #hitAt(point: Point, isTouch: boolean): Hit | undefined {
    const { picture } = this.renderer;
    return picture === undefined ? undefined : hitAt(picture, point, isTouch);
  }

  #grab(point: Point, isTouch: boolean): boolean {
    const { picture } = this.renderer;
    // From afar a machine is too small to be meant.
    const hit = picture !== undefined && picture.distances.far < 0.5 ? this.#hitAt(point, isTouch) : undefined;
    this.#grabbed = hit?.machine;
    return this.#grabbed !== undefined;
  }

  #drag(point: Point): void {
    if (this.#grabbed === undefined) return;
    this.#settlement.pin(this.#grabbed, toMap(this.renderer.cameraNow, this.renderer.size, point));
    this.#showsAll = false;
    this.renderer.change({ positions: this.#settlement.positions });
  }

  #drop(): void {
    this.#grabbed = undefined;
    this.#settlement.save();
  }

  #hover(point: Point | undefined): void {
    const hit = point === undefined ? undefined : this.#hitAt(point, false);
    this.#host.style.cursor = hit === undefined ? '' : 'pointer';
    if (hit?.hovered !== this.#hit?.hovered) this.renderer.touch({ hovered: hit?.hovered });
    this.#hit = hit;
    this.#listener.hover(hit === undefined ? undefined : this.#detailsOf(hit), point ?? { x: 0, y: 0 });
  }

  #detailsOf({ selection, machine }: Hit): Details | undefined {
    const scene = this.#scene;
    if (scene === undefined) return undefined;
    const name = selection.kind === 'machine' ? selection.machine : machine;
    const found = name === undefined ? undefined : scene.machines.get(name);
    if (found !== undefined) return machineDetails(found, scene.time);
    if (selection.kind === 'link') {
      const key = linkKey(selection.from, selection.to);
      const link = scene.links.find((each) => each.key === key);
      return link === undefined ? undefined : linkDetails(link);
    }
    if (selection.kind !== 'data-center') return undefined;
    const center = scene.centers.find((each) => each.name === selection.dataCenter);
    return center === undefined ? undefined : centerDetails(center, scene);
  }

  #click(point: Point, isAdding: boolean, isTouch: boolean): void {
    const hit = this.#hitAt(point, isTouch);
    this.#listener.hover(undefined, point);
    if (hit?.machine !== undefined) this.#focused = hit.machine;
    if (hit?.selection.kind === 'machine' && (isAdding || this.isJoining)) this.#join(hit.selection.machine);
    else if (hit !== undefined || !isAdding) this.#listener.select(hit?.selection);
    this.isJoining = false;
  }

  /** Makes a path of what is chosen and one more machine. */
  #join(machine: string): void {
    const selection = this.#input?.selection;
    const from =
      selection?.kind === 'machine' ? selection.machine : selection?.kind === 'path' ? selection.from : undefined;
    if (from === undefined || from === machine) this.#listener.select({ kind: 'machine', machine });
    else this.#listener.select({ kind: 'path', from, to: machine });
  }

  #doubleClick(point: Point): void {
    const hit = this.#hitAt(point, false);
    if (hit?.selection.kind === 'data-center') this.showCenter(hit.selection.dataCenter);
    else if (hit !== undefined) this.#listener.open(hit.selection);
    else this.#move(zoomed(this.renderer.camera, this.renderer.size, point, ZOOM_STEP ** 2), true);
  }

  /** Flies to a data centre, as large as it fits. */
  showCenter(name: string): void {
    const center = this.#scene?.centers.find((each) => each.name === name);
    const bounds = this.#boundsOf(center?.machines ?? []);
    if (bounds !== undefined) this.#move(this.#fitting(bounds), true);
  }

  /** @returns whether the key meant something here */
  press({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
    if (ctrlKey || metaKey || altKey) return false;
    const direction = ARROWS[key];
    if (direction !== undefined) this.#step(direction);
    else if (key === '+' || key === '=') this.zoom(1);
    else if (key === '-' || key === '_') this.zoom(-1);
    else if (key === '0') this.fit(true);
    else if ((key === 'Enter' || key === ' ') && this.#focused !== undefined)
      this.#choose(this.#focused, key, shiftKey);
    else if (key === 'Escape' && this.#input?.selection !== undefined) this.#listener.select(undefined);
    else return false;
    return true;
  }

  #choose(machine: string, key: string, isAdding: boolean): void {
    if (isAdding || this.isJoining) this.#join(machine);
    else {
      this.#listener.select({ kind: 'machine', machine });
      if (key === 'Enter') this.#listener.open({ kind: 'machine', machine });
    }
    this.isJoining = false;
  }

  /** The first time whoever is chosen, or was asked, has the focus. */
  focus(): void {
    const selection = this.#input?.selection;
    const chosen = selection?.kind === 'machine' ? selection.machine : this.#input?.graph.seenFrom;
    this.#focusOn(
      this.#focused ?? (chosen !== undefined && this.#scene?.machines.has(chosen) ? chosen : this.#anybody()),
    );
  }

  blur(): void {
    this.renderer.change({ focused: undefined });
  }

  #anybody(): string | undefined {
    return [...(this.#scene?.machines.keys() ?? [])][0];
  }

  #step(direction: Direction): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    const { positions } = this.#settlement;
    const present = new Map([...positions].filter(([name]) => scene.machines.has(name)));
    if (this.#focused === undefined) this.focus();
    else this.#focusOn(neighborToward(present, this.#focused, direction) ?? this.#focused);
  }

  #focusOn(name: string | undefined): void {
    const machine = name === undefined ? undefined : this.#scene?.machines.get(name);
    if (name === undefined || machine === undefined || this.#scene === undefined) return;
    this.#focused = name;
    this.renderer.change({ focused: name });
    this.#keepInView(name);
    const links = this.#scene.links.filter(({ a, b }) => a === name || b === name).length;
    this.#listener.say(spoken(machine, this.#scene.time, links));
  }

  #keepInView(name: string): void {
    // All that fits is in view as it is: then a name at the edge is no reason to move.
    if (this.#showsAll && this.#covered === 0) return;
    const bounds = this.#boundsOf([name]);
    const { camera, size } = this.renderer;
    const x = Math.min(FOCUS_MARGIN, size.width / 3);
    const y = Math.min(FOCUS_MARGIN, (size.height - this.#covered) / 3);
    const padding = above(this.#covered, { top: y, right: x, bottom: y, left: x });
    const near = bounds === undefined ? camera : brought(camera, bounds, size, padding);
    if (near !== camera) this.#move(near, true);
  }
}
