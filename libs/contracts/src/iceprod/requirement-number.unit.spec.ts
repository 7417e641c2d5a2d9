import { numberOf } from './requirement-number.js';

it.each([
  ['1', 1],
  ['"1.5"', 1.5],
  ['" 2. "', 2],
  ['".5e1"', 5],
  ['1e3', 1000],
])('reads the number in %s', (raw, value) => {
  expect(numberOf(raw)).toBe(value);
});

it.each([undefined, '""', '"1x"', '"0x10"', '"1.2.3"', 'null', '[1]', '1e999'])('finds no number in %s', (raw) => {
  expect(numberOf(raw)).toBeUndefined();
});

// A pattern that takes quadratic time needs minutes for this, and the test would time out.
it('refuses a long text at once', () => {
  expect(numberOf(`"${'1'.repeat(300_000)}x"`)).toBeUndefined();
});
