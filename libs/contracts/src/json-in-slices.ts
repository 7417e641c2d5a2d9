import { behindString, behindValue } from './raw-json.js';

/** Characters that are parsed without a pause: some tenths of a millisecond. */
const CHARACTERS_AT_ONCE = 32 * 1024;

/** Lists and objects that are taken apart are nested so deep at most. */
const LEVELS_MAX = 200;

const WHITESPACE: ReadonlySet<string> = new Set([' ', '\t', '\n', '\r']);

/**
 * What `JSON.parse` gives, for texts of many megabytes: yields where others may take their turn. Throws a SyntaxError, as it does. A single string
 * is parsed at once, however long it is.
 *
 * @param atOnce characters between two yields, about
 */
export function* parseInSlices(text: string, atOnce = CHARACTERS_AT_ONCE): Generator<void, unknown, void> {
  if (text.length <= atOnce) return JSON.parse(text) as unknown;
  const parser = new SlicedParser(text, atOnce);
  const value = yield* parser.value(0);
  parser.expectEnd();
  return value;
}

/** As {@link parseInSlices}; undefined for a text that is no JSON. */
export function* valueInSlices(text: string): Generator<void, unknown, void> {
  try {
    return yield* parseInSlices(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class SlicedParser {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly atOnce: number,
  ) {}

  *value(level: number): Generator<void, unknown, void> {
    const first = this.next();
    const end = this.endOfSmall();
    if (end !== undefined) return this.parsedUpTo(end);
    if (first !== '{' && first !== '[') return this.parsedUpTo(behindValue(this.text, this.at));
    if (level > LEVELS_MAX) throw this.broken();
    return yield* first === '{' ? this.object(level) : this.list(level);
  }

  expectEnd(): void {
    if (this.next() !== undefined) throw this.broken();
  }

  private *object(level: number): Generator<void, unknown, void> {
    const members: [name: string, value: unknown][] = [];
    this.expect('{');
    if (this.takes('}')) return {};
    do {
      if (this.next() !== '"') throw this.broken();
      const name = String(this.parsedUpTo(behindString(this.text, this.at)));
      this.expect(':');
      members.push([name, yield* this.value(level + 1)]);
      yield;
    } while (this.takes(','));
    this.expect('}');
    return Object.fromEntries(members);
  }

  private *list(level: number): Generator<void, unknown, void> {
    const elements: unknown[] = [];
    this.expect('[');
    if (this.takes(']')) return elements;
    do {
      this.next();
      const several = this.smallElements();
      if (several === undefined) elements.push(yield* this.value(level + 1));
      else for (const element of several) elements.push(element);
      yield;
    } while (this.takes(','));
    this.expect(']');
    return elements;
  }

  /** Consecutive elements of a list that are small together. */
  private smallElements(): readonly unknown[] | undefined {
    const from = this.at;
    let behind: number | undefined;
    for (;;) {
      const end = this.endOfSmall();
      if (end === undefined || end - from > this.atOnce) break;
      behind = end;
      this.at = end;
      if (!this.takes(',')) break;
      this.next();
    }
    if (behind === undefined) {
      this.at = from;
      return undefined;
    }
    this.at = behind;
    return JSON.parse(`[${this.text.slice(from, behind)}]`) as unknown[];
  }

  /** Index behind the value that begins here; undefined when it is not small. */
  private endOfSmall(): number | undefined {
    const window = this.text.slice(this.at, this.at + this.atOnce);
    try {
      const end = this.at + behindValue(window, 0);
      // A number at the end of the window may go on.
      return end === this.at + this.atOnce && end < this.text.length ? undefined : end;
    } catch {
      return undefined;
    }
  }

  private parsedUpTo(end: number): unknown {
    const value: unknown = JSON.parse(this.text.slice(this.at, end));
    this.at = end;
    return value;
  }

  private takes(character: string): boolean {
    if (this.next() !== character) return false;
    this.at += 1;
    return true;
  }

  private expect(character: string): void {
    if (!this.takes(character)) throw this.broken();
  }

  private next(): string | undefined {
    while (WHITESPACE.has(this.text[this.at] ?? '')) this.at += 1;
    return this.text[this.at];
  }

  private broken(): SyntaxError {
    return new SyntaxError(`Not valid JSON at ${this.at}`);
  }
}
