import fc from 'fast-check';
import { DomainError } from '#platform/domain-error.js';
import {
  elementsOf,
  isDeeperThan,
  isTooLargeAPatch,
  kindOf,
  membersOf,
  mergeFields,
  objectText,
  outgrows,
} from './raw-json.js';

const spaced = (value: unknown, space: string): string => JSON.stringify(value, null, space);
const space = fc.constantFrom('', ' ', '\t');
const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true });

describe('membersOf', () => {
  it('keeps the text of every value', () => {
    expect([
      ...membersOf(' { "a" : 1.0 , "b":[ 1, {"c":"}\\""}],"c":12345678901234567890,"d":-1e-7,"e":null }'),
    ]).toEqual([
      ['a', '1.0'],
      ['b', '[ 1, {"c":"}\\""}]'],
      ['c', '12345678901234567890'],
      ['d', '-1e-7'],
      ['e', 'null'],
    ]);
  });

  it('takes the last value of a repeated name, as JSON.parse does', () => {
    expect([...membersOf('{"a":1,"b":2,"a":3}')]).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it('treats __proto__ as any name', () => {
    expect([...membersOf('{"__proto__":{"x":1}}')]).toEqual([['__proto__', '{"x":1}']]);
  });

  it('agrees with JSON.parse on any object, however it is spaced', () =>
    fc.assert(
      fc.property(object, space, (generated, indent) => {
        // JSON has no -0: what is compared has been a text once.
        const value = JSON.parse(JSON.stringify(generated)) as Record<string, unknown>;
        const members = membersOf(spaced(value, indent));
        expect(new Set(members.keys())).toEqual(new Set(Object.keys(value)));
        for (const [name, raw] of members)
          expect(JSON.parse(raw)).toEqual(Object.getOwnPropertyDescriptor(value, name)?.value);
        expect(JSON.parse(objectText(members))).toEqual(value);
      }),
    ));

  it('ends with an error on text that is no object, whatever it is', () => {
    for (const text of ['', '{', '{"a', '{"a":', '{"a":[', '{"a":"\\', '[1]', '1', '{a:1}', '{"a":}']) {
      expect(() => membersOf(text)).toThrow(SyntaxError);
    }
  });

  it('never loops on arbitrary text', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', ' ') }), (text) => {
        try {
          membersOf(`{${text}`);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    ));
});

describe('elementsOf', () => {
  it('agrees with JSON.parse on any array', () =>
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), space, (value, indent) => {
        expect(elementsOf(spaced(value, indent)).map((raw) => JSON.parse(raw) as unknown)).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    ));
});

describe('isDeeperThan', () => {
  it.each<[number, string, boolean]>([
    [2, '{"a":{"b":[1]}}', true],
    [3, '{"a":{"b":[1]}}', false],
    [1, '[[],[],[],[]]', true],
    [2, '[[],[],[],[]]', false],
    [1, '["[[[[[[", "{\\"{{{"]', false],
    [0, '"[[[["', false],
  ])('more than %d levels: %s', (levels, text, expected) => {
    expect(isDeeperThan(levels, text)).toBe(expected);
  });
});

describe('kindOf', () => {
  it.each([
    [' {}', 'object'],
    ['[1]', 'array'],
    ['"{"', 'string'],
    ['-1', 'number'],
    ['\n0.5', 'number'],
    ['true', 'boolean'],
    ['false', 'boolean'],
    ['null', 'null'],
  ])('%s is %s', (raw, kind) => expect(kindOf(raw)).toBe(kind));
});

describe('a patch', () => {
  const dotted = (names: number): string =>
    `{${Array.from({ length: names }, (_, index) => `"a${index}${'.b'.repeat(30)}":1`).join(',')}}`;

  it.each([
    ['{"a.b":1}', false],
    [dotted(100), false],
    [dotted(200), true],
    [JSON.stringify({ a: 'x'.repeat(100_000) }), false],
    [JSON.stringify({ a: 'x'.repeat(300_000) }), true],
  ])('is too large when it is long or sets many nested fields', (patch, expected) => {
    expect(isTooLargeAPatch(patch)).toBe(expected);
  });

  it('may not make a document longer than a million characters, but may shorten one', () => {
    const long = 'x'.repeat(1_100_000);
    expect([outgrows('{}', long), outgrows(long, '{}'), outgrows(long, long), outgrows('{"a":1}', '{}')]).toEqual([
      ...[false, true, false, false],
    ]);
  });
});

describe('mergeFields', () => {
  it('sets, replaces and keeps number texts and order', () => {
    expect(mergeFields('{"a":1.0,"b":2}', '{"b":3.50,"c":{"d":1e3}}')).toBe('{"a":1.0,"b":3.50,"c":{"d":1e3}}');
  });

  it('sets nested fields by dotted names and makes the objects on the way', () => {
    expect(mergeFields('{"r":{"cpu":1.0,"gpu":1}}', '{"r.gpu":2,"x.y.z":"w"}')).toBe(
      '{"r":{"cpu":1.0,"gpu":2},"x":{"y":{"z":"w"}}}',
    );
  });

  it('sets and appends elements of arrays', () => {
    expect(mergeFields('{"d":["a","b"]}', '{"d.0":"c","d.2":"e"}')).toBe('{"d":["c","b","e"]}');
  });

  it('takes fields in their order, also one within what another has set', () => {
    expect(mergeFields('{"a":{"b":1}}', '{"a.c":2,"a":{"d":[3]},"a.d.1":4.0,"a.e.f":5}')).toBe(
      '{"a":{"d":[3,4.0],"e":{"f":5}}}',
    );
  });

  it('opens an object once, however many fields are set in it', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
    const patch = `{${names.map((name) => `"a.${name}":1.0,"b.${name.slice(1)}":1.0`).join(',')}}`;
    const object = names.map((name) => `"${name}":1.0`).join(',');
    expect(mergeFields('{"b":[]}', patch)).toBe(`{"b":[${names.map(() => '1.0').join(',')}],"a":{${object}}}`);
  });

  it.each([
    ['{"a":1}', '{"a.b":2}'],
    ['{"a":[1]}', '{"a.b":2}'],
    ['{"a":[1]}', '{"a.2":2}'],
    ['{"a":"x"}', '{"a.0":2}'],
    ['{}', JSON.stringify({ ['a.'.repeat(5000)]: 1 })],
  ])('refuses a name that leads nowhere: %s with %s', (document, patch) => {
    expect(mergeFields(document, patch)).toBeInstanceOf(DomainError);
  });

  it('equals a shallow merge when no name has a dot', () => {
    const undotted = fc.dictionary(
      fc.string().filter((name) => !name.includes('.')),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(undotted, undotted, (document, patch) => {
        const merged = mergeFields(JSON.stringify(document), JSON.stringify(patch));
        if (merged instanceof DomainError) throw merged;
        const expected = new Map(
          [...Object.entries(document), ...Object.entries(patch)].map(([n, v]) => [n, JSON.stringify(v)]),
        );
        expect(membersOf(merged)).toEqual(expected);
      }),
    );
  });
});
