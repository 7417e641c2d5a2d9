import { utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../blob-store.js';

const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;

/** Keys of all blobs, in order. */
export const keysIn = async (blobs: BlobStore): Promise<readonly string[]> => {
  const found = [];
  for await (const { key } of blobs.list('')) found.push(key);
  return found.sort();
};

/** Finished and unfinished blobs of a folder. */
export const filesIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** Lets everything in a folder have been written two days ago. */
export const makeAllOld = async (folder: string): Promise<void> => {
  const old = new Date(Date.now() - TWO_DAYS_MS);
  for (const file of await filesIn(folder)) utimesSync(file, old, old);
};
