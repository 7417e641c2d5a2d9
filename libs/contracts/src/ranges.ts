import type { Ranges } from './work-events.js';

/** Ranges that one event may hold: with ordinals of ten digits still below the size limit of an event. */
export const RANGES_PER_EVENT_MAX = 8_000;

/** The ordinals as ascending, disjoint, inclusive ranges. Order and repeats do not matter. */
export const rangesOf = (ordinals: readonly number[]): Ranges => {
  const ranges: [number, number][] = [];
  let last: [number, number] | undefined;
  for (const ordinal of Float64Array.from(ordinals).sort()) {
    if (last !== undefined && ordinal <= last[1] + 1) {
      last[1] = ordinal;
    } else {
      last = [ordinal, ordinal];
      ranges.push(last);
    }
  }
  return ranges;
};

/** Cuts ranges into pieces that each fit an event. */
export const rangesPerEvent = (ranges: Ranges): Ranges[] => {
  const pieces: Ranges[] = [];
  for (let at = 0; at < ranges.length; at += RANGES_PER_EVENT_MAX) {
    pieces.push(ranges.slice(at, at + RANGES_PER_EVENT_MAX));
  }
  return pieces;
};

/** Cuts ranges into consecutive ranges of at most `size` ordinals, for work in slices. */
export function* slicesOf(ranges: Ranges, size: number): Generator<readonly [number, number], void, void> {
  for (const [first, last] of ranges) {
    for (let from = first; from <= last; from += size) yield [from, Math.min(last, from + size - 1)];
  }
}
