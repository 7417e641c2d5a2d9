import type { EventSource } from '../proof/event-source.js';
import { readExport } from './read-export.js';

/**
 * An export as a source of events, to be verified without a ledger.
 *
 * @throws DamagedExport while it is read
 */
export const exportSource = (file: string): EventSource => ({
  all: () => readExport(file),
  async *ofStream(stream) {
    for await (const events of readExport(file)) {
      const own = events.filter((event) => event.stream === stream);
      if (own.length > 0) yield own;
    }
  },
});
