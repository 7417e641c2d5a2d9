/** So many are sorted, or merged, before a slice of work may end: a few milliseconds. */
const RUN = 2_000;

/** Sorts as `toSorted` does. A million items take seconds; yields where a slice of the work may end. */
export function* sorting<Item extends object>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Generator<void, Item[], void> {
  let sorted: Item[] = [];
  for (let start = 0; start < items.length; start += RUN) {
    for (const item of items.slice(start, start + RUN).sort(compare)) sorted.push(item);
    yield;
  }
  for (let width = RUN; width < sorted.length; width *= 2) {
    const merged: Item[] = [];
    for (let start = 0; start < sorted.length; start += 2 * width) {
      const middle = Math.min(start + width, sorted.length);
      const end = Math.min(middle + width, sorted.length);
      let left = start;
      let right = middle;
      while (left < middle || right < end) {
        const a = left < middle ? sorted[left] : undefined;
        const b = right < end ? sorted[right] : undefined;
        if (a !== undefined && (b === undefined || compare(a, b) <= 0)) {
          merged.push(a);
          left += 1;
        } else {
          if (b !== undefined) merged.push(b);
          right += 1;
        }
        if (merged.length % RUN === 0) yield;
      }
    }
    sorted = merged;
  }
  return sorted;
}
