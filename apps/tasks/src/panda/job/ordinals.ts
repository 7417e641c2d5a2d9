import type { Ranges } from '#contracts/work-events.js';

/** Each ordinal of ranges, ascending. */
export function* ordinalsOf(ranges: Ranges): Generator<number, void, void> {
  for (const [first, last] of ranges) for (let ordinal = first; ordinal <= last; ordinal += 1) yield ordinal;
}
