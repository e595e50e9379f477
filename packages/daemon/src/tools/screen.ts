// A terminal that is drawn over and over: pictures in place, keys one by one, and everything as it was at the end.

import type { Output } from './output.ts';

const ESCAPE = '\u001b[';
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;

export class Screen {
  readonly #output: Output;
  #isOpen = true;
  #onKey: (key: string) => void = () => undefined;
  readonly #read = (keys: Buffer): void => {
    for (const key of keys.toString('utf8')) this.#onKey(key);
  };

  constructor(output: Output) {
    this.#output = output;
    output.write(ENTER);
    const { stdin } = process;
    if (!stdin.isTTY) return;
    stdin.setRawMode(true);
    stdin.on('data', this.#read).resume();
  }

  get rows(): number {
    return process.stdout.rows ?? 24;
  }

  onKey(listener: (key: string) => void): void {
    this.#onKey = listener;
  }

  /** Draws a picture over the last one: no line is cleared before it is written, so that nothing flickers. */
  draw(text: string): void {
    if (!this.#isOpen) return;
    const lines = text.split('\n').slice(0, this.rows);
    this.#output.write(`${ESCAPE}H${lines.map((line) => `${line}${ESCAPE}K`).join('\r\n')}${ESCAPE}J`);
  }

  /** Gives the terminal back. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { stdin } = process;
    if (stdin.isTTY) {
      stdin.off('data', this.#read).pause();
      stdin.setRawMode(false);
    }
    this.#output.write(LEAVE);
  }
}
