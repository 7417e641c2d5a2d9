import fc from 'fast-check';
import { DomainError } from '#platform/domain-error.js';
import { isObject } from '#platform/json-object.js';
import { JsonScanner } from './json-scanner.js';

/** The text in chunks that end anywhere, also within characters and escapes. */
const chunksOf = (text: string, borders: readonly number[]): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  const ends = borders.map((border) => border % (bytes.length + 1)).sort((one, other) => one - other);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

const refusal = (chunks: readonly Buffer[], valuesMax: number, levelsMax: number): string | undefined => {
  const scanner = new JsonScanner({ valuesMax, levelsMax });
  try {
    for (const chunk of chunks) scanner.feed(chunk);
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.message : String(error);
  }
};

const partsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
const valuesOf = (value: unknown): number => partsOf(value).reduce<number>((sum, part) => sum + valuesOf(part), 1);
const levelsOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...partsOf(value).map(levelsOf)) : 0;

const borders = fc.array(fc.nat(10_000), { maxLength: 20 });
const blanks = fc.constantFrom(0, 1, '\t', ' \r');

describe('the scanner of JSON in chunks', () => {
  it('counts as many values and levels as JSON.parse makes, wherever chunks end', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'large', maxDepth: 8 }), blanks, borders, (generated, space, at) => {
        const text = JSON.stringify(generated, undefined, space);
        const value: unknown = JSON.parse(text);
        const [values, levels] = [valuesOf(value), levelsOf(value)];
        const chunks = chunksOf(text, at);
        expect(refusal(chunks, values, levels)).toBeUndefined();
        expect(refusal(chunks, values - 1, levels)).toBe(`body has more than ${values - 1} values`);
        if (levels > 0) {
          expect(refusal(chunks, values, levels - 1)).toBe(`body is nested deeper than ${levels - 1} levels`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('counts no brackets, commas, quotes or backslashes in strings and names', () => {
    const text = JSON.stringify({ '[{",:\\"\\': '\\"[[[[,,,,{{{{\\\\', '\\': ['"', '\\'] });
    for (let end = 0; end <= text.length; end += 1) {
      expect(refusal(chunksOf(text, [end]), 5, 2)).toBeUndefined();
      expect(refusal(chunksOf(text, [end]), 4, 2)).toBe('body has more than 4 values');
    }
  });

  it('counts values of repeated names, and NaN as one value', () => {
    const text = '{"a":NaN,"a":[-Infinity,1],"a":3}';
    expect(refusal([Buffer.from(text)], 6, 2)).toBeUndefined();
    expect(refusal([Buffer.from(text)], 5, 2)).toBe('body has more than 5 values');
  });

  it.each([
    ['brackets without end', '['.repeat(1_000), 'body is nested deeper than 100 levels'],
    ['lists beside each other', `[${'[],'.repeat(1_000)}`, 'body has more than 500 values'],
    ['objects beside each other', `[${'{},'.repeat(1_000)}`, 'body has more than 500 values'],
    ['numbers', `[${'1,'.repeat(1_000)}`, 'body has more than 500 values'],
    ['strings', `[${'"",'.repeat(1_000)}`, 'body has more than 500 values'],
    ['strings without commas', '""'.repeat(1_000), 'body has more than 500 values'],
    ['members', `{${'"a":1,'.repeat(1_000)}`, 'body has more than 500 values'],
  ])('refuses broken JSON as soon as a limit is exceeded: %s', (_, text, reason) => {
    expect(refusal([Buffer.from(text)], 500, 100)).toBe(reason);
  });
});
