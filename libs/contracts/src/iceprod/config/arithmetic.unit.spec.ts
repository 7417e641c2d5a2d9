import { evaluate, formatNumeric } from './arithmetic.js';

const result = (text: string): string | undefined => {
  const value = evaluate(text);
  return value === undefined ? undefined : formatNumeric(value);
};

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
