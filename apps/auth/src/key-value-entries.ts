import type { KeyValueStore, KeyValueEntry } from '#storage/key-value-store.js';

const PAGE = 500;

/** Everything that the keep holds under a prefix, a page at a time. */
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
