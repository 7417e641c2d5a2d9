import type { Ranges } from './work-events.js';

/** Maximum ranges in one event: even with ordinals of ten digits they fit its size limit. */
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

/** Divides ranges into chunks that each fit an event. */
export const rangesPerEvent = (ranges: Ranges): Ranges[] => {
  const chunks: Ranges[] = [];
  for (let at = 0; at < ranges.length; at += RANGES_PER_EVENT_MAX) {
    chunks.push(ranges.slice(at, at + RANGES_PER_EVENT_MAX));
  }
  return chunks;
};

/** Cuts ranges into consecutive ranges of at most `size` ordinals, for work in slices. */
export function* slicesOf(ranges: Ranges, size: number): Generator<readonly [number, number], void, void> {
  for (const [first, last] of ranges) {
    for (let from = first; from <= last; from += size) yield [from, Math.min(last, from + size - 1)];
  }
}
