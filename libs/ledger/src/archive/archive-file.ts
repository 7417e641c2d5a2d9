import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Batch } from '../ledger.js';
import type { SliceReader } from '../sqlite-reads.js';

/** Of a ledger's file: old events, moved out of it. It may be missing. */
export const archiveFileOf = (ledgerFile: string): string => ledgerFile.replace(/(\.sqlite)?$/, '-archive.sqlite');

/** Opens the archive of a ledger, which changes only while nobody uses the ledger. */
export const openArchive = (ledgerFile: string): DatabaseSync | undefined => {
  const file = archiveFileOf(ledgerFile);
  return existsSync(file) ? new DatabaseSync(file, { readOnly: true, timeout: 0 }) : undefined;
};

/** Reads two files as one, in the order of positions. An interrupted move leaves events in both: each is read once. */
export const mergedReader =
  (one: SliceReader, other: SliceReader): SliceReader =>
  async (after, head) => {
    const [left, right] = [await one(after, head), await other(after, head)];
    const upTo = Math.min(left.upTo, right.upTo);
    return { events: merged(left.events, right.events).filter(({ position }) => position <= upTo), upTo };
  };

const merged = (left: Batch['events'], right: Batch['events']): Batch['events'] => {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const events = [];
  for (let [l, r] = [0, 0]; ;) {
    const [a, b] = [left[l], right[r]];
    if (a === undefined) return [...events, ...right.slice(r)];
    if (b === undefined) return [...events, ...left.slice(l)];
    if (b.position <= a.position) r++;
    if (a.position <= b.position) l++;
    events.push(a.position <= b.position ? a : b);
  }
};
