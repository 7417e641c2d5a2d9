import type { Ledger } from '../ledger.js';
import type { ChainedEvent } from './ledger-tree.js';

/** Whatever holds all events of a ledger: the ledger, or an export of it. */
export interface EventSource {
  /** All events in the order of the ledger. */
  all(): AsyncIterable<readonly ChainedEvent[]>;
  /** The events of one stream, in their order. */
  ofStream(stream: string): AsyncIterable<readonly ChainedEvent[]>;
}

/** How many events of a stream are read at once. */
const PAGE_EVENTS = 512;

export const ledgerSource = (ledger: Ledger): EventSource => ({
  async *all() {
    for await (const { events } of ledger.readAll()) yield events;
  },
  async *ofStream(stream) {
    for (let from = 0; ;) {
      const page = await ledger.readStream(stream, { from, limit: PAGE_EVENTS });
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      from = last.revision + 1;
    }
  },
});
