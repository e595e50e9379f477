// What the map lets be seen of itself from outside, as `window.__map`: for tests and for measuring it.

export interface MapView {
  /** All that is written now, in pixels of the map. */
  labels(): readonly {
    readonly key: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  /** Milliseconds of script of the last frames; the oldest first. */
  frameMs(): readonly number[];
  /** How many particles are under way. */
  particles(): number;
  /** Pixels a unit of the map. */
  scale(): number;
  /** Whether nothing flies, glides or waits to be drawn. */
  isAtRest(): boolean;
  /** Whose turn it is with the keyboard. */
  focused(): string | undefined;
  machines(): readonly {
    readonly name: string;
    readonly x: number;
    readonly y: number;
    readonly state: 'well' | 'degraded' | 'lost';
    readonly services: number;
  }[];
}
