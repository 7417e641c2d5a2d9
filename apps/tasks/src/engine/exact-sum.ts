/**
 * A sum as two numbers, the second of which holds what the first rounds away. It has some 32 digits: numbers added and
 * taken away again in any order leave the same first number, so that a sum kept by increments is the sum counted afresh.
 */
export type ExactSum = readonly [high: number, low: number];

export const NOTHING: ExactSum = [0, 0];

/** Cuts a number into halves whose products are exact (Dekker). */
const SPLITTER = 2 ** 27 + 1;

const halvesOf = (value: number): readonly [number, number] => {
  const scaled = SPLITTER * value;
  const high = scaled - (scaled - value);
  return [high, value - high];
};

/** Two numbers as their rounded sum and the rest (Knuth). */
const added = (a: number, b: number): ExactSum => {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
};

/** As {@link added}, for a number and one that is much smaller. */
const settled = (high: number, low: number): ExactSum => {
  const sum = high + low;
  return [sum, low - (sum - high)];
};

export const plus = (one: ExactSum, other: ExactSum): ExactSum => {
  const [high, rest] = added(one[0], other[0]);
  const [low, lowest] = added(one[1], other[1]);
  const [sum, left] = settled(high, rest + low);
  return settled(sum, left + lowest);
};

/** The product of two numbers, to the last digit. */
export const product = (a: number, b: number): ExactSum => {
  const high = a * b;
  const [aHigh, aLow] = halvesOf(a);
  const [bHigh, bLow] = halvesOf(b);
  return [high, aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
};

export const square = ([high, low]: ExactSum): ExactSum => {
  const [whole, rest] = product(high, high);
  return settled(whole, rest + 2 * high * low);
};

export const times = ([high, low]: ExactSum, factor: number): ExactSum => {
  const [whole, rest] = product(high, factor);
  return settled(whole, rest + low * factor);
};
