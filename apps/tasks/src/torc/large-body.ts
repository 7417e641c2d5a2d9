import { DomainError } from '#platform/domain-error.js';
import { behindValue, stringIn } from '#contracts/raw-json.js';
import { badRequest } from '#contracts/torc/refusals.js';
import { torcErrors } from './torc-errors.js';

/** No document may be so long. The bound keeps the time short in which a value is looked for and parsed. */
const VALUE_CHARACTERS_MAX = 5 * 1024 * 1024;

/** The members of a large JSON object. */
export interface LargeBody {
  /** Raw JSON. */
  readonly values: ReadonlyMap<string, string>;
  /** Elements of the members that were to be taken apart and are lists. Nobody has checked that each is valid JSON. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

const WHITESPACE = new Set([' ', '\t', '\n', '\r']);

/** Reads valid JSON from the left to the right. Throws a refusal at anything else. */
class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Whether the character comes next; then it is passed. */
  takes(character: string): boolean {
    if (this.next() !== character) return false;
    this.at += 1;
    return true;
  }

  expect(character: string): void {
    if (!this.takes(character)) throw badRequest(`the body is not valid JSON: ${character} expected at ${this.at}`);
  }

  name(): string {
    if (this.next() !== '"') throw badRequest(`the body is not valid JSON: a name expected at ${this.at}`);
    return stringIn(this.checked('a name'));
  }

  /** A value that is valid JSON. */
  checked(place: string): string {
    const raw = this.unchecked(place);
    try {
      JSON.parse(raw);
      return raw;
    } catch {
      throw badRequest(`${place} is not valid JSON`);
    }
  }

  /** A value, if it is valid JSON, and something else otherwise. */
  unchecked(place: string): string {
    this.next();
    const near = this.text.slice(this.at, this.at + VALUE_CHARACTERS_MAX);
    try {
      const raw = near.slice(0, behindValue(near, 0));
      this.at += raw.length;
      return raw;
    } catch {
      // What does not end may be broken, but all of it would have to be read to know.
      const isCut = near.length === VALUE_CHARACTERS_MAX && /^["[{]/.test(near);
      throw isCut
        ? torcErrors.tooLarge(`${VALUE_CHARACTERS_MAX} characters in ${place}`)
        : badRequest(`${place} is not valid JSON`);
    }
  }

  expectEnd(): void {
    if (this.next() !== undefined) throw badRequest(`the body is not valid JSON: it should end at ${this.at}`);
  }

  private next(): string | undefined {
    while (WHITESPACE.has(this.text[this.at] ?? '')) this.at += 1;
    return this.text[this.at];
  }
}

function* elements(reader: Reader, list: string): Generator<void, readonly string[], void> {
  const found: string[] = [];
  if (reader.takes(']')) return found;
  for (;;) {
    found.push(reader.unchecked(`${list}[${found.length}]`));
    yield;
    if (reader.takes(']')) return found;
    reader.expect(',');
  }
}

/**
 * Takes a large JSON object apart without parsing it as a whole: a piece between two yields. Of a repeated name the last value
 * counts.
 *
 * @param lists names of members whose elements are wanted
 */
export function* readLargeBody(body: string, lists: readonly string[]): Generator<void, LargeBody | DomainError, void> {
  const reader = new Reader(body);
  const values = new Map<string, string>();
  const elementsOf = new Map<string, readonly string[]>();
  try {
    reader.expect('{');
    if (!reader.takes('}')) {
      do {
        const name = reader.name();
        reader.expect(':');
        values.delete(name);
        elementsOf.delete(name);
        if (lists.includes(name) && reader.takes('[')) elementsOf.set(name, yield* elements(reader, name));
        else values.set(name, reader.checked(name.slice(0, 100)));
      } while (reader.takes(','));
      reader.expect('}');
    }
    reader.expectEnd();
    return { values, lists: elementsOf };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
