import fc from 'fast-check';
import { isObject } from '#platform/json-object.js';
import { JsonScanner } from './json-scanner.js';

/** The text in chunks that end anywhere, also within characters and escapes. */
const chunksOf = (text: string, borders: readonly number[]): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  const ends = borders.map((border) => border % (bytes.length + 1)).sort((one, other) => one - other);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

/** What the text has too much of. */
const excess = (
  chunks: readonly Buffer[],
  limits: { readonly values?: number; readonly names?: number; readonly different?: number; readonly levels?: number },
): string | undefined => {
  const { values = Infinity, names = Infinity, different = Infinity, levels = Infinity } = limits;
  const scanner = new JsonScanner({
    ...{ valuesMax: values, namesMax: names, differentNamesMax: different, levelsMax: levels },
  });
  return chunks.map((chunk) => scanner.feed(chunk)).at(-1);
};

const partsOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
const valuesOf = (value: unknown): number => partsOf(value).reduce<number>((sum, part) => sum + valuesOf(part), 1);
const namesOf = (value: unknown): number =>
  partsOf(value).reduce<number>((sum, part) => sum + namesOf(part), isObject(value) ? Object.keys(value).length : 0);
const differentNamesOf = (value: unknown): ReadonlySet<string> =>
  new Set([
    ...(isObject(value) ? Object.keys(value) : []),
    ...partsOf(value).flatMap((part) => [...differentNamesOf(part)]),
  ]);
const levelsOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...partsOf(value).map(levelsOf)) : 0;

const borders = fc.array(fc.nat(10_000), { maxLength: 20 });
const blanks = fc.constantFrom(0, 1, '\t', ' \r');

describe('the scanner of JSON in chunks', () => {
  it('counts as many values, names and levels as JSON.parse makes, wherever chunks end', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'large', maxDepth: 8 }), blanks, borders, (generated, space, at) => {
        const text = JSON.stringify(generated, undefined, space);
        const value: unknown = JSON.parse(text);
        const different = differentNamesOf(value).size;
        const limits = { values: valuesOf(value), names: namesOf(value), different, levels: levelsOf(value) };
        const chunks = chunksOf(text, at);
        expect(excess(chunks, limits)).toBeUndefined();
        const [values, names, levels] = [limits.values - 1, limits.names - 1, limits.levels - 1];
        expect(excess(chunks, { values })).toBe(`has more than ${values} values`);
        if (names >= 0) expect(excess(chunks, { names })).toBe(`has more than ${names} names`);
        // Two names may have the same hash.
        if (different > 1) {
          expect(excess(chunks, { different: different - 2 })).toBe(`has more than ${different - 2} different names`);
        }
        if (levels >= 0) expect(excess(chunks, { levels })).toBe(`is nested deeper than ${levels} levels`);
      }),
      { numRuns: 500 },
    );
  });

  it('counts no brackets, commas, quotes or backslashes in strings and names', () => {
    const text = JSON.stringify({ '[{",:\\"\\': '\\"[[[[,,,,{{{{\\\\', '\\': ['"', '\\'] });
    for (let end = 0; end <= text.length; end += 1) {
      expect(excess(chunksOf(text, [end]), { values: 5, names: 2, levels: 2 })).toBeUndefined();
      expect(excess(chunksOf(text, [end]), { values: 4 })).toBe('has more than 4 values');
    }
  });

  it('counts values of repeated names, and NaN as one value', () => {
    const text = '{"a":NaN,"a":[-Infinity,1],"a":3}';
    expect(excess([Buffer.from(text)], { values: 6, names: 3 })).toBeUndefined();
    expect(excess([Buffer.from(text)], { values: 5 })).toBe('has more than 5 values');
    expect(excess([Buffer.from(text)], { names: 2 })).toBe('has more than 2 names');
  });

  it.each([
    ['brackets without end', '['.repeat(1_000), 'is nested deeper than 100 levels'],
    ['lists beside each other', `[${'[],'.repeat(1_000)}`, 'has more than 500 values'],
    ['objects beside each other', `[${'{},'.repeat(1_000)}`, 'has more than 500 values'],
    ['numbers', `[${'1,'.repeat(1_000)}`, 'has more than 500 values'],
    ['strings', `[${'"",'.repeat(1_000)}`, 'has more than 500 values'],
    ['strings without commas', '""'.repeat(1_000), 'has more than 500 values'],
    ['members', `{${'"a":1,'.repeat(1_000)}`, 'has more than 500 values'],
  ])('finds the excess of broken JSON: %s', (_, text, reason) => {
    expect(excess([Buffer.from(text)], { values: 500, levels: 100 })).toBe(reason);
  });

  it('tells names apart that differ in escapes only, and knows a name again that was cut in one', () => {
    const [plain, escaped] = ['{"n":1,', '"\\n":1}'];
    expect(excess([Buffer.from(plain + escaped)], { different: 1 })).toBe('has more than 1 different names');
    const twice = '{"a\\n":{"a\\n":1}}';
    const inEscape = twice.lastIndexOf('\\') + 1;
    expect(excess(chunksOf(twice, [inEscape]), { different: 1 })).toBeUndefined();
  });
});
