import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { slicesOf } from '#contracts/ranges.js';
import type { AddedJob, JobReplaced, JobsAdded } from '#contracts/torc/events.js';
import { isFinal } from '#contracts/torc/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import type { UnitKey } from '../../engine/unit.js';
import { UNIT_CHANGE_TYPES } from '../../engine/unit-event.js';
import { keyOf } from '../../workload/member-key.js';
import { type WorkloadId, Workloads } from '../../workload/workloads.js';
import { JOB_TABLES, type JobRow, type RecentJobs, recentJobs } from './job-rows.js';
import { memberName } from '../../workload/told-names.js';

/** Jobs written together: a few milliseconds of work. */
const SLICE = 2_000;
const DOCUMENTS_PER_YIELD = 200;

/** Shorter ranges are put together into one list. */
const WORTH_RANGE = 8;

/** Whether a failed blocking job cancels this one. True unless the document says otherwise. */
const cancels = (document: string): boolean =>
  // Most documents are not read.
  !document.includes('"cancel_on_blocking_job_failure":false') ||
  (JSON.parse(document) as { cancel_on_blocking_job_failure?: boolean }).cancel_on_blocking_job_failure !== false;

/** A job that is not complete any more has no result of the present attempt. */
const NO_RESULT = { resultRun: null } as const;

/** What an event may say about a job besides its status. */
interface JobFacts {
  readonly units: Ranges;
  readonly status?: string;
  readonly request_digest?: string;
  /** Of the end of an attempt. */
  readonly result?: { readonly document: string };
  readonly input_hash?: number;
}

/**
 * Projects what only Torc keeps of its jobs. Each event that names a job writes it once more, except those that link or remove it:
 * so a decider knows the revision that its event will lead to.
 */
export const torcJobProjection: Projection = {
  name: 'torc_job',
  version: 1,
  streamPrefixes: ['work-torc.'],
  eventTypes: ['JobsAdded', 'JobReplaced', 'JobsInitialized', 'UnitsRemoved', ...UNIT_CHANGE_TYPES],
  tables: JOB_TABLES,
  names: { 'torc_job.unit': memberName('t.unit'), 'torc_job_document.unit': memberName('t.unit') },
  indexes: '',
  attach: (database) => new JobWriter(database),
};

class JobWriter implements ProjectionWriter {
  private readonly workloads: Workloads;
  private readonly insert: StatementSync;
  private readonly insertDocument: StatementSync;
  private readonly replace: StatementSync;
  private readonly replaceDocument: StatementSync;
  private readonly end: StatementSync;
  private readonly writeOne: StatementSync;
  private readonly writeRange: StatementSync;
  private readonly writeList: StatementSync;
  private readonly removals: readonly StatementSync[];
  private readonly recent: RecentJobs;

