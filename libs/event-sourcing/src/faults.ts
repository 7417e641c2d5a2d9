/** Primary result codes of SQLite that say that memory, disk or locks failed, not the statement. */
const STORAGE_FAULTS = new Set([5, 6, 7, 8, 10, 13, 14]);

/** SQLITE_CORRUPT, SQLITE_NOTADB */
const UNUSABLE = new Set([11, 26]);

const primaryCode = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;

/** The file itself is broken. */
export const isUnusable = (error: unknown): boolean => UNUSABLE.has(primaryCode(error) ?? 0);

/** Trying again later may help; nothing is wrong with what was to be done. */
export const isStorageFault = (error: unknown): boolean =>
  isUnusable(error) || STORAGE_FAULTS.has(primaryCode(error) ?? 0);
