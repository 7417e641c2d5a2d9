import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import { EndlessExpansion } from '#contracts/iceprod/config/expand.js';
import { BlobStore } from '#keep/blob-store.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import type { Arguments } from './arguments.js';
import { changeStatuses } from './change-statuses.js';
import { DatasetPriorities } from './dataset-priorities.js';
import { editConfig } from './edit-config.js';
import { Errand, Interrupted } from './errand.js';
import { materialize } from './materialize.js';
import { Requests } from './request-projection.js';
import type { StoredRequest } from './request.js';
import { submit } from './submit.js';

const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 30_000;
const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MS = 1000;

/** What the request comes to, as members of its payload. */
type Results = Readonly<Record<string, unknown>>;

/**
 * Works on asynchronous requests, one at a time (IceProd contract 16). What is to be done stands in the ledger, so it outlives
 * this process; while another service does not answer, the request waits.
 */
@Injectable()
export class RequestWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly shown: Requests;
  private readonly priorities: DatasetPriorities;
  private readonly enabled: boolean;
  private readonly settlingMicros: number;
  private readonly scopePrefixes: readonly string[];
  private readonly stopped = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private retryMs = RETRY_MS_FIRST;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    private readonly bus: Bus,
    private readonly log: Log,
    readModel: ReadModel,
    environment: Environment,
  ) {
    this.shown = new Requests(readModel.queries);
    this.priorities = new DatasetPriorities(readModel.queries);
    this.enabled = automates(environment, 'actions');
    this.scopePrefixes = environment.TOKEN_SCOPE_PREFIXES;
    this.settlingMicros = environment.CAIRN_AUTOMATION_DELAY * MICROS_PER_SECOND;
  }

  /** What an earlier process left behind. */
  onApplicationBootstrap(): void {
    this.wake();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped.abort();
    clearTimeout(this.timer);
    await this.working;
  }

  /** There may be something to do. */
  wake(): void {
    this.wakeIn(0);
  }

  /** Raw JSON of the accepted arguments. */
  async argumentsOf({ arguments: given, id }: StoredRequest): Promise<string> {
    if ('raw' in given) return given.raw;
    const text = await this.blobs.getText(given.blobKey);
    if (text === undefined) throw new Error(`Blob ${given.blobKey} of request ${id} is missing`);
    return text;
  }

  private wakeIn(delayMs: number): void {
    if (!this.enabled || this.stopped.signal.aborted || this.working !== undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.working = this.work().finally(() => {
        this.working = undefined;
        this.wakeForNext();
      });
    }, delayMs).unref();
  }

  /** Requests settle before they are worked on. */
  private wakeForNext(): void {
    const oldestMicros = this.stopped.signal.aborted ? undefined : this.shown.oldestMicros();
    const delayMs =
      oldestMicros === undefined ? 0 : Math.max(0, (oldestMicros + this.settlingMicros - nowMicros()) / MICROS_PER_MS);
    if (this.retryMs > RETRY_MS_FIRST) this.wakeIn(Math.max(delayMs, this.retryMs));
    else if (oldestMicros !== undefined) this.wakeIn(delayMs + 1);
  }

  private async work(): Promise<void> {
    for (;;) {
      const request = this.stopped.signal.aborted ? undefined : this.shown.next(nowMicros() - this.settlingMicros);
      if (request === undefined || !(await this.attempt(request))) return;
    }
  }

  /** Whether the request is done with; if not it is tried again later. */
  private async attempt(request: StoredRequest): Promise<boolean> {
    const { bus, mailbox, stopped, log } = this;
    try {
      const values = JSON.parse(await this.argumentsOf(request)) as Arguments;
      const errand = new Errand(request, values, { bus, mailbox, signal: stopped.signal });
      await errand.record(`taken-up/${request.attempts}`, 'RequestTakenUp', { request_id: request.id });
      await this.finish(errand);
      this.retryMs = RETRY_MS_FIRST;
      return true;
    } catch (error) {
      if (!(error instanceof Interrupted)) log.warn({ error, requestId: request.id }, 'A request has to wait');
      this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
      return false;
    }
  }

  private async finish(errand: Errand): Promise<void> {
    const { id } = errand.request;
    let results: Results;
    try {
      results = await this.carryOut(errand);
    } catch (error) {
      const message = failureText(error);
      if (message === undefined) throw error;
      this.log.info({ error, requestId: id }, 'A request failed');
      await errand.record('failed', 'RequestFailed', { request_id: id, message });
      return;
    }
    await errand.record('fulfilled', 'RequestFulfilled', { request_id: id, results: JSON.stringify(results) });
  }

  private async carryOut(errand: Errand): Promise<Results> {
    switch (errand.request.action) {
      case 'submit':
        return submit(errand, this.scopePrefixes);
      case 'edit_config':
        return editConfig(errand, this.scopePrefixes);
      case 'dataset_status':
      case 'job_status':
      case 'task_status':
        return changeStatuses(errand);
      case 'materialization':
        return materialize(errand, this.shown, this.priorities);
    }
  }
}

/** What the requester reads; undefined when another attempt may succeed. */
const failureText = (error: unknown): string | undefined => {
  if (error instanceof EndlessExpansion) return error.message;
  if (error instanceof DomainError) return error.kind === 'unavailable' ? undefined : error.message;
  return error instanceof Interrupted ? undefined : 'Internal Server Error';
};
