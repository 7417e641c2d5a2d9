import { randomUUID } from 'node:crypto';
import { fullId } from '#contracts/torc/ids.js';
import { Refused } from '../worker/http-client.js';
import type { EndSignals } from '../worker/run-process.js';
import type { Shutdown } from '../worker/shutdown.js';
import type { Result, ResultRequest } from '../worker/spool.js';
import type { ClaimedUnit, RunResult, WorkSource } from '../worker/worker.js';
import { RUN_VARIABLE } from './earlier-processes.js';
import { hashOutput, modificationTime, type Output } from './files-on-disk.js';
import { jobEnd, MISSING_OUTPUT_CODE, type Stop } from './job-end.js';
import type { Resources } from './resources.js';
import { runScript, type ScriptRun } from './run-script.js';
import type { StateFolder } from './state-folder.js';
import type { TorcClaim, TorcCompletion, TorcFile, TorcJob } from './torc-documents.js';
import { clientTime, type TorcRegistration } from './torc-registration.js';
import type { Signals } from './torc-client.js';
import type { TorcWorkflowCalls } from './torc-workflow.js';

const MS_PER_SECOND = 1_000;
const SECONDS_PER_MINUTE = 60;
/** Jobs that cannot end by themselves get little time between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 5_000;
/** Time of jobs that support termination to end, where the config names none (Torc contract 2.2). */
const BUFFER_SECONDS = 120;
/** The part of a time limit that this may take. */
const BUFFER_SHARE_MAX = 0.1;
const TIMER_MAX_MS = 2 ** 31 - 1;
const NAME_CHARACTERS_MAX = 80;

export interface TorcJobsOptions {
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Marks the processes of the run. */
  readonly run: string;
  readonly timeLimitSeconds: number | undefined;
  /** Terminate jobs that take longer than the runtime of their group. */
  readonly enforceRuntime: boolean;
  readonly hashOutputs: boolean;
  /** Whether an idle runner waits for jobs that are to be retried. */
  readonly waitsForRetries: boolean;
}

interface TorcJobsParts {
  readonly workflow: TorcWorkflowCalls;
  readonly registration: TorcRegistration;
  readonly resources: Resources;
  readonly state: StateFolder;
  readonly shutdown: Shutdown;
  readonly note: (line: string) => void;
}

/** A claimed job. */
export interface JobUnit extends ClaimedUnit {
  readonly job: TorcJob;
  /** The run that it was claimed in. */
  readonly runId: number;
}

/** Names of files cannot be any text. */
const fileName = ({ _key, name }: TorcJob): string =>
  [_key, name]
    .filter(Boolean)
    .join('-')
    .replaceAll(/[^\w.+=-]/g, '_')
    .slice(0, NAME_CHARACTERS_MAX);

const requestOf = (method: 'POST' | 'PUT', path: string, body: object): ResultRequest => ({
  method,
  path,
  body: JSON.stringify(body),
  idempotencyKey: randomUUID(),
});

/** Claims jobs by the Torc API, as many as fit into what is left of the machine, and runs their commands (Torc contract 7.3). */
export class TorcJobs implements WorkSource<JobUnit> {
  /** Jobs that are running here. */
  readonly running = new Map<string, JobUnit>();
  /** Why the last claim gave nothing. */
  reason = '';
  /** Why the completion script of the workflow has failed here; `undefined` while it has not. */
  completionFailure: string | undefined;
  /** How often jobs have run here, by id. */
  private readonly attempts = new Map<string, number>();
  private readonly canceled = new AbortController();
  private readonly timeUp = new AbortController();
  private stopMs = Infinity;
  private idleSinceMs: number | undefined;

  constructor(
    private readonly parts: TorcJobsParts,
    private readonly options: TorcJobsOptions,
  ) {}

  /** Whether the time limit has ended the run. */
  get isTimeUp(): boolean {
    return this.timeUp.signal.aborted;
  }

  /** Starts the clock of the time limit. Jobs are stopped some time before its end, so that they can write what they have. */
  startClock(): void {
    const { timeLimitSeconds } = this.options;
    if (timeLimitSeconds === undefined) return;
    const buffer = Math.min(this.bufferSeconds, timeLimitSeconds * BUFFER_SHARE_MAX);
    const lasts = (timeLimitSeconds - buffer) * MS_PER_SECOND;
    this.stopMs = Date.now() + lasts;
    setTimeout(() => this.endTime(), Math.min(lasts, TIMER_MAX_MS)).unref();
  }

