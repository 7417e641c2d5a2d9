import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { automates, Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import { BlobStore } from '#storage/blob-store.js';
import { CheckRevocation } from '#contracts/tokens.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ConfigPool } from '../config/config-pool.js';
import type { Arguments } from './arguments.js';
import { changeStatuses } from './change-statuses.js';
import { DatasetCredentials } from './dataset-credentials.js';
import { DatasetPriorities } from './dataset-priorities.js';
import { editConfig } from './edit-config.js';
import { Operation, Interrupted, recordEvent } from './operation.js';
import { WorkerPool, type Lease } from './worker-pool.js';
import { materialize } from './materialize.js';
import { requestDenied } from './request-access.js';
import { Requests } from './request-projection.js';
import { INTERRUPTIONS_MAX, requestEvent, type StoredRequest } from './request.js';
import { type StorageAccess, submit } from './submit.js';

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_MS = 1000;

/** The error of a request whose arguments the blob store has lost. */
const ARGUMENTS_LOST = 'the arguments of the request are lost';

const INTERRUPTED_TOO_OFTEN = `interrupted ${INTERRUPTIONS_MAX} times: each time, Cairn stopped or made no progress while it worked on the request`;

/** The result of a request, as members of its payload. */
type Results = Readonly<Record<string, unknown>>;

/**
 * Works on asynchronous requests, several at a time (IceProd contract 16). Open requests follow from the ledger, so they
 * survive this process. While another service does not answer, the request waits.
 */
@Injectable()
export class RequestWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly shown: Requests;
  private readonly rules: AccessRules;
  private readonly priorities: DatasetPriorities;
  private readonly enabled: boolean;
  private readonly storage: StorageAccess;
  private readonly pool: WorkerPool;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    private readonly bus: Bus,
    private readonly log: Log,
    private readonly configs: ConfigPool,
    readModel: ReadModel,
    environment: Environment,
  ) {
    this.shown = new Requests(readModel.queries);
    this.rules = new AccessRules(readModel.queries, 'iceprod');
    this.priorities = new DatasetPriorities(readModel.queries);
    this.enabled = automates(environment, 'actions');
    this.storage = {
      prefixes: environment.TOKEN_SCOPE_PREFIXES,
      credentials: new DatasetCredentials(environment, configs),
    };
    this.pool = new WorkerPool({
      open: () => this.shown.open(),
      work: (request, lease) => this.attempt(request, lease),
      nowMicros,
      settlingMicros: environment.CAIRN_AUTOMATION_DELAY * MICROS_PER_SECOND,
      onChange: () => this.wake(),
    });
  }

  /** An earlier process may have left open requests. */
  onApplicationBootstrap(): void {
    this.wake();
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    const begun = this.pool.close();
    await this.pool.idle();
    await Promise.all(begun.map((id) => this.pause(id)));
  }

  /** Starts what can start now. */
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
      const nextMicros = this.pool.step();
      if (nextMicros !== undefined) this.wakeIn(Math.max(1, (nextMicros - nowMicros()) / MICROS_PER_MS));
    }, delayMs).unref();
  }

  /** Rejects when the request has to be retried later. */
  private async attempt(request: StoredRequest, lease: Lease): Promise<void> {
    const { bus, mailbox, log } = this;
    const { id, attempts, status } = request;
    try {
      if (lease.interruptions >= INTERRUPTIONS_MAX) {
        const operation = new Operation(request, {}, { bus, mailbox, lease });
        await operation.record('failed', 'RequestFailed', { request_id: id, message: INTERRUPTED_TOO_OFTEN });
        return;
      }
      const text = await this.argumentsOf(request);
      const operation = new Operation(request, JSON.parse(text ?? '{}') as Arguments, { bus, mailbox, lease });
      // A request that waits for long must not fill the history with attempts.
      if (!lease.resumed || status === 'queued') {
        await operation.record(`started/${attempts}`, 'RequestStarted', { request_id: id });
      }
      if (text === undefined)
        await operation.record('failed', 'RequestFailed', { request_id: id, message: ARGUMENTS_LOST });
      else await this.finish(operation);
      this.storage.credentials.forget(id);
    } catch (error) {
      if (!(error instanceof Interrupted) && !lease.resumed)
        log.warn({ error, requestId: id }, 'A request has to wait; will retry');
      throw error;
    }
  }

  /** Without this, an orderly stop would count as an interruption. */
  private async pause(id: string): Promise<void> {
    const request = this.shown.find(id);
    if (request?.status !== 'processing' || !request.isStarted) return;
    try {
      const event = requestEvent('RequestPaused', { request_id: id });
      await recordEvent(this.mailbox, request, `paused/${request.attempts}`, event);
    } catch (error) {
      this.log.warn({ error, requestId: id }, 'A request could not be paused; it counts as interrupted');
    }
  }

  private async finish(operation: Operation): Promise<void> {
    const { id } = operation.request;
    let results: Results;
    try {
      await this.authorize(operation);
      results = await this.perform(operation);
    } catch (error) {
      const message = failureText(error);
      if (message === undefined) throw error;
      this.log.info({ error, requestId: id }, 'A request failed');
      await operation.record('failed', 'RequestFailed', { request_id: id, message });
      return;
    }
    await operation.record('completed', 'RequestCompleted', { request_id: id, results: JSON.stringify(results) });
  }

  /**
   * Steps are commands of Cairn itself. The requester's right was checked when the request was made, and may have ended since.
   *
   * @throws DomainError when the requester's token has been revoked, or the requester may no longer write the dataset
   */
  private async authorize(operation: Operation): Promise<void> {
    const { request, requester } = operation;
    const { datasetId, groups, token } = request;
    if (token !== undefined) {
      const { subject, issued_at_ms: issued } = token;
      const answer = await operation.call(CheckRevocation, { subject, token_issued_at_ms: issued });
      if (answer.is_revoked) throw requestDenied();
    }
    // Rules are judged by groups, which an old request does not name: what was judged when it was made counts.
    if (datasetId === undefined || groups === undefined) return;
    if (this.rules.authorize(datasetId, 'write', requester) !== undefined) throw requestDenied();
  }

  private async perform(operation: Operation): Promise<Results> {
    switch (operation.request.action) {
      case 'submit':
        return submit(operation, this.storage, this.configs);
      case 'edit_config':
        return editConfig(operation, this.storage, this.configs);
      case 'dataset_status':
      case 'job_status':
      case 'task_status':
        return changeStatuses(operation);
      case 'materialization':
        return materialize({
          operation,
          requests: this.shown,
          priorities: this.priorities,
          configs: this.configs,
          mayRead: (reader, id) =>
            this.rules.authorize(id, 'read', { subject: reader.username, ...reader }) === undefined,
        });
    }
  }
}

/** The error message of a failed request; undefined when a retry may succeed. */
const failureText = (error: unknown): string | undefined => {
  if (error instanceof DomainError) return error.kind === 'unavailable' ? undefined : error.message;
  return error instanceof Interrupted ? undefined : 'Internal Server Error';
};
