import type { JobKind, NewJob } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { workStream } from '../../streams.js';
import { accepted } from '../../testing/decided.js';
import { inTables, type TableStore } from '../../testing/table-store.js';
import type { Job, Task, TaskFile } from '../../view.js';
import { acquireRanges } from '../acquire-ranges.js';
import { cutRanges } from '../cut-ranges.js';
import { reportRanges } from '../report-ranges.js';
import type { Jobset } from '../range-view.js';
import type { ReportRangesReply, ReportVersion } from '#contracts/panda/ranges.js';

export const TASK = 10_000_001;
export const DATASET = 1;
export const JOBSET = 1;
export const STREAM = workStream(String(TASK));
const START_MICROS = 1_767_225_600_000_000;

/** An input file of the task, with ids from 1 on. */
export interface Record {
  readonly events?: number;
  readonly start?: number;
}

interface Acquired {
  readonly eventRangeID: string;
  readonly startEvent: number;
  readonly lastEvent: number;
  readonly LFN: string;
}

/** A task with jobs that share records, in tables of its own. */
export class RangeSpec {
  readonly store: TableStore = inTables();
  private nowMicros = START_MICROS;
  private nextJob = JOBSET + 1;

  constructor(records: readonly Record[], splitRule = 'ES=100', set: TaskAttributes = {}) {
    this.record('TaskSubmitted', {
      ...{ workload_id: String(TASK), task_id: TASK },
      set: { taskName: 'user.demo.es', userName: 'Demo User', vo: 'wlcg', eventService: 1, splitRule, ...set },
    });
    this.record('DatasetsAdded', {
      datasets: [
        { dataset_id: DATASET, name: 'mc.in', type: 'input', status: 'ready' },
        { dataset_id: 2, name: 'user.out', type: 'output', status: 'defined' },
      ],
    });
    const files = records.map(({ events, start }, at) => ({
      lfn: `input.${String(at + 1).padStart(4, '0')}.root`,
      ...(events !== undefined && { n_events: events }),
      ...(start !== undefined && { start_event: start, end_event: start + (events ?? 1) - 1 }),
    }));
    this.record('FilesAdded', { dataset_id: DATASET, first_file_id: 1, status: 'ready', max_attempt: 3, files });
  }

  get view(): TableStore['view'] {
    return this.store.view;
  }

  get task(): Task {
    return defined(this.view.task(TASK));
  }

  job(id: number): Job {
    return defined(this.view.job(id));
  }

  file(id: number): TaskFile {
    return defined(this.view.file(id));
  }

  get jobset(): Jobset {
    return defined(this.view.ranges.jobset(JOBSET));
  }

  record(type: string, data: object): void {
    this.apply([{ stream: STREAM, type, data }]);
  }

  apply(events: readonly DecidedEvent[]): void {
    this.nowMicros += 1_000_000;
    this.store.apply(events, this.nowMicros);
  }

  /** Cuts files into the ranges of a jobset. */
  cut(files: readonly number[], jobsetId = JOBSET): void {
    const records = files.map((id) => this.file(id));
    this.apply(cutRanges(this.view, this.task, [{ id: jobsetId, records }]));
  }

  /** Creates a job that takes files. */
  create(takes: readonly number[], set: JobAttributes = {}, kind: JobKind = 'run'): number {
    const id = this.nextJob;
    this.nextJob += 1;
    const ordinal = this.task.nextOrdinal;
    const job: NewJob = {
      panda_id: id,
      set: { jobsetID: JOBSET, eventService: 1, attemptNr: 1, maxAttempt: 4, ...set },
      files: [
        { row_ID: 10 * id, type: 'output', lfn: `out.${id}`, status: 'unknown', datasetID: 2, fileID: 1000 + id },
      ],
      takes,
    };
    this.record('JobsCreated', {
      ...{ units: [[ordinal, ordinal]], workload_id: String(TASK), kind, status: 'activated', site: 'SITE_A' },
      ...{ label: 'user', priority: 1000, requirements: '{"ram":2000}', common: {}, jobs: [job] },
    });
    return id;
  }

  /** Brings a job into a status, whatever it is in. */
  move(id: number, status: JobStatus): void {
    const { ordinal } = this.job(id);
    const end = { set: {}, inputs: 'superseded' };
    this.record('UnitsMoved', {
      ...{ units: [[ordinal, ordinal]], status },
      ...(['finished', 'failed', 'cancelled', 'closed'].includes(status) && { end }),
    });
  }

  running(takes: readonly number[], set: JobAttributes = {}): number {
    const id = this.create(takes, set);
    this.move(id, 'running');
    return id;
  }

  acquire(job: number, count: number, more: { scattered?: boolean; segment_id?: number } = {}): readonly Acquired[] {
    const request = { job_id: job, jobset_id: JOBSET, n_ranges: count, scattered: false, ...more };
    return JSON.parse(this.decide(acquireRanges(this.view, request)).ranges) as Acquired[];
  }

  report(elements: readonly unknown[], version: ReportVersion = 0): ReportRangesReply {
    return this.decide(reportRanges(this.view, { elements: JSON.stringify(elements), version }));
  }

  /** Applies what is decided. */
  decide<Reply>(decision: Decision<Reply> | SlicedDecision<Reply>): Reply {
    const { events, reply } = accepted(decision);
    this.apply(events);
    return typeof reply === 'function' ? (reply as () => Reply)() : reply;
  }

  /** Ids and statuses of the ranges of a job or jobset. */
  statuses(owner: number): readonly string[] {
    const { ranges } = this.view;
    const { workload } = this.task;
    const found =
      owner === JOBSET ? ranges.unacquired(this.jobset, undefined, 1e6) : ranges.ofJob(workload, owner, undefined, 1e6);
    return found.map(({ processId, attemptNr, status }) => `${processId}-${attemptNr} ${status}`);
  }
}

const defined = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('There is none');
  return value;
};
