import type { Keep, KeepEntry } from '#keep/keep.js';

const PAGE = 500;

/** Everything that the keep holds under a prefix, a page at a time. */
export const entriesUnder = async function* (keep: Keep, prefix: string): AsyncGenerator<KeepEntry, void> {
  let after: string | undefined;
  do {
    const page = await keep.list(prefix, { limit: PAGE, ...(after !== undefined && { after }) });
    yield* page;
    after = page.length < PAGE ? undefined : page.at(-1)?.key;
  } while (after !== undefined);
};
