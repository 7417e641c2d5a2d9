/** Primary result codes of SQLite for failures of memory, disk or locks rather than of the statement. */
const STORAGE_ERRORS = new Set([5, 6, 7, 8, 10, 13, 14]);

/** SQLITE_CORRUPT, SQLITE_NOTADB */
const CORRUPT = new Set([11, 26]);

const primaryCode = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;

/** As SQLite and the system say it. What a ledger's thread reports is a text. */
const DISK_FULL = /database or disk is full|ENOSPC/;

/** Whether a full disk is the reason, or the reason of the reason. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && (DISK_FULL.test(error.message) || isDiskFull(error.cause));

/** Whether the file itself is corrupt. */
export const isCorruptFile = (error: unknown): boolean => CORRUPT.has(primaryCode(error) ?? 0);

/** Whether the storage failed rather than the statement, so that a later attempt may succeed. */
export const isStorageError = (error: unknown): boolean =>
  isCorruptFile(error) || STORAGE_ERRORS.has(primaryCode(error) ?? 0);
