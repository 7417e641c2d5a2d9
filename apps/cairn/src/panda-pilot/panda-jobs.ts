import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import { isObject } from '#platform/json-object.js';
import { Interrupted, Refused } from '../worker/http-client.js';
import { Heartbeat } from '../worker/heartbeat.js';
import type { EndSignals } from '../worker/run-process.js';
import type { Sandbox } from '../worker/sandbox/sandbox.js';
import type { Result } from '../worker/spool.js';
import type { ClaimedUnit, RunResult, WorkSource } from '../worker/worker.js';
import type { PandaOptions } from './options.js';
import { JobFolder, type StoredFile } from './job-folder.js';
import type { PandaClient } from './panda-client.js';
import { pilotPath } from './panda-client.js';
import { jobsIn, type PandaJob } from './panda-job.js';
import { JobFailure, Payload, type PayloadOptions, PILOT_ERRORS } from './payload.js';

const NO_JOBS = 'No jobs in PanDA';
const KILL = 'tobekilled';
const DEBUG = 'debug';
const BYTES_PER_KB = 1024;
const DIAGNOSTIC_CHARACTERS_MAX = 500;
const OK = 200;

/** A claimed job. */
export interface PandaUnit extends ClaimedUnit {
  readonly job: PandaJob;
  readonly folder: JobFolder;
}

/** What becomes of a job. */
interface End {
  readonly failure: JobFailure | undefined;
  readonly files: ReadonlyMap<string, StoredFile>;
}

/** Claims jobs of a queue by the PanDA API and runs them (PanDA contract 11.2). */
export class PandaJobs implements WorkSource<PandaUnit> {
  constructor(
    private readonly client: PandaClient,
    private readonly options: PandaOptions,
    private readonly sandbox: Sandbox,
    private readonly payloadOptions: PayloadOptions,
    private readonly note: (line: string) => void,
  ) {}

  async claim(limit: number, lastAttempt: AbortSignal, signal: AbortSignal): Promise<readonly PandaUnit[]> {
    const { queue, label, offer } = this.options;
    const parameters = {
      ...{ site_name: queue, prod_source_label: label, node: hostname(), computing_element: queue, n_jobs: limit },
      ...{ memory: offer.memoryMb, disk_space: offer.diskMb, remaining_time: offer.seconds },
    };
    const { success, message, data } = await this.client.call('acquire_jobs', parameters, { lastAttempt, signal });
    if (!success && message !== NO_JOBS) throw new Refused(OK, message, 'acquire_jobs');
    return jobsIn(data).map((job) => ({
      ...{ id: String(job.id), title: job.title, job },
      folder: new JobFolder(this.options.workdir, job.id, this.options.outputs, this.sandbox.user),
    }));
  }

  async run(unit: PandaUnit, end: EndSignals): Promise<RunResult | undefined> {
    const { job, title } = unit;
    this.note(`claimed   ${title} (${job.id}), attempt ${job.attemptNr}`);
    const killed = new AbortController();
    const startTime = clock();
    const payload = new Payload(job, unit.folder, this.payloadOptions, {
      interrupted: AbortSignal.any([end.interrupted, killed.signal]),
      halted: end.halted,
    });
    let isDebugged = false;
    const beat = async (signal: AbortSignal): Promise<string> => {
      const tail = isDebugged ? { stdout: payload.tail } : {};
      const command = await this.update(job, { job_status: 'running', start_time: startTime, ...tail }, signal);
      isDebugged = command.includes(DEBUG);
      if (command.includes(KILL)) killed.abort();
      return command;
    };
    if ((await beat(end.interrupted)).includes(KILL)) {
      this.note(`dropped   ${title}: it is not ours any more`);
      return undefined;
    }
    const heartbeat = new Heartbeat(
      this.options.heartbeatMs,
      async (signal) => {
        await beat(signal);
      },
      (error) => this.note(`no heartbeat of ${title}: ${error instanceof Error ? error.message : String(error)}`),
    );
    heartbeat.start();
    const ended = await this.end(payload, killed.signal).finally(() => heartbeat.stop());
    if (ended.failure !== undefined && end.interrupted.aborted && !killed.signal.aborted) {
      throw new Interrupted(ended.failure.message);
    }
    return this.resultOf(unit, ended, payload, startTime);
  }

