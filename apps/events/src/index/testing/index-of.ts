import type { SearchedIndex } from '../history-index.js';

/** An index that finds these entries, whatever is asked for, and knows no names. */
export const indexOf = (entries: SearchedIndex['entries']): SearchedIndex => ({
  entries,
  has: () => false,
  showHead: () => Promise.resolve(),
  resolveWorkload: (ref) => ref,
  partsNamed: () => [],
});
