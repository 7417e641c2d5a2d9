import { backup, DatabaseSync } from 'node:sqlite';

/** All pages in one step: what others write meanwhile would begin a copy in several steps again. */
const ALL_PAGES = 2 ** 30;

/** Copies a SQLite file as it is now, which may be in use, into a new one. */
export const copyDatabase = async (file: string, copy: string): Promise<void> => {
  const database = new DatabaseSync(file, { readOnly: true });
  await backup(database, copy, { rate: ALL_PAGES }).finally(() => database.close());
};
