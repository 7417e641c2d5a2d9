import { DamagedExport } from '../transfer/damaged-export.js';
import { readExport } from '../transfer/read-export.js';
import type { EventSource } from './event-source.js';
import { type HistoryReport, unreadable, verifyHistory, type VerifyOptions } from './verify-history.js';

const exportSource = (file: string): EventSource => ({
  all: () => readExport(file),
  async *ofStream(name) {
    for await (const events of readExport(file)) {
      const own = events.filter(({ stream }) => stream === name);
      if (own.length > 0) yield own;
    }
  },
});

/** Checks an export of a ledger as `verifyLedger` checks the ledger, and its checksums. */
export const verifyExport = async (file: string, options: VerifyOptions = {}): Promise<HistoryReport> => {
  try {
    return await verifyHistory(exportSource(file), options);
  } catch (error) {
    if (error instanceof DamagedExport) return unreadable([error.message]);
    throw error;
  }
};
