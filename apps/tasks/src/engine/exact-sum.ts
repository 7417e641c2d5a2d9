/**
 * A sum in double-double arithmetic: the second number is the rounding error of the first. It has about 32 digits. Numbers can
 * be added and subtracted in any order, and a sum kept by increments equals the sum computed from all numbers.
 */
export type ExactSum = readonly [high: number, low: number];

export const ZERO: ExactSum = [0, 0];

/** Splits a number into halves whose products are exact (Dekker). */
const SPLITTER = 2 ** 27 + 1;

const split = (value: number): readonly [number, number] => {
  const scaled = SPLITTER * value;
  const high = scaled - (scaled - value);
  return [high, value - high];
};

/** The rounded sum of two numbers and its error (Knuth's TwoSum). */
const twoSum = (a: number, b: number): ExactSum => {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
};

/** As {@link twoSum}, for a large and a much smaller number. */
const quickTwoSum = (high: number, low: number): ExactSum => {
  const sum = high + low;
  return [sum, low - (sum - high)];
};

export const plus = (one: ExactSum, other: ExactSum): ExactSum => {
  const [high, rest] = twoSum(one[0], other[0]);
  const [low, lowest] = twoSum(one[1], other[1]);
  const [sum, left] = quickTwoSum(high, rest + low);
  return quickTwoSum(sum, left + lowest);
};

/** The product of two numbers, to the last digit. */
export const product = (a: number, b: number): ExactSum => {
  const high = a * b;
  const [aHigh, aLow] = split(a);
  const [bHigh, bLow] = split(b);
  return [high, aLow * bLow - (high - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
};

export const square = ([high, low]: ExactSum): ExactSum => {
  const [whole, rest] = product(high, high);
  return quickTwoSum(whole, rest + 2 * high * low);
};

export const times = ([high, low]: ExactSum, factor: number): ExactSum => {
  const [whole, rest] = product(high, factor);
  return quickTwoSum(whole, rest + low * factor);
};
