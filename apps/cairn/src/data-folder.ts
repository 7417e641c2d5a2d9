import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Environment } from '#platform/environment.js';
import { keepNewFilesPrivate, KEYS_FOLDER } from '#platform/private-files.js';
import { SIGNING_KEY_FILE } from '#platform/tokens/signing-key.js';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import type { KeyValueStore } from '#storage/key-value-store.js';
import { UsageError } from './command-line.js';

/**
 * The existing data folder of a Cairn. Commands create none: they would write keys and accounts that no
 * server knows.
 *
 * @throws UsageError
 */
export const existingDataFolder = ({ CAIRN_DATA_DIR: folder }: Environment): string => {
  if (!existsSync(join(folder, KEYS_FOLDER, SIGNING_KEY_FILE))) {
    throw new UsageError(
      `no Cairn has started in the data folder ${resolve(folder)}: start Cairn once, or name its folder in CAIRN_DATA_DIR`,
    );
  }
  keepNewFilesPrivate();
  return folder;
};

/**
 * Lends the store that holds accounts and clients.
 *
 * @throws UsageError when no Cairn has started in the data folder
 */
export const withAccountStore = async (
  environment: Environment,
  use: (store: KeyValueStore) => Promise<void>,
): Promise<void> => {
  const store = new SqliteKeyValueStore(join(existingDataFolder(environment), 'key-value-store', 'auth.sqlite'));
  try {
    await use(store);
  } finally {
    await store.close();
  }
};