  async claim(limit: number, lastAttempt: AbortSignal, signal: AbortSignal): Promise<readonly JobUnit[]> {
    const { workflow, registration, resources, shutdown } = this.parts;
    const { client } = workflow;
    const { config } = registration;
    const signals = { lastAttempt, signal };
    const completion = await client.get<TorcCompletion>(workflow.path('/is_complete'), signals);
    if (completion.needs_to_run_completion_script) await this.runCompletionScript();
    if (completion.is_canceled) {
      this.canceled.abort();
      shutdown.drain();
    } else if (
      completion.is_complete &&
      this.running.size === 0 &&
      config.compute_node_ignore_workflow_completion !== true
    ) {
      shutdown.drain();
    }
    if (shutdown.stopping.aborted) return [];
    if (resources.isUsedUp) return [];
    if (this.running.size === 0) registration.runId = (await workflow.status(signals)).run_id;
    const { jobs, reason = '' } = await client.post<TorcClaim>(
      workflow.path(`/prepare_jobs_for_submission?${this.claimParameters(limit)}`),
      resources.left(this.secondsLeft),
      signals,
    );
    this.reason = reason;
    for (const job of jobs) resources.take(job);
    const units = jobs.map((job) => ({ id: job._id, title: job.name ?? job._key, job, runId: registration.runId }));
    for (const unit of units) this.running.set(unit.id, unit);
    await this.endWhenIdle(signals);
    return units;
  }

  async run(unit: JobUnit, end: EndSignals): Promise<RunResult | undefined> {
    const { workflow, registration, note } = this.parts;
    const { job, runId } = unit;
    const refused = new AbortController();
    const running = this.runProcess(unit, end, refused.signal);
    // It may fail while the requests are under way.
    running.catch(() => undefined);
    const path = `/jobs/${encodeURIComponent(job._key)}`;
    let started: TorcJob;
    let outputs: readonly TorcFile[];
    try {
      const place = `${job._rev}/${String(runId)}/${encodeURIComponent(registration.nodeKey)}`;
      // What the server is doing already is answered.
      const signals = { lastAttempt: end.interrupted, signal: end.halted };
      // Asked first, so that nothing is missing to keep the result when the server goes away while the job runs.
      outputs = await workflow.client.list<TorcFile>(
        workflow.path(`/files/produced_by_job/${encodeURIComponent(job._key)}`),
        signals,
      );
      started = await workflow.client.put<TorcJob>(workflow.path(`${path}/start_job/${place}`), undefined, signals);
    } catch (error) {
      refused.abort();
      await running;
      // Somebody has canceled or reset the job: this run of it does not count.
      if (!(error instanceof Refused)) throw error;
      note(`dropped   ${unit.title}: ${error.message}`);
      return undefined;
    }
    const { run, stop } = await running;
    return this.resultOf(unit, started._rev, run, stop, outputs, end);
  }

  /** A job that was claimed and not started is ready for others. */
  handBack({ title, job, runId }: JobUnit): Result {
    const { workflow } = this.parts;
    const path = `/jobs/${encodeURIComponent(job._key)}/manage_status_change/ready/${job._rev}/${String(runId)}`;
    return { title, requests: [requestOf('PUT', workflow.path(path), {})] };
  }

  cleanUp(unit: JobUnit): Promise<void> {
    this.running.delete(unit.id);
    this.parts.resources.giveBack(unit.job);
    return Promise.resolve();
  }

  private get bufferSeconds(): number {
    return this.parts.registration.config.compute_node_expiration_buffer_seconds ?? BUFFER_SECONDS;
  }

  private get secondsLeft(): number | undefined {
    return this.stopMs === Infinity ? undefined : (this.stopMs - Date.now()) / MS_PER_SECOND;
  }

  private claimParameters(limit: number): string {
    const method = this.parts.registration.config.prepare_jobs_sort_method ?? 'gpus_runtime_memory';
    return Number.isFinite(limit) ? `sort_method=${method}&limit=${String(limit)}` : `sort_method=${method}`;
  }

