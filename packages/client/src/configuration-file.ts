// Reads `name=value` files: text to entries with their lines, or what was wrong and in which line. Pure; never throws.

/** One `name=value` of a configuration file. */
export interface ConfigurationEntry {
  /** The name with `-` turned into `_`: both are written, and mean the same. */
  readonly name: string;
  readonly value: string;
  /** The line where it begins, counted from 1. */
  readonly line: number;
  /** The `[section]` that it is in; empty before the first one. */
  readonly section: string;
}

/** What was wrong in one line. */
export interface ConfigurationProblem {
  readonly line: number;
  /** A sentence without a place: `"foo" has no "="; expected name=value`. */
  readonly problem: string;
}

export interface ConfigurationText {
  readonly entries: readonly ConfigurationEntry[];
  readonly problems: readonly ConfigurationProblem[];
}

// Errors repeat names in full, so these have an end.
const NAME_OF_OPTION = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\r': '\r', '\\n': '\n', '\\t': '\t' };
/** How much of a bad line an error repeats, in characters. */
const quotedMax = 60;

/**
 * Reads a configuration file.
 *
 * A line is `name=value`; blanks around both are dropped. Lines that begin with `#` or `;` are comments, `[section]` begins
 * a section, a backslash at the end continues the line. In a value `\\`, `\r`, `\n` and `\t` are turned back, and a pair of
 * `"` or `'` around all of it is taken away. This is what the C++ programs read, so that one file serves both.
 *
 * @param text  the whole file; the caller bounds its size
 * @param limits.problemsMax  reading ends after so many problems (100)
 */
export function readConfigurationText(text: string, limits: { problemsMax?: number } = {}): ConfigurationText {
  const { problemsMax = 100 } = limits;
  const entries: ConfigurationEntry[] = [];
  const problems: ConfigurationProblem[] = [];
  let section = '';
  for (const { line, content } of logicalLines(text)) {
    if (problems.length >= problemsMax) break;
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    if (content.includes('\0')) {
      problems.push({ line, problem: 'a NUL character; expected text' });
    } else if (content.startsWith('[')) {
      const heading = /^\[([A-Za-z0-9_-]{0,64})\]\s*(?:[#;].*)?$/.exec(content);
      if (heading === null)
        problems.push({
          line,
          problem: `${quoted(content.split(']', 1)[0] as string)} is not a section; expected [name] and nothing else`,
        });
      else section = (heading[1] as string).replaceAll('-', '_');
    } else {
      const reading = readAssignment(content);
      if (typeof reading === 'string') problems.push({ line, problem: reading });
      else entries.push({ ...reading, line, section });
    }
  }
  return { entries, problems };
}

/** The lines, trimmed, with continued ones joined. A comment is not continued. */
function* logicalLines(text: string): Generator<{ line: number; content: string }> {
  let parts: string[] = [];
  let first = 0;
  let line = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    line += 1;
    if (parts.length === 0) first = line;
    const isComment = parts.length === 0 && /^\s*[#;]/.test(raw);
    if (raw.endsWith('\\') && !isComment) {
      parts.push(raw.slice(0, -1));
      continue;
    }
    yield { line: first, content: [...parts, raw].join('').trim() };
    parts = [];
  }
  if (parts.length > 0) yield { line: first, content: parts.join('').trim() };
}

/** Name and value, or what was wrong. */
function readAssignment(content: string): { name: string; value: string } | string {
  const equals = content.indexOf('=');
  if (equals < 0) return `${quoted(content)} has no "="; expected name=value`;
  const name = content.slice(0, equals).trim();
  if (name === '') return 'no name before the "="; expected name=value';
  if (!NAME_OF_OPTION.test(name)) {
    return `${quoted(name)} is not the name of an option; expected at most 64 letters, digits and "_", a letter first`;
  }
  const value = content
    .slice(equals + 1)
    .trim()
    .replace(/\\[\\rnt]/g, (escape) => ESCAPES[escape] as string);
  return { name: name.replaceAll('-', '_'), value: unquote(value) };
}

function unquote(value: string): string {
  const first = value[0];
  const isQuoted = value.length >= 2 && (first === '"' || first === "'") && value.endsWith(first);
  return isQuoted ? value.slice(1, -1) : value;
}

/** The start of a bad line. Never what follows the `=` of an option: that might be a secret. */
function quoted(text: string): string {
  return JSON.stringify(text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text);
}
