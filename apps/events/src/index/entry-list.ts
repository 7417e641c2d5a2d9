/**
 * Entries in an order of theirs, by keys that grow along it: the number of the entry from the oldest on, its negative from the newest on.
 * Both directions then look the same.
 */
export interface EntryList {
  /** The first key that is not before `from`; undefined when there is none. Later calls have no smaller `from`. */
  seek(from: number): number | undefined;
}

/** Up to `limit` keys that are not before `from`. Fewer mean that no other follows. */
export type ReadKeys = (from: number, limit: number) => readonly number[];

const READ_MAX = 256;

/** A list that is read from a table: more at a time as long as its keys are used one after the other, few where it is only probed. */
export class StoredList implements EntryList {
  private keys: readonly number[] = [];
  private at = 0;
  private limit = 4;
  private isLast = false;

  constructor(private readonly read: ReadKeys) {}

  seek(from: number): number | undefined {
    for (;;) {
      for (; this.at < this.keys.length; this.at++) {
        const key = this.keys[this.at];
        if (key !== undefined && key >= from) return key;
      }
      if (this.isLast) return undefined;
      const last = this.keys.at(-1);
      const isNext = last !== undefined && from - last <= this.keys.length;
      this.limit = isNext ? Math.min(this.limit * 2, READ_MAX) : 4;
      this.keys = this.read(from, this.limit);
      this.at = 0;
      this.isLast = this.keys.length < this.limit;
    }
  }
}

/** What is in one of the lists. */
export class Union implements EntryList {
  private lists: readonly EntryList[];

  constructor(lists: readonly EntryList[]) {
    this.lists = lists;
  }

  seek(from: number): number | undefined {
    let first: number | undefined;
    let hasEnded = false;
    for (const list of this.lists) {
      const key = list.seek(from);
      if (key === undefined) hasEnded = true;
      else if (first === undefined || key < first) first = key;
    }
    if (hasEnded) this.lists = this.lists.filter((list) => list.seek(from) !== undefined);
    return first;
  }
}

/**
 * One step towards the next key that is in all lists: the key, if it is in all of them, or where to go on. However long the other lists are, the
 * steps are about as many as the shortest has keys.
 */
export const stepThrough = (
  lists: readonly EntryList[],
  from: number,
): { readonly key: number; readonly isInAll: boolean } | undefined => {
  let key = from;
  for (const list of lists) {
    const next = list.seek(key);
    if (next === undefined) return undefined;
    key = next;
  }
  // The first list has been asked for a smaller key.
  return { key, isInAll: key === from || lists.every((list) => list.seek(key) === key) };
};
