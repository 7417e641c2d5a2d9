import { DifferentNames } from './different-names.js';

/** What a JSON text may have at most. */
export interface JsonLimits {
  /** Strings, numbers, booleans, nulls, lists and objects; names of members do not count. */
  readonly valuesMax: number;
  /** Of members. Each costs a parser several times as much as an element of a list. */
  readonly namesMax: number;
  /** Of names that differ: a parser takes ten times as long for one that it has not seen. Without it, as many as there may be names. */
  readonly differentNamesMax?: number;
  /** Of nested lists and objects. */
  readonly levelsMax: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

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
  private readonly differentNames: DifferentNames | undefined;
  /** Whether a level is an object. */
  private readonly objects: boolean[] = [];
  /** Whether the next string, or the one that is scanned, is a name. */
  private isName = false;

  constructor(private readonly limits: JsonLimits) {
    if (limits.differentNamesMax !== undefined) this.differentNames = new DifferentNames();
  }

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
    const name = this.isName ? this.differentNames : undefined;
    let at = start;
    if (this.isEscaped) {
      this.isEscaped = false;
      name?.add(chunk[at] ?? 0);
      at += 1;
    }
    for (; at < length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (byte === BACKSLASH) {
        at += 1;
        this.isEscaped = at === length;
        name?.add(byte);
        if (!this.isEscaped) name?.add(chunk[at] ?? 0);
      } else if (byte === QUOTE) {
        this.isInString = false;
        return at + 1;
      } else name?.add(byte);
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
          if (this.isName) this.differentNames?.begin();
          return at + 1;
        case OPEN:
          this.countValue();
          this.openLevel(chunk[at] === BRACE);
          break;
        case CLOSE:
          // What closes more than was opened is no JSON.
          if (this.levels > 0) this.levels -= 1;
          this.isName = false;
          break;
        case COMMA:
          this.isName = this.objects[this.levels] ?? false;
          break;
        case COLON:
          this.countName();
          this.isName = false;
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
    const { differentNames } = this;
    if (differentNames === undefined) return;
    const { differentNamesMax = Infinity } = this.limits;
    differentNames.end();
    if (differentNames.count > differentNamesMax) this.excess ??= `has more than ${differentNamesMax} different names`;
  }

  private openLevel(isObject: boolean): void {
    this.levels += 1;
    this.isName = isObject;
    const { levelsMax } = this.limits;
    if (this.levels > levelsMax) this.excess ??= `is nested deeper than ${levelsMax} levels`;
    else this.objects[this.levels] = isObject;
  }
}
