import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { numberOf, textOf, type Json } from '#contracts/iceprod/config/json.js';
import { Interrupted, Refused } from '../worker/http-client.js';
import type { EndSignals } from '../worker/run-process.js';
import type { Result, ResultRequest } from '../worker/spool.js';
import type { Sandbox } from '../worker/sandbox/sandbox.js';
import type { TokenSource } from '../worker/token-source.js';
import type { ClaimedUnit, RunResult, WorkSource } from '../worker/worker.js';
import { type Attempt, attemptTask, notBegun } from './attempt.js';
import type { PilotOptions } from './options.js';
import type { PilotRegistration } from './pilot-registration.js';
import { isRoleRefused, type RestClient } from './rest-client.js';
import { Workspace } from './workspace.js';

const BYTES_PER_GB = 1e9;
const SECONDS_PER_HOUR = 3600;
const MS_PER_HOUR = 3_600_000;
const NOT_FOUND = 404;
/** The server's reason when no task fits (contract 7.6). Any other 404 is an error. */
const NOTHING_FITS = 'Task not found';

/** A claimed task, as the server describes it (contract 7.1). */
export interface PilotTask extends ClaimedUnit {
  readonly document: Json;
  readonly datasetId: string;
  readonly instanceId: string;
  /** The claim itself has started it: it came from the queue of old pilots. */
  readonly isStarted: boolean;
  readonly attempt: number;
  readonly workspace: Workspace;
}

/** Usage in the units of task requirements: cores, GB, hours. */
const resourcesOf = ({ usage }: Attempt): Readonly<Record<string, number>> => ({
  time: usage.seconds / SECONDS_PER_HOUR,
  ...(usage.memoryBytes === undefined ? {} : { memory: usage.memoryBytes / BYTES_PER_GB }),
  ...(usage.cpu === undefined ? {} : { cpu: Math.round(usage.cpu * 100) / 100 }),
});

/** Rounded to few different values, because the server caches what fits an offer. */
const roundedHours = (hours: number): number => {
  const step = hours > 1 ? 10 : 100;
  return Math.floor(hours * step) / step;
};

const pathOf = ({ id }: PilotTask, rest: string): string => `/tasks/${encodeURIComponent(id)}/${rest}`;

const requestOf = (method: 'POST' | 'PUT', path: string, body: string, file?: string): ResultRequest => ({
  method,
  path,
  body,
  ...(file !== undefined && { text: { member: 'data', file } }),
  idempotencyKey: randomUUID(),
});

/** Claims tasks by the IceProd API and runs them as their configs say. */
export class IceprodTasks implements WorkSource<PilotTask> {
  /** End of a token that people know of. */
  private notedExpiryMs: number | undefined;
  private claimPath: '/task_actions/queue' | '/task_actions/process' = '/task_actions/queue';
  private hasClaimed = false;

  constructor(
    private readonly client: RestClient,
    private readonly token: TokenSource,
    private readonly registration: PilotRegistration,
    private readonly options: PilotOptions,
    private readonly sandbox: Sandbox,
    private readonly note: (line: string) => void,
  ) {}

  /**
   * `POST /task_actions/queue`, or `POST /task_actions/process` with a token of the role `pilot`, which may claim only what
   * somebody has queued (contract 7.6).
   */
  async claim(limit: number, lastAttempt: AbortSignal, signal: AbortSignal): Promise<readonly PilotTask[]> {
    const { offer, dataset } = this.options;
    const time = Math.min(offer.time, await this.hoursOfToken());
    const pilotId = this.registration.id;
    const body = {
      requirements: { ...offer, time: time < offer.time ? roundedHours(time) : time },
      hostname: hostname(),
      ...(pilotId !== undefined && { pilot_id: pilotId }),
      ...(dataset !== undefined && { query_params: { dataset_id: dataset } }),
    };
    const path = this.claimPath;
    try {
      const document = await this.client.post(path, body, { lastAttempt, signal });
      this.hasClaimed = true;
      return [this.taskOf(document)];
    } catch (error) {
      if (isRoleRefused(error) && !this.hasClaimed && path === '/task_actions/queue') {
        // Another slot may have found out first.
        if (path === this.claimPath) this.note(`asks only for tasks that somebody has queued: ${error.message}`);
        this.claimPath = '/task_actions/process';
        return this.claim(limit, lastAttempt, signal);
      }
      if (error instanceof Refused && error.status === NOT_FOUND && error.reason === NOTHING_FITS) return [];
      throw error;
    }
  }

  async run(task: PilotTask, end: EndSignals): Promise<RunResult | undefined> {
    const { title, attempt: number, id } = task;
    this.note(`claimed   ${title} (${id}), attempt ${number}`);
    try {
      const body = { instance_id: task.instanceId };
      if (!task.isStarted) {
        await this.client.post(pathOf(task, 'task_actions/processing'), body, { signal: end.interrupted });
      }
    } catch (error) {
      // The task was reset or reassigned meanwhile: this attempt does not count.
      if (!(error instanceof Refused)) throw error;
      this.note(`dropped   ${title}: ${error.message}`);
      return undefined;
    }
    const attempt = await this.attempt(task, end);
    const { failure } = attempt;
    const isLast = number >= this.options.failuresMax;
    const done = `complete  ${title} after ${attempt.usage.seconds.toFixed(2)} s`;
    return {
      summary:
        failure === undefined
          ? done
          : `${isLast ? 'failed   ' : 'reset    '} ${title}: ${failure.replaceAll('\n', ' | ')}`,
      result: { title, requests: this.requestsOf(task, attempt, isLast) },
      files: attempt.outputs,
      outcome: failure === undefined ? 'succeeded' : attempt.isMachineFailure ? 'machine failed' : 'failed',
    };
  }

