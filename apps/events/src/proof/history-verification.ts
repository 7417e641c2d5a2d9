import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { programPath } from '#platform/program-path.js';
import { Ledger } from '#ledger/ledger.js';
import { type LedgerLocation, ledgerLocation } from '#ledger/open-ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import { ledgerSource } from '#ledger/proof/event-source.js';
import { faultSentence } from '#ledger/proof/fault-sentence.js';
import { type HistoryFault, type HistoryReport, verifyHistory } from '#ledger/proof/verify-history.js';
import type { FromVerifyThread } from './verify-thread.js';

const THREAD = programPath('apps/events/src/proof/verify-thread.js');

/** Whoever asks waits for so long; then the answer says how far it has come. */
const WAIT_MS = 3_000;

/** A result is answered for so long; whoever asks later begins another verification. */
const RESULT_KEPT_MS = 30_000;

/** What is known of a verification. */
export type Verification =
  | { readonly state: 'running'; readonly began: string; readonly events: number }
  | { readonly state: 'failed'; readonly began: string; readonly ended: string }
  | (Omit<HistoryReport, 'faults'> & {
      readonly state: 'whole' | 'broken';
      readonly began: string;
      readonly ended: string;
      readonly faults: readonly (HistoryFault & { readonly sentence: string })[];
    });

const now = (): string => `${formatTimestamp(nowMicros())}Z`;

/** Verifies the whole history when somebody asks, once at a time, in a thread of its own. */
@Injectable()
export class HistoryVerification implements OnModuleDestroy {
  private readonly location: LedgerLocation;
  private known: Verification | undefined;
  private running: Promise<void> | undefined;
  private endedMs = 0;
  private worker: Worker | undefined;

  constructor(
    environment: Environment,
    private readonly log: Log,
    private readonly ledger: Ledger,
  ) {
    this.location = ledgerLocation(environment);
  }

  /** Begins a verification unless one runs or has just ended, and says how it is after a while. */
  async state(waitMs = WAIT_MS): Promise<Verification> {
    if (this.running === undefined && (this.known === undefined || Date.now() - this.endedMs >= RESULT_KEPT_MS)) {
      this.running = this.run();
    }
    const waiting = new AbortController();
    await Promise.race([this.running, delay(waitMs, undefined, { signal: waiting.signal }).catch(() => {})]);
    waiting.abort();
    if (this.known === undefined) throw new Error('A verification has no state');
    return this.known;
  }

  async onModuleDestroy(): Promise<void> {
    await this.worker?.terminate();
  }

  private async run(): Promise<void> {
    const began = now();
    this.known = { state: 'running', began, events: 0 };
    try {
      const report = await this.verify((events) => (this.known = { state: 'running', began, events }));
      const faults = report.faults.map((fault) => ({ ...fault, sentence: faultSentence(fault) }));
      const state = faults.length === 0 ? 'whole' : 'broken';
      if (state === 'broken') this.log.error({ faults: faults.slice(0, 1) }, 'The history does not verify');
      this.known = { ...report, state, began, ended: now(), faults };
    } catch (error) {
      this.log.error({ error }, 'The history could not be verified');
      this.known = { state: 'failed', began, ended: now() };
    } finally {
      this.endedMs = Date.now();
      this.running = undefined;
    }
  }

  private verify(onProgress: (events: number) => void): Promise<HistoryReport> {
    // The past is nowhere else.
    if (this.ledger instanceof PastLedger) return verifyHistory(ledgerSource(this.ledger), { onProgress });
    return new Promise((resolve, reject) => {
      const worker = new Worker(THREAD, { workerData: this.location });
      this.worker = worker;
      worker.unref();
      worker.on('message', (message: FromVerifyThread) => {
        if ('report' in message) resolve(message.report);
        else onProgress(message.events);
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('The thread ended')));
    });
  }
}
