import fc from 'fast-check';

/** Nesting deep enough to overflow the stack of a recursive parser. */
const DEEP = 10_000;

/** Texts that have broken servers before. */
const HOSTILE_TEXTS = [
  ...['', ' ', '.', '..', '../../etc/passwd', '%00', '\u0000', 'a\u0000b', '\r\nSet-Cookie: a=b', '\u2028', '\u202e'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '$where', '$ne', 'a.b.c', '.a', 'a.', '__proto__.a'],
  ...['|', '-1', '0', '1e400', '9007199254740993', 'NaN', 'Infinity', 'true', 'null', '[]', '{}', '*', '?', '/', 'a/b'],
  ...['😀', '\uD800', '\uDC00\uD800', '\uFEFF', "'; DROP TABLE unit; --", '%', '${7*7}', '(?:a+)+$', '>', 'cairn.>'],
  ...['x'.repeat(2_000), '2026-01-01T00:00:00.000000', '2026-01-01T00:00:00Z', '9999-99-99'],
] as const;

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** Literals of numbers, because JSON has some that JavaScript does not. */
export const HOSTILE_NUMBERS = [
  ...['0', '-0', '-1', '1', '1.0', '1.5', '1e308', '1e400', '-1e400', '5e-324', '1E+2', '0.1e-7'],
  ...['9007199254740993', '123456789012345678901234567890', '2147483648', '-2147483649', '18446744073709551616'],
] as const;

const deep = (open: string, close: string, levels = DEEP): string => `${open.repeat(levels)}1${close.repeat(levels)}`;

/** JSON texts of any value, including some that break parsers. */
export const anyLiteral: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('null', 'true', 'false', '[]', '{}', '[null]', '[[]]', '[{}]', '{"$gt":""}'),
  },
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_NUMBERS) },
  { weight: 4, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      deep('[', ']'),
      deep('{"a":', '}'),
      '9'.repeat(5_000),
      `0.${'0'.repeat(5_000)}1`,
      JSON.stringify('y'.repeat(300_000)),
      JSON.stringify('\u0000'.repeat(1_000)),
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '{"__proto__":{"a":1},"constructor":{"prototype":{"b":1}}}',
      `[${'0,'.repeat(20_000)}0]`,
    ),
  },
);

/** Bytes that are not UTF-8, and texts that are not JSON. */
export const brokenBody: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc.constantFrom(
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '7',
    '{"a":1}{"b":2}',
    '\uFEFF{}',
    '{"a":"\\ud800"}',
    '{"a":01}',
    "{'a':1}",
  ),
  fc.constantFrom(
    '['.repeat(DEEP),
    '{"a":'.repeat(DEEP),
    deep('[', ']'),
    deep('{"__proto__":', '}'),
    '{"__proto__":{"status":"complete"}}',
    '{"status":"a","status":"b"}',
    '{"a":"\u0001"}',
    '{"a":1,}',
    '/**/{}',
    '\u0000',
  ),
  fc
    .constantFrom(
      'ff',
      '7b22ff223a317d',
      '7b2261223a22c0af227d',
      '7b2261223a22eda080227d',
      '7b2261223a22f4908080227d',
      '7b2261',
    )
    .map((hex) => Buffer.from(hex, 'hex')),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  hostileText,
);

/** Parts of paths and query strings that cannot or must not be decoded. */
export const BAD_ESCAPES = [
  '%',
  '%zz',
  '%F0%28',
  '%C0%AF',
  '%ED%A0%80',
  '%2F',
  '%00',
  '%0D%0A',
  'a%20b',
  '%2e%2e',
  '%252F',
] as const;

/** Query strings that match no parameter. */
export const QUERY_NOISE = [
  ...[
    '&&==&',
    'x=%',
    '%',
    'keys[]=a&keys[]=b',
    'keys=__proto__|constructor.a|$where|_id|.|a..b',
    '=&=',
    '?a=b',
    'a=b#c',
  ],
  `x=${'y'.repeat(20_000)}`,
  'a=b&'.repeat(5_000),
] as const;