  /** A job that was not run to its end is given back; it counts no failure (PanDA contract 4.2.5). */
  handBack({ title, job }: PandaUnit): Result {
    return this.reportOf(title, job, { job_status: 'failed', job_sub_status: 'pilot_closed' });
  }

  async cleanUp({ folder }: PandaUnit): Promise<void> {
    if (this.options.keep) return;
    try {
      await folder.remove();
    } catch (error) {
      // What a job leaves behind must not keep others from running.
      this.note(`cannot remove ${folder.base}: ${(error as Error).message}`);
    }
  }

  private async end(payload: Payload, killed: AbortSignal): Promise<End> {
    let failure: JobFailure | undefined;
    let outputs: ReadonlyMap<string, StoredFile> = new Map();
    try {
      outputs = await payload.run();
    } catch (error) {
      // Whatever the error, such as a full disk, the job has failed and its reason is reported.
      failure =
        error instanceof JobFailure ? error : new JobFailure(PILOT_ERRORS.payloadFailed, String(error), 0, true);
    }
    if (killed.aborted) failure = new JobFailure(PILOT_ERRORS.killed, 'killed by the server', failure?.exitCode);
    const log = await payload.storeLog().catch((error: unknown) => {
      failure ??= new JobFailure(PILOT_ERRORS.outputMissing, `the log cannot be kept: ${String(error)}`, 0, true);
      return new Map<string, StoredFile>();
    });
    return { failure, files: failure === undefined ? new Map([...outputs, ...log]) : log };
  }

  private resultOf({ title, job }: PandaUnit, ended: End, payload: Payload, startTime: string): RunResult {
    const { failure, files } = ended;
    const { seconds, memoryBytes, cpu } = payload.usage;
    const memory = memoryBytes === undefined ? {} : memoryOf(memoryBytes);
    const report = {
      job_status: failure === undefined ? 'finished' : 'failed',
      job_output_report: JSON.stringify(Object.fromEntries(files)),
      ...{ start_time: startTime, end_time: clock(), core_count: job.cores, node: hostname() },
      cpu_consumption_time: Math.round((cpu ?? 0) * seconds),
      cpu_consumption_unit: `s+${availableParallelism()} cores`,
      ...memory,
      ...(failure === undefined ? { pilot_error_code: 0, trans_exit_code: 0 } : failureOf(failure)),
    };
    const time = `${seconds.toFixed(2)} s`;
    return {
      summary:
        failure === undefined
          ? `finished  ${title} after ${time}`
          : `failed    ${title} after ${time}: ${failure.message.replaceAll('\n', ' | ')}`,
      result: this.reportOf(title, job, report),
      files: new Map(),
      outcome: failure === undefined ? 'succeeded' : failure.isOfMachine ? 'machine failed' : 'failed',
    };
  }

  private reportOf(title: string, job: PandaJob, report: object): Result {
    const body = JSON.stringify({ ...this.named(job), ...report });
    const path = pilotPath('update_job');
    return { title, requests: [{ method: 'POST', path, body, idempotencyKey: randomUUID() }] };
  }

  private named({ id, attemptNr }: PandaJob): object {
    return { job_id: id, attempt_nr: attemptNr, site_name: this.options.queue, node: hostname() };
  }

  /** Resolves with the server's command. */
  private async update(job: PandaJob, report: object, signal: AbortSignal): Promise<string> {
    const { success, message, data } = await this.client.call(
      'update_job',
      { ...this.named(job), ...report },
      { signal },
    );
    if (!success) throw new Refused(OK, message, 'update_job');
    return isObject(data) && typeof data.command === 'string' ? data.command : '';
  }
}

/** `YYYY-MM-DD hh:mm:ss`, UTC. */
const clock = (): string => new Date().toISOString().slice(0, 19).replace('T', ' ');

const memoryOf = (bytes: number): object => {
  const kilobytes = Math.ceil(bytes / BYTES_PER_KB);
  return { max_rss: kilobytes, max_pss: kilobytes };
};

const failureOf = ({ code, exitCode, message }: JobFailure): object => ({
  pilot_error_code: code,
  pilot_error_diag: message.slice(0, DIAGNOSTIC_CHARACTERS_MAX),
  trans_exit_code: exitCode,
});
