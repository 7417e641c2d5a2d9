import { evaluate, formatNumeric, parseNumeric } from './arithmetic.js';

const result = (text: string): string | undefined => {
  const value = evaluate(text);
  return value === undefined ? undefined : formatNumeric(value);
};

describe('parseNumeric', () => {
  it.each([
    ['7', 7n],
    [' +7 ', 7n],
    ['-0.5', -0.5],
    ['1.', 1],
    ['.5e-1', 0.05],
    ['1E3', 1000],
  ])('reads %j as Python does', (text, value) => {
    expect(parseNumeric(text)).toBe(value);
  });

  it.each(['', '.', '1.2.3', '1e', '0x1', 'nan', '1 2', '--1'])('does not take %j for a number', (text) => {
    expect(parseNumeric(text)).toBeUndefined();
  });

  // A pattern that takes quadratic time needs minutes for these, and the test would time out.
  it.each([
    ['an x behind digits', `${'1'.repeat(300_000)}x`],
    ['an x behind a fraction', `.${'1'.repeat(300_000)}x`],
    ['digits only', '1'.repeat(300_000)],
    ['spaces between digits', `1${' '.repeat(300_000)}1`],
  ])('refuses a long text at once: %s', (_, text) => {
    expect(parseNumeric(text)).toBeUndefined();
  });
});

describe('evaluate', () => {
  it.each([
    ['21234*100000 + 17', '2123400017'],
    ['(21234*100000 + 17) % 100000000 + 1', '23400018'],
    ['1234//1000*1000+999', '1999'],
    ['7 / 2', '3.5'],
    ['4/2', '2.0'],
    ['-7 // 2', '-4'],
    ['-7 % 3', '2'],
    ['-2**2', '-4'],
    ['2**3**2', '512'],
    ['2**-1', '0.5'],
    ['1e3*0.5', '500.0'],
    ['9007199254740993 + 2', '9007199254740995'],
    ['1e-7', '1e-07'],
  ])('gives for %s what Python gives', (text, expected) => {
    expect(result(text)).toBe(expected);
  });

  it.each(['', '1 +', '(1', 'a + 1', '1/0', '2 % 0', '1 2', '2**4096', '__import__("os")'])(
    'leaves %j alone',
    (text) => {
      expect(result(text)).toBeUndefined();
    },
  );

  it.each([
    ['powers of powers', '((2**1024)**1024)**1024'],
    ['long products', Array.from({ length: 2000 }, () => '9**1000').join('*')],
    ['long numbers', `${'9'.repeat(5000)} + 1`],
    ['deep parentheses', `${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
    ['many signs', `${'-'.repeat(50_000)}1`],
  ])('leaves %s alone, which would take all memory or time', (_, text) => {
    expect(result(text)).toBeUndefined();
  });
});
