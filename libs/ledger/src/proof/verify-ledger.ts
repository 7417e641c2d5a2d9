import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CannotStart } from '#platform/cannot-start.js';
import { archiveFileOf } from '../archive/archive-file.js';
import { type LedgerLocation, usingLedger } from '../open-ledger.js';
import { faultsOfFile } from '../sqlite-check.js';
import { ledgerSource } from './event-source.js';
import { type HistoryReport, unreadable, verifyHistory, type VerifyOptions } from './verify-history.js';

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Checks a ledger, which may be in use: first the file, if it is one, then what it says. Keeps the thread busy.
 *
 * @throws CannotStart when an EventStoreDB does not answer
 */
export const verifyLedger = async (location: LedgerLocation, options: VerifyOptions = {}): Promise<HistoryReport> => {
  const isFile = location.eventStoreUrl === undefined;
  try {
    const file = join(location.dataDir, 'ledger.sqlite');
    const files = isFile ? [file, archiveFileOf(file)].filter((each) => existsSync(each)) : [];
    const faults = files.flatMap(faultsOfFile);
    if (faults.length > 0) return unreadable(faults);
    return await usingLedger(location, (ledger) => verifyHistory(ledgerSource(ledger), options));
  } catch (error) {
    if (!isFile && error instanceof CannotStart) throw error;
    return unreadable([reasonOf(error)]);
  }
};
