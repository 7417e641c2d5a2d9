import type { JobFile, JobNeeds, JobsCreated, NewJob } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { workStream } from '../streams.js';
import type { Job } from '../view.js';
import { accepted } from './decided.js';
import { inTables, type TableStore } from './table-store.js';

export const START_MICROS = Date.parse('2025-06-01T12:00:00Z') * 1_000;
export const SECOND = 1_000_000;

/** What tests say of jobs. Everything else has a value with which a pilot of `SITE_A` takes them. */
export interface SomeJobs {
  readonly task?: number;
  readonly site?: string;
  readonly label?: string;
  readonly priority?: number;
  readonly status?: JobStatus;
  readonly needs?: Partial<JobNeeds>;
  readonly set?: JobAttributes;
  readonly files?: (pandaId: number) => readonly JobFile[];
}

/** Tables with jobs in them, and a clock. */
export class JobStore {
  readonly store: TableStore = inTables();
  nowMicros = START_MICROS;

  get view(): TableStore['view'] {
    return this.store.view;
  }

  apply(events: readonly DecidedEvent[]): void {
    this.store.apply(events, this.nowMicros);
  }

  wait(seconds: number): void {
    this.nowMicros += seconds * SECOND;
  }

  submit(task: number, more: JobAttributes & { readonly splitRule?: string } = {}): void {
    const set = { taskName: `task.${task}`, userName: 'Demo User', vo: 'wlcg', prodSourceLabel: 'user' };
    this.apply([
      {
        stream: workStream(String(task)),
        type: 'TaskSubmitted',
        data: { workload_id: String(task), task_id: task, set: { ...set, ...more } },
      },
    ]);
  }

  /** Creates jobs, of a task that was submitted or without one; returns their PandaIDs. */
  create(count: number, jobs: SomeJobs = {}): readonly number[] {
    const { site = 'SITE_A', label = 'user', priority = 1_000, status = 'activated', files = () => [] } = jobs;
    const first = this.view.next('job');
    const home = jobs.task === undefined ? this.view.home(`jobs-${first}`) : this.view.task(jobs.task);
    if (home === undefined) throw new Error('No such task');
    const ids = Array.from({ length: count }, (_, at) => first + at);
    const needs: JobNeeds = {
      ...{ ram: 0, disk: 0, cores: 1, resource_type: 'SCORE', share: 'User Analysis' },
      ...{ processing_type: 'panda-client', user: 'Demo User' },
      ...jobs.needs,
    };
    const data: JobsCreated = {
      units: [[home.nextOrdinal, home.nextOrdinal + count - 1]],
      workload_id: home.name,
      ...{ kind: 'run', status, site, label, priority },
      requirements: JSON.stringify(needs),
      common: {
        ...{ attemptNr: 1, maxAttempt: 1, prodUserName: needs.user, prodUserID: `/CN=${needs.user}` },
        ...{ gshare: needs.share, resource_type: needs.resource_type, processingType: needs.processing_type },
        ...{ minRamCount: needs.ram, maxDiskCount: needs.disk, coreCount: needs.cores, jobParameters: 'run' },
        ...jobs.set,
      },
      jobs: ids.map((id): NewJob => ({ panda_id: id, set: { jobName: `job.${id}` }, files: files(id), takes: [] })),
    };
    this.apply([{ stream: home.stream, type: 'JobsCreated', data }]);
    return ids;
  }

  job(id: number): Job {
    const job = this.view.job(id);
    if (job === undefined) throw new Error(`No job ${id}`);
    return job;
  }

  /** Decides and applies. */
  do<Reply>(decide: (view: TableStore['view'], timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>): Reply {
    const { events, reply } = accepted(decide(this.view, this.nowMicros));
    this.apply(events);
    if (typeof reply !== 'function') return reply;
    const streams = new Set(events.map(({ stream }) => stream));
    return (reply as (succeeded: ReadonlySet<string>) => Reply)(streams);
  }
}