  /** Ends the worker when nothing runs here, and no jobs have come for as long as the config says. */
  private async endWhenIdle(signals: Signals): Promise<void> {
    if (this.running.size > 0) {
      this.idleSinceMs = undefined;
      return;
    }
    const { config } = this.parts.registration;
    this.idleSinceMs ??= Date.now();
    const waitMs = (config.compute_node_wait_for_new_jobs_seconds ?? 0) * MS_PER_SECOND;
    if (Date.now() - this.idleSinceMs < waitMs || config.compute_node_ignore_workflow_completion === true) return;
    if (!this.options.waitsForRetries || !(await this.hasRetries(signals))) this.parts.shutdown.drain();
  }

  /** Whether a ready job fits that no claim gives: it has failed, and waits until it is retried. */
  private async hasRetries(signals: Signals): Promise<boolean> {
    const { workflow, resources } = this.parts;
    const ready = await workflow.client.list<TorcJob>(workflow.path('/jobs?status=ready'), signals);
    return ready.some((job) => resources.fits(job, this.secondsLeft));
  }

  private endTime(): void {
    if (this.parts.shutdown.stopping.aborted) return;
    this.parts.note('the time limit is over: running jobs are stopped');
    this.timeUp.abort();
    this.parts.shutdown.drain();
  }

  private async runCompletionScript(): Promise<void> {
    const { registration, state, shutdown } = this.parts;
    const script = registration.config.workflow_completion_script;
    if (script === undefined) return;
    const { code, error, lastWords } = await runScript(script, {
      workdir: this.options.workdir,
      environment: this.options.environment,
      outputs: await state.outputs(registration.runId),
      name: 'workflow-completion',
      end: { interrupted: shutdown.halted, halted: shutdown.halted },
    });
    if (code === 0) return;
    this.completionFailure = `the completion script has failed: ${error ?? `code ${String(code)}`} ${lastWords}`;
  }

  /** Runs the command of a job to its end, or until a signal ends it early. */
  private async runProcess(
    { job, runId }: JobUnit,
    end: EndSignals,
    refused: AbortSignal,
  ): Promise<{ readonly run: ScriptRun; readonly stop: Stop }> {
    const { state, workflow } = this.parts;
    const { workdir, environment, run: mark, enforceRuntime } = this.options;
    const outputs = await state.outputs(runId);
    const attempt = (this.attempts.get(job._id) ?? 0) + 1;
    this.attempts.set(job._id, attempt);
    const stopping = [end.interrupted, this.timeUp.signal];
    if (enforceRuntime && job.internal.runtime_seconds > 0) {
      stopping.push(AbortSignal.timeout(Math.min(job.internal.runtime_seconds * MS_PER_SECOND, TIMER_MAX_MS)));
    }
    const interrupted = AbortSignal.any(stopping);
    const halted = AbortSignal.any([end.halted, this.canceled.signal, refused]);
    const { invocation_script: prefix } = job;
    const run = await runScript(prefix ? `${prefix} ${job.command}` : job.command, {
      workdir,
      environment: {
        ...environment,
        ...{ TORC_WORKFLOW_KEY: workflow.key, TORC_JOB_KEY: job._key, [RUN_VARIABLE]: mark },
      },
      outputs,
      name: attempt === 1 ? fileName(job) : `${fileName(job)}.${String(attempt)}`,
      end: { interrupted, halted },
      killAfterMs: job.supports_termination ? this.bufferSeconds * MS_PER_SECOND : KILL_AFTER_MS,
    });
    const stop = this.canceled.signal.aborted
      ? 'canceled'
      : interrupted.aborted || halted.aborted
        ? 'terminated'
        : undefined;
    return { run, stop };
  }

