/** A kind of value of any size. */
export interface Shape {
  readonly name: string;
  /** Text of about so many characters. */
  readonly of: (characters: number) => string;
  /** Characters per value of JSON in it, or per name of a member. */
  readonly charactersPerValue?: number;
}

const repeated = (name: string, part: string, end = ''): Shape => ({
  name,
  of: (characters) => part.repeat(Math.ceil(characters / part.length)) + end,
});

/** Texts that patterns and scanners read again and again when they are not careful. */
export const GROWING_TEXTS: readonly Shape[] = [
  repeated('digits', '1', 'x'),
  repeated('a huge exponent', '9', 'e9999'),
  repeated('blanks', ' ', 'x'),
  { name: 'blanks inside', of: (characters) => `x${' \t'.repeat(characters / 2)}x` },
  repeated('letters', 'a', '!'),
  repeated('pairs of surrogates', '😀'),
  { name: 'marks on one letter', of: (characters) => `e${'\u0301'.repeat(characters)}` },
  repeated('escapes', '%41'),
  repeated('broken escapes', '%'),
  repeated('bars', 'a|'),
  repeated('commas', ',a '),
  repeated('dots', 'a.'),
  repeated('dashes', '-', 'x'),
  repeated('slashes', '/', 'x'),
  repeated('colons and semicolons', 'urn:uuid:;q='),
  repeated('quotes', '\'"'),
  repeated('backslashes', '\\', '"'),
  repeated('opening brackets', '([{<'),
  repeated('beginnings of tokens', 'eyJ-'),
  repeated('beginnings of addresses', 'x@https://'),
  repeated('beginnings of macros', '$('),
  { name: 'a sum of digits', of: (characters) => `$sum(${'1'.repeat(characters)}x,1)` },
  { name: 'an expression of digits', of: (characters) => `$eval(${'1'.repeat(characters)}x)` },
  { name: 'an expression of products', of: (characters) => `$eval(${'99*'.repeat(characters / 3)}9)` },
  {
    name: 'a format with many arguments',
    of: (characters) => `$sprintf("${'%d'.repeat(characters / 4)}"${',1'.repeat(characters / 4)})`,
  },
  {
    name: 'a format with wide arguments',
    of: (characters) => `$sprintf("${'%999d'.repeat(characters / 7)}"${',1'.repeat(characters / 7)})`,
  },
];

/** Of all texts, those that every text of every route gets. */
export const COMMON_TEXTS: readonly string[] = [
  'digits',
  'a huge exponent',
  'blanks',
  'blanks inside',
  'a sum of digits',
];

const listOf = (characters: number, each: number, element: (index: number) => string): string =>
  Array.from({ length: Math.max(1, Math.floor(characters / each)) }, (_, index) => element(index)).join(',');

/** Elements of a list, or members of an object, of about `each` characters. */
const many = (name: string, each: number, values: number, element: (index: number) => string): Shape => ({
  name,
  of: (characters) => listOf(characters, each, element),
  charactersPerValue: each / values,
});

const LEVELS = 90;
const DEEP = '['.repeat(LEVELS) + ']'.repeat(LEVELS);
const DOTTED = '.d'.repeat(30);

export const GROWING_NUMBERS: readonly Shape[] = [
  repeated('the literal of a long integer', '1'),
  { name: 'the literal of a long fraction', of: (characters) => `0.${'0'.repeat(characters)}1` },
  { name: 'the literal of a huge exponent', of: (characters) => `1e${'9'.repeat(characters)}` },
];

export const GROWING_ELEMENTS: readonly Shape[] = [
  many('numbers', 2, 1, () => '1'),
  many('texts', 9, 1, (index) => `"t${index}"`),
  many('equal texts', 4, 1, () => '"a"'),
  many('objects', 3, 1, () => '{}'),
  many('deep lists', DEEP.length + 1, LEVELS, () => DEEP),
];

export const GROWING_MEMBERS: readonly Shape[] = [
  many('many members', 10, 1, (index) => `"m${index}":1`),
  many('members of one name', 6, 1, () => '"m":1'),
  many('dotted names', DOTTED.length + 11, 1, (index) => `"d${index}${DOTTED}":1`),
  many('numbers that are none', 12, 1, (index) => `"x${index}":NaN`),
  { name: 'a long name', of: (characters) => `"${'n'.repeat(characters)}":1` },
  { name: 'a long dotted name', of: (characters) => `"${'d.'.repeat(characters / 2)}d":1` },
];
