import { invalid } from '../route/request-source.js';
import type { BodyLimits } from './body-limits.js';

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
  private values = 0;
  private levels = 0;
  private isInString = false;
  private isEscaped = false;
  private isInScalar = false;

  constructor(private readonly limits: Pick<BodyLimits, 'valuesMax' | 'levelsMax'>) {}

  /** @throws DomainError kind `invalid` as soon as there are too many values or levels */
  feed(chunk: Uint8Array): void {
    const { length } = chunk;
    let at = 0;
    while (at < length) at = this.isInString ? this.scanString(chunk, at) : this.scanOutside(chunk, at);
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
          // The string before it was a name.
          this.values -= 1;
      }
    }
    return length;
  }

  private countValue(): void {
    this.values += 1;
    const { valuesMax } = this.limits;
    if (this.values > valuesMax) throw invalid(`body has more than ${valuesMax} values`);
  }

  private openLevel(): void {
    this.levels += 1;
    const { levelsMax } = this.limits;
    if (this.levels > levelsMax) throw invalid(`body is nested deeper than ${levelsMax} levels`);
  }
}

/** Whether a byte occurs more often than this. */
const occursMoreThan = (most: number, byte: number, body: Buffer): boolean => {
  let count = 0;
  for (let at = body.indexOf(byte); at !== -1; at = body.indexOf(byte, at + 1)) {
    count += 1;
    if (count > most) return true;
  }
  return false;
};

/**
 * Checks the levels of a body so small that it cannot hold too many values. Most have few brackets, and are not scanned.
 *
 * @throws DomainError kind `invalid`
 */
export const checkSmallBody = (body: Buffer, limits: BodyLimits): void => {
  const bracketsMax = limits.levelsMax / 2;
  if (occursMoreThan(bracketsMax, 0x7b, body) || occursMoreThan(bracketsMax, 0x5b, body)) {
    new JsonScanner(limits).feed(body);
  }
};