  private async resultOf(
    unit: JobUnit,
    startedRev: string,
    run: ScriptRun,
    stop: Stop,
    produced: readonly TorcFile[],
    end: EndSignals,
  ): Promise<RunResult> {
    const { workflow, registration, state } = this.parts;
    const { job, runId, title } = unit;
    const { status, returnCode: ownCode } = jobEnd(run, stop, job.supports_termination);
    const isGood = status === 'done' && ownCode === 0;
    const found = isGood ? await this.outputsOf(produced) : NO_OUTPUTS;
    const returnCode = found.missing.length > 0 ? MISSING_OUTPUT_CODE : ownCode;
    const completionTime = clientTime();
    // Canceling has changed the job.
    const rev =
      status === 'canceled'
        ? (await workflow.client.get<TorcJob>(this.jobPath(job), { signal: end.halted }))._rev
        : startedRev;
    const { seconds, memoryBytes, cpu, peakCpu } = run.usage;
    await state.report({
      ...{ job: job._key, name: job.name, run_id: runId, status, return_code: returnCode },
      ...{ completion_time: completionTime, seconds, max_rss: memoryBytes, avg_cpu: cpu, max_cpu: peakCpu },
      ...{ outputs: found.outputs, missing: found.missing },
    });
    const result = {
      ...{ job_key: job._key, run_id: runId, return_code: returnCode, status },
      ...{ exec_time_minutes: seconds / SECONDS_PER_MINUTE, completion_time: completionTime },
    };
    const place = `${status}/${rev}/${String(runId)}/${encodeURIComponent(registration.nodeKey)}`;
    const requests = [
      ...found.changes,
      ...this.statisticsOf(unit, run, startedRev),
      requestOf('POST', `${this.jobPath(job)}/complete_job/${place}`, result),
    ];
    const reason =
      found.missing.length > 0
        ? `its outputs are missing: ${found.missing.join(', ')}`
        : [run.error ?? `code ${String(returnCode)}`, run.lastWords].filter(Boolean).join(': ');
    const time = `${seconds.toFixed(2)} s`;
    const isDone = status === 'done' && returnCode === 0;
    return {
      summary: isDone
        ? `done      ${title} after ${time}`
        : `${(status === 'done' ? 'failed' : status).padEnd(9)} ${title} after ${time}: ${reason}`,
      result: { title, requests },
      files: new Map(),
      outcome: isDone ? 'succeeded' : status === 'done' ? 'failed' : 'stopped',
    };
  }

  private jobPath({ _key }: TorcJob): string {
    return this.parts.workflow.path(`/jobs/${encodeURIComponent(_key)}`);
  }

  /** Looks at the files that a job was to make. */
  private async outputsOf(produced: readonly TorcFile[]): Promise<FoundOutputs> {
    const { workflow } = this.parts;
    const [outputs, missing, changes]: [Output[], string[], ResultRequest[]] = [[], [], []];
    for (const file of produced) {
      const path = workflow.onDisk(file.path);
      const time = await modificationTime(path);
      if (time === undefined) {
        missing.push(file.path);
        continue;
      }
      const url = workflow.path(`/files/${encodeURIComponent(file._key)}`);
      changes.push(requestOf('PUT', url, { ...file, st_mtime: time }));
      outputs.push(this.options.hashOutputs ? await hashOutput(file.path, path) : { path: file.path });
    }
    return { outputs, missing, changes };
  }

  /** Torc contract 2.11, where the config asks for it. The key is our own, so that the edge can name it before it is stored. */
  private statisticsOf({ job, runId }: JobUnit, { usage }: ScriptRun, rev: string): readonly ResultRequest[] {
    const { workflow, registration } = this.parts;
    const { samples, memoryBytes, averageMemoryBytes, cpu, peakCpu } = usage;
    if (registration.config.compute_node_resource_stats?.process !== true || samples === undefined) return [];
    const key = `${job._key}_${String(runId)}_${rev}`;
    const stats = {
      ...{ _key: key, job_key: job._key, run_id: runId, timestamp: clientTime(), num_samples: samples },
      ...{ avg_cpu_percent: percent(cpu), max_cpu_percent: percent(peakCpu) },
      ...{ avg_rss: averageMemoryBytes ?? 0, max_rss: memoryBytes ?? 0 },
    };
    const edge = { _from: job._id, _to: fullId('job_process_stats', workflow.key, key) };
    return [
      requestOf('POST', workflow.path('/job_process_stats'), stats),
      requestOf('POST', workflow.path('/edges/process_used'), edge),
    ];
  }
}

interface FoundOutputs {
  readonly outputs: readonly Output[];
  /** Paths of files that do not exist. */
  readonly missing: readonly string[];
  /** Requests that store the times of the files. */
  readonly changes: readonly ResultRequest[];
}

const NO_OUTPUTS: FoundOutputs = { outputs: [], missing: [], changes: [] };

const percent = (cores = 0): number => cores * 100;
