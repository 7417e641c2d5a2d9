import type { DatabaseSync } from 'node:sqlite';

const versions = new WeakMap<DatabaseSync, number>();

/**
 * Grows when a connection begins to show a rebuilt file in the place of what it showed before: numbers that are not kept (`Projection.numbered`)
 * then stand for other things, so a cache by such numbers is empty.
 */
export const contentVersion = (database: DatabaseSync): number => versions.get(database) ?? 0;

export const contentReplaced = (database: DatabaseSync): void => {
  versions.set(database, contentVersion(database) + 1);
};
