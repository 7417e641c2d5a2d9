/** The thread in which the history is verified: it computes for minutes. */
import { parentPort, workerData } from 'node:worker_threads';
import type { LedgerLocation } from '#ledger/open-ledger.js';
import type { HistoryReport } from '#ledger/proof/verify-history.js';
import { verifyLedger } from '#ledger/proof/verify-ledger.js';

/** First how far it has come, again and again, then the report. */
export type FromVerifyThread = { readonly events: number } | { readonly report: HistoryReport };

const port = parentPort;
if (port === null) throw new Error('This is a thread, not a program');
const post = (message: FromVerifyThread): void => port.postMessage(message);

post({ report: await verifyLedger(workerData as LedgerLocation, { onProgress: (events) => post({ events }) }) });
