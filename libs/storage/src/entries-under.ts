import type { KeyValueStore, KeyValueEntry } from './key-value-store.js';

const PAGE = 500;

/** All entries whose keys start with a prefix, read in pages. */
export const entriesUnder = async function* (
  keyValueStore: KeyValueStore,
  prefix: string,
): AsyncGenerator<KeyValueEntry, void> {
  let after: string | undefined;
  do {
    const page = await keyValueStore.list(prefix, { limit: PAGE, ...(after !== undefined && { after }) });
    yield* page;
    after = page.length < PAGE ? undefined : page.at(-1)?.key;
  } while (after !== undefined);
};
