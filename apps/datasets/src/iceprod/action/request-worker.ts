import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import { EndlessExpansion } from '#contracts/iceprod/config/expand.js';
import { BlobStore } from '#storage/blob-store.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Arguments } from './arguments.js';
import { changeStatuses } from './change-statuses.js';
import { DatasetCredentials } from './dataset-credentials.js';
import { DatasetPriorities } from './dataset-priorities.js';
import { editConfig } from './edit-config.js';
import { Errand, Interrupted } from './errand.js';
import { Foreman, type Shift } from './foreman.js';
import { materialize } from './materialize.js';
import { Requests } from './request-projection.js';
import type { StoredRequest } from './request.js';
import { type Places, submit } from './submit.js';

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MS = 1000;

/** What a requester reads whose arguments the blob store no longer has. */
const ARGUMENTS_LOST = 'the arguments of the request are lost';

/** What the request comes to, as members of its payload. */
type Results = Readonly<Record<string, unknown>>;

/**
 * Works on asynchronous requests, some at once (IceProd contract 16). What is to be done stands in the ledger, so it outlives
 * this process; while another service does not answer, the request waits.
 */
@Injectable()
export class RequestWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly shown: Requests;
  private readonly priorities: DatasetPriorities;
  private readonly enabled: boolean;
  private readonly places: Places;
  private readonly foreman: Foreman;
  private timer: NodeJS.Timeout | undefined;

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
    this.places = {
      prefixes: environment.TOKEN_SCOPE_PREFIXES,
      credentials: new DatasetCredentials(environment),
    };
    this.foreman = new Foreman({
      open: () => this.shown.open(),
      work: (request, shift) => this.attempt(request, shift),
      nowMicros,
      settlingMicros: environment.CAIRN_AUTOMATION_DELAY * MICROS_PER_SECOND,
      onChange: () => this.wake(),
    });
  }

  /** What an earlier process left behind. */
  onApplicationBootstrap(): void {
    this.wake();
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    this.foreman.close();
    await this.foreman.idle();
  }

  /** There may be something to do. */
  wake(): void {
    this.wakeIn(0);
  }

  /** Raw JSON of the accepted arguments; undefined when the blob store has lost them. */
  async argumentsOf({ arguments: given }: StoredRequest): Promise<string | undefined> {
    return 'raw' in given ? given.raw : this.blobs.getText(given.blobKey);
  }

  private wakeIn(delayMs: number): void {
    if (!this.enabled) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const nextMicros = this.foreman.step();
      if (nextMicros !== undefined) this.wakeIn(Math.max(1, (nextMicros - nowMicros()) / MICROS_PER_MS));
    }, delayMs).unref();
  }

  /** Rejects when the request is to be tried again later. */
  private async attempt(request: StoredRequest, shift: Shift): Promise<void> {
    const { bus, mailbox, log } = this;
    const { id, attempts, status } = request;
    try {
      const text = await this.argumentsOf(request);
      const errand = new Errand(request, JSON.parse(text ?? '{}') as Arguments, { bus, mailbox, shift });
      // Whoever waits long would otherwise fill the history with attempts.
      if (!shift.waited || status === 'queued') {
        await errand.record(`taken-up/${attempts}`, 'RequestStarted', { request_id: id });
      }
      if (text === undefined)
        await errand.record('failed', 'RequestFailed', { request_id: id, message: ARGUMENTS_LOST });
      else await this.finish(errand);
      this.places.credentials.forget(id);
    } catch (error) {
      if (!(error instanceof Interrupted) && !shift.waited) log.warn({ error, requestId: id }, 'A request has to wait');
      throw error;
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
    await errand.record('fulfilled', 'RequestCompleted', { request_id: id, results: JSON.stringify(results) });
  }

  private async carryOut(errand: Errand): Promise<Results> {
    switch (errand.request.action) {
      case 'submit':
        return submit(errand, this.places);
      case 'edit_config':
        return editConfig(errand, this.places);
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
