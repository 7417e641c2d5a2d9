/** What a JSON text may have at most. */
export interface JsonLimits {
  /** Strings, numbers, booleans, nulls, lists and objects; names of members do not count. */
  readonly valuesMax: number;
  /** Of members. Each costs a parser several times as much as an element of a list. */
  readonly namesMax: number;
  /** Of nested lists and objects. */
  readonly levelsMax: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte outside strings means. */
const SCALAR = 0;
const BLANK = 1;
const STRING = 2;
const OPEN = 3;
const CLOSE = 4;
const COMMA = 5;
const COLON = 6;

const MEANINGS = new Uint8Array(256).fill(SCALAR);
for (const [characters, meaning] of [
  [' \t\n\r', BLANK],
  ['"', STRING],
  ['[{', OPEN],
  [']}', CLOSE],
  [',', COMMA],
  [':', COLON],
] as const) {
  for (const byte of Buffer.from(characters)) MEANINGS[byte] = meaning;
}

/**
 * Counts the values and levels of a JSON text that arrives in chunks, before anything parses it. It does not check that the
 * text is JSON: of other text it counts at least what a parser would make until the first error.
 */
export class JsonScanner {
  private excess: string | undefined;
  private values = 0;
  private names = 0;
  private levels = 0;
  private isInString = false;
  private isEscaped = false;
  private isInScalar = false;

  constructor(private readonly limits: JsonLimits) {}

  /** What the text so far has too much of, as the end of a sentence about it; undefined when it keeps the limits. */
  feed(chunk: Uint8Array): string | undefined {
    const { length } = chunk;
    let at = 0;
    while (at < length) at = this.isInString ? this.scanString(chunk, at) : this.scanOutside(chunk, at);
    return this.excess;
  }

  /** Index behind the string's end, or behind the chunk. */
  private scanString(chunk: Uint8Array, start: number): number {
    const { length } = chunk;
    let at = start;
    if (this.isEscaped) {
      this.isEscaped = false;
      at += 1;
    }
    for (; at < length; at += 1) {
      const byte = chunk[at];
      if (byte === BACKSLASH) {
        at += 1;
        this.isEscaped = at === length;
      } else if (byte === QUOTE) {
        this.isInString = false;
        return at + 1;
      }
    }
    return at;
  }

  /** Index of the next string's content, or behind the chunk. */
  private scanOutside(chunk: Uint8Array, start: number): number {
    const { length } = chunk;
    for (let at = start; at < length; at += 1) {
      const meaning = MEANINGS[chunk[at] ?? 0];
      if (meaning === SCALAR) {
        if (!this.isInScalar) this.countValue();
        this.isInScalar = true;
        continue;
      }
      this.isInScalar = false;
      switch (meaning) {
        case STRING:
          this.countValue();
          this.isInString = true;
          return at + 1;
        case OPEN:
          this.countValue();
          this.openLevel();
          break;
        case CLOSE:
          this.levels -= 1;
          break;
        case COLON:
          this.countName();
      }
    }
    return length;
  }

  private countValue(): void {
    this.values += 1;
    const { valuesMax } = this.limits;
    if (this.values > valuesMax) this.excess ??= `has more than ${valuesMax} values`;
  }

  /** The string before was a name. */
  private countName(): void {
    this.values -= 1;
    this.names += 1;
    const { namesMax } = this.limits;
    if (this.names > namesMax) this.excess ??= `has more than ${namesMax} names`;
  }

  private openLevel(): void {
    this.levels += 1;
    const { levelsMax } = this.limits;
    if (this.levels > levelsMax) this.excess ??= `is nested deeper than ${levelsMax} levels`;
  }
}