  constructor(database: DatabaseSync) {
    this.workloads = new Workloads(database);
    this.recent = recentJobs(database);
    this.insert = database.prepare(
      'INSERT INTO torc_job (unit, custom_key, writes, cancels, hash) VALUES (?, ?, 1, ?, ?)',
    );
    this.insertDocument = database.prepare('INSERT INTO torc_job_document (unit, document) VALUES (?, ?)');
    this.replace = database.prepare(
      `UPDATE torc_job SET writes = writes + 1, cancels = ?, hash = coalesce(?, hash), request = ?,
         result_run = iif(?, result_run, NULL) WHERE unit = ?`,
    );
    this.replaceDocument = database.prepare('UPDATE torc_job_document SET document = ? WHERE unit = ?');
    this.end = database.prepare(
      `UPDATE torc_job SET writes = writes + 1, hash = ?, request = NULL, complete_request = ?, result_run = ?
       WHERE unit = ?`,
    );
    const write = 'UPDATE torc_job SET writes = writes + 1, request = ?, result_run = iif(?, result_run, NULL) WHERE';
    this.writeOne = database.prepare(`${write} unit = ?`);
    this.writeRange = database.prepare(`${write} unit BETWEEN ? AND ?`);
    this.writeList = database.prepare(`${write} unit IN (SELECT value FROM json_each(?))`);
    this.removals = ['torc_job', 'torc_job_document'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE unit BETWEEN ? AND ?`),
    );
  }

  apply({ stream, type, data }: AppliedEvent): void | Generator<void, void, void> {
    const { workload_id: name } = data;
    const workload = this.workloads.ensure(stream, typeof name === 'string' ? name : undefined);
    // Only the deciders of this service write these events, so that their types are known.
    const facts: object = data;
    if (type === 'JobsAdded') return this.added(workload, facts as JobsAdded);
    if (type === 'UnitsRemoved') return this.removed(workload, (facts as JobFacts).units);
    if (type === 'JobReplaced') {
      this.replaced(workload, facts as JobReplaced);
      return;
    }
    return this.written(workload, facts as JobFacts);
  }

  forget(): void {
    this.workloads.forget();
    this.recent.clear();
  }

  private *added(workload: WorkloadId, { units, jobs }: JobsAdded): Generator<void, void, void> {
    let at = 0;
    for (const [first, last] of units) {
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const job = jobs[at];
        at += 1;
        if (job !== undefined) this.addOne(keyOf(workload, ordinal), job);
        if (at % DOCUMENTS_PER_YIELD === 0) yield;
      }
    }
  }

  private addOne(unit: number, { key, document, hash = 0 }: AddedJob): void {
    this.insert.run(unit, key ?? null, +cancels(document), hash);
    this.insertDocument.run(unit, document);
  }

  private replaced(workload: WorkloadId, { units, job, request_digest: request }: JobReplaced): void {
    const unit = keyOf(workload, units[0]?.[0] ?? 0);
    const { document, hash, status } = job;
    this.replace.run(+cancels(document), hash ?? null, request ?? null, +isFinal(status), unit);
    this.replaceDocument.run(document, unit);
    this.recent.delete(unit);
  }

  private written(workload: WorkloadId, facts: JobFacts): void | Generator<void, void, void> {
    const { units, status, request_digest: request = null, result, input_hash: hash = 0 } = facts;
    const first = keyOf(workload, units[0]?.[0] ?? 0);
    if (result !== undefined) {
      const { run_id: run } = JSON.parse(result.document) as { readonly run_id: number };
      this.end.run(hash, request, run, first);
      this.change(first, { hash, request: null, completeRequest: request, resultRun: run });
      return;
    }
    const keepsResult = status === undefined || isFinal(status);
    if (units.length > 1 || units[0]?.[0] !== units[0]?.[1]) return this.writeMany(workload, units, keepsResult);
    this.writeOne.run(request, +keepsResult, first);
    this.change(first, { request, ...(!keepsResult && NO_RESULT) });
  }

  private *writeMany(workload: WorkloadId, units: Ranges, keepsResult: boolean): Generator<void, void, void> {
    const changed = { request: null, ...(!keepsResult && NO_RESULT) };
    let short: number[] = [];
    for (const [first, last] of slicesOf(units, SLICE)) {
      if (last - first + 1 >= WORTH_RANGE) {
        this.writeRange.run(null, +keepsResult, keyOf(workload, first), keyOf(workload, last));
        for (let ordinal = first; ordinal <= last; ordinal += 1) this.change(keyOf(workload, ordinal), changed);
        yield;
        continue;
      }
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        short.push(keyOf(workload, ordinal));
        this.change(keyOf(workload, ordinal), changed);
      }
      if (short.length < SLICE) continue;
      this.writeList.run(null, +keepsResult, JSON.stringify(short));
      short = [];
      yield;
    }
    if (short.length > 0) this.writeList.run(null, +keepsResult, JSON.stringify(short));
  }

  /** A statement has written the job once more, with these columns. */
  private change(unit: UnitKey, columns: Partial<JobRow>): void {
    const known = this.recent.get(unit);
    if (known !== undefined) this.recent.set(unit, { ...known, ...columns, writes: known.writes + 1 });
  }

  private *removed(workload: WorkloadId, units: Ranges): Generator<void, void, void> {
    for (const [first, last] of slicesOf(units, SLICE)) {
      for (const removal of this.removals) {
        removal.run(keyOf(workload, first), keyOf(workload, last));
        yield;
      }
      for (let ordinal = first; ordinal <= last; ordinal += 1) this.recent.delete(keyOf(workload, ordinal));
    }
  }
}
