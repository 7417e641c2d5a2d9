// xoshiro256** would be the choice in C; in JavaScript its 32-bit sister is fast and good enough for 10^9 numbers.

const rotate = (x, bits) => (x << bits) | (x >>> (32 - bits));

/** Spreads one seed over the state (splitmix32). */
const spread = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
};

/** xoshiro128**: uniform numbers in (0, 1), the same for the same seed on every machine. */
export const random = (seed) => {
  const next = spread(seed);
  let [a, b, c, d] = [next(), next(), next(), next()];
  const bits = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  return () => ((bits() >>> 6) * 67108864 + (bits() >>> 6) + 0.5) / 4503599627370496;
};
