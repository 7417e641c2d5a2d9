/**
 * Ranges of ordinals as few blocks, so that an index finds the ranges that contain an ordinal: blocks have 1, 4, 16, ... ordinals, each beginning at
 * a multiple of its size. A range of n ordinals is about 6 log4 n blocks at most, and an ordinal is in one block of each size.
 */
const SIZES = 16;
const STEP = 4;

/** One number for each block. */
const blockOf = (ordinal: number, level: number): number => Math.floor(ordinal / STEP ** level) * SIZES + level;

/** Blocks that together are exactly the inclusive range. */
export function* blocksOfRange(first: number, last: number): Generator<number, void, void> {
  for (let at = first; at <= last;) {
    let level = 0;
    let size = 1;
    while (level < SIZES - 1 && at % (size * STEP) === 0 && at + size * STEP - 1 <= last) {
      level += 1;
      size *= STEP;
    }
    yield blockOf(at, level);
    at += size;
  }
}

/** All blocks that contain the ordinal. */
export const blocksAround = (ordinal: number): readonly number[] =>
  Array.from({ length: SIZES }, (_, level) => blockOf(ordinal, level));
