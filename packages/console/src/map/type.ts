// The type of the map: its fonts, and how wide a text is in each.

import type { FontName, Measure } from './card.ts';

const FONTS: Readonly<Record<FontName, string>> = {
  name: '500 12.5px',
  title: '600 15.5px',
  small: '400 11.5px',
  figure: '400 11px',
  heading: '600 13px',
};

/** Widths that are remembered; beyond, all are forgotten. */
const TEXTS_MAX = 20_000;

export class Type {
  readonly #context: CanvasRenderingContext2D;
  readonly #widths = new Map<string, number>();
  #family = 'sans-serif';

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  set family(family: string) {
    if (family !== this.#family) this.#widths.clear();
    this.#family = family;
  }

  font(name: FontName): string {
    return `${FONTS[name]} ${this.#family}`;
  }

  readonly measure: Measure = (text, name) => {
    // Figures change all the time: they are as wide as as many zeros, so that nothing jitters.
    const shape = name === 'figure' || name === 'small' ? text.replaceAll(/\d/g, '0') : text;
    const key = `${name} ${shape}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size >= TEXTS_MAX) this.#widths.clear();
      this.#context.font = this.font(name);
      width = this.#context.measureText(shape).width;
      this.#widths.set(key, width);
    }
    return width;
  };
}