  /** Returning an interrupted task counts no failure. */
  handBack(task: PilotTask): Result {
    const body = { status: 'waiting', instance_id: task.instanceId };
    return { title: task.title, requests: [requestOf('PUT', pathOf(task, 'status'), JSON.stringify(body))] };
  }

  async cleanUp({ workspace }: PilotTask): Promise<void> {
    if (this.options.keep) return;
    try {
      await workspace.remove();
    } catch (error) {
      // What a task leaves behind must not keep others from running.
      this.note(`cannot remove ${workspace.base}: ${(error as Error).message}`);
    }
  }

  /** Remaining lifetime of the token; the pilot claims no tasks that take longer. */
  private async hoursOfToken(): Promise<number> {
    if (this.token.canRenew()) return Infinity;
    // Without a token the claim itself waits for one.
    const current = await this.token.current().catch(() => undefined);
    const expiresMs = current?.expiresMs ?? Infinity;
    const hours = Math.max(0, expiresMs - Date.now()) / MS_PER_HOUR;
    if (hours < this.options.offer.time && this.notedExpiryMs !== expiresMs) {
      this.notedExpiryMs = expiresMs;
      const end = new Date(expiresMs).toISOString();
      this.note(`asks only for tasks that end before ${end}, when its token ends and cannot be renewed`);
    }
    return hours;
  }

  private taskOf(document: Json): PilotTask {
    const [datasetId, jobId, taskId] = [
      textOf(document, 'dataset_id'),
      textOf(document, 'job_id'),
      textOf(document, 'task_id'),
    ];
    return {
      id: taskId,
      title: `${textOf(document, 'name')} of job ${textOf(document, 'job_index')}`,
      document,
      datasetId,
      instanceId: textOf(document, 'instance_id'),
      isStarted: textOf(document, 'status') === 'processing',
      attempt: (numberOf(document, 'failures') ?? 0) + 1,
      workspace: new Workspace(this.options.workdir, { datasetId, jobId, taskId }, this.sandbox.user),
    };
  }

  private async attempt(task: PilotTask, end: EndSignals): Promise<Attempt> {
    const documents = await this.documentsOf(task.datasetId, end.interrupted);
    if (documents instanceof Refused) return notBegun(documents.message);
    const about = {
      task_id: task.id,
      name: textOf(task.document, 'name'),
      job_index: numberOf(task.document, 'job_index'),
      attempt: task.attempt,
    };
    const { sources, environment, outputBytesMax } = this.options;
    const { sandbox } = this;
    const input = { ...documents, task: task.document, about, sources, sandbox, environment, outputBytesMax, end };
    const attempt = await attemptTask(input, task.workspace);
    if (attempt.failure !== undefined && end.interrupted.aborted) throw new Interrupted(attempt.failure);
    return attempt;
  }

  /** The config of a task; a missing config is a failure of the task, not of the pilot. */
  private async documentsOf(
    datasetId: string,
    signal: AbortSignal,
  ): Promise<{ readonly dataset: Json; readonly config: Json } | Refused> {
    const id = encodeURIComponent(datasetId);
    try {
      const [dataset, config] = await Promise.all([
        this.client.get(`/datasets/${id}`, { signal }),
        this.client.get(`/config/${id}`, { signal }),
      ]);
      return { dataset, config };
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  /** Logs, statistics, and last the report that ends the task. */
  private requestsOf(task: PilotTask, attempt: Attempt, isLast: boolean): readonly ResultRequest[] {
    const { failure, usage } = attempt;
    const { site } = this.options.offer;
    const pilotId = this.registration.id;
    const ofTask = { dataset_id: task.datasetId, task_id: task.id };
    const header = `attempt ${task.attempt} on ${hostname()} (site ${site}) by pilot ${pilotId ?? 'without id'}`;
    const stdlog = { ...ofTask, name: 'stdlog', data: `${[header, ...attempt.log].join('\n')}\n` };
    const outputs = [...attempt.outputs.keys()].map((name) =>
      requestOf('POST', '/logs', JSON.stringify({ ...ofTask, name }), name),
    );
    const report =
      failure === undefined
        ? { time_used: usage.seconds, site }
        : { time_used: usage.seconds, resources: resourcesOf(attempt), site, reason: failure };
    const action = failure === undefined ? 'complete' : isLast ? 'failed' : 'reset';
    return [
      requestOf('POST', '/logs', JSON.stringify(stdlog)),
      ...outputs,
      requestOf('POST', pathOf(task, 'task_stats'), this.statsOf(task, attempt)),
      requestOf(
        'POST',
        pathOf(task, `task_actions/${action}`),
        JSON.stringify({
          instance_id: task.instanceId,
          ...report,
          ...(pilotId !== undefined && { pilot_id: pilotId }),
        }),
      ),
    ];
  }

  private statsOf(task: PilotTask, attempt: Attempt): string {
    const known = {
      dataset_id: task.datasetId,
      hostname: hostname(),
      site: this.options.offer.site,
      time: new Date().toISOString(),
      time_used: attempt.usage.seconds,
      resources: resourcesOf(attempt),
      ...(attempt.failure === undefined ? {} : { error_summary: attempt.failure }),
    };
    const text = JSON.stringify(known);
    // Spliced in as text, so that the task's own numbers keep their digits.
    return attempt.stats === undefined ? text : `${text.slice(0, -1)},"task_stats":${attempt.stats}}`;
  }
}
