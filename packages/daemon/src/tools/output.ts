// What a tool prints: data on standard output, talk on standard error, colour only where somebody sees it.

/** Where text goes. It has gone when `write` returns. */
export interface Sink {
  readonly isTTY?: boolean;
  write(text: string): void;
}

export interface OutputOptions {
  readonly out: Sink;
  readonly err: Sink;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A cell; with a style it is painted after it was measured. */
export type Cell = string | { readonly text: string; readonly style: Style };

// Whoever sends a message chooses its text: unprinted, it cannot move the cursor or rename the window of who looks.
const CONTROL = /\p{Cc}/gu;

/** The text with control characters written as `\x1b`, for terminals. */
export const printable = (text: string): string =>
  text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

export class Output {
  readonly #out: Sink;
  readonly #err: Sink;
  readonly #isPainted: boolean;

  constructor({ out, err, environment = process.env }: OutputOptions) {
    this.#out = out;
    this.#err = err;
    const { NO_COLOR: noColour = '', TERM: terminal } = environment;
    this.#isPainted = this.isTerminal && noColour === '' && terminal !== 'dumb';
  }

  /** Whether a person looks at standard output. */
  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  /** The width of the terminal, if a person looks. */
  get columns(): number | undefined {
    return this.isTerminal ? process.stdout.columns : undefined;
  }

  /** Writes to standard output as it is. */
  write(text: string): void {
    this.#out.write(text);
  }

  /** One line of data. */
  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  /** One line of data that others wrote: harmless on a terminal, as it is for programs. */
  foreignLine(text: string): void {
    this.line(this.isTerminal ? printable(text) : text);
  }

  /** One JSON value. */
  json(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** Something for people that is not data. */
  say(text: string): void {
    this.#err.write(`snapcom: ${text}\n`);
  }

  /** Writes to standard error as it is. */
  complain(text: string): void {
    this.#err.write(text);
  }

  paint(style: Style, text: string): string {
    return this.#isPainted ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  }

  /** A table without the columns in which nothing stands. */
  fullTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    const isUsed = columns.map((_column, at) => rows.some((row) => textOf(row[at]) !== ''));
    const used = <T>(items: readonly T[]): T[] => items.filter((_item, at) => isUsed[at]);
    this.table(
      used(columns),
      rows.map((row) => used(row)),
    );
  }

  /** A table with a heading; nothing is cut off, so that programs may read it too. */
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => textOf(row[at]).length)));
    const print = (cells: readonly Cell[]): void => {
      const texts = columns.map(({ align }, at) => {
        const cell = cells[at] ?? '';
        const text = printable(textOf(cell));
        // The last column is not filled up: blanks at the end of a line help nobody.
        const isLast = at === columns.length - 1 && align !== 'right';
        const width = isLast ? 0 : (widths[at] as number);
        const padded = align === 'right' ? text.padStart(width) : text.padEnd(width);
        return typeof cell === 'string' ? padded : this.paint(cell.style, padded);
      });
      this.line(texts.join('  ').trimEnd());
    };
    print(columns.map(({ title }) => ({ text: title, style: 'bold' })));
    for (const row of rows) print(row);
  }
}

const textOf = (cell: Cell | undefined): string => (typeof cell === 'object' ? cell.text : (cell ?? ''));
