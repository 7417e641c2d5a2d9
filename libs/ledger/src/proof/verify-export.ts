import { DamagedExport } from '../transfer/damaged-export.js';
import { exportSource } from '../transfer/export-source.js';
import { type HistoryReport, unreadable, verifyHistory, type VerifyOptions } from './verify-history.js';

/** Checks an export of a ledger as `verifyLedger` checks the ledger, and its checksums. */
export const verifyExport = async (file: string, options: VerifyOptions = {}): Promise<HistoryReport> => {
  try {
    return await verifyHistory(exportSource(file), options);
  } catch (error) {
    if (error instanceof DamagedExport) return unreadable([error.message]);
    throw error;
  }
};
