import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { idAt } from '#contracts/ids.js';
import { slicesOf } from '#contracts/ranges.js';
import type { GroupAmended, GroupsAdded, GroupsMoved, Ranges } from '#contracts/work-events.js';
import type { ColumnNames, AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { keyOf, workloadOfKey } from '../../workload/member-key.js';
import { type WorkloadId, Workloads } from '../../workload/workloads.js';
import { evolve, type Job, type JobEvent, statusCode } from './job.js';
import { JOB_COLUMNS, JOB_INDEXES, JOB_TABLES, Jobs, readJob } from './job-rows.js';
import { workStream } from '../streams.js';
import { memberName, workloadName } from '../../workload/told-names.js';

/** Rows of one slice of bulk work: a few milliseconds. */
const SLICE = 2_000;

/** Counts that change together, written once per slice. */
class CountChanges {
  private readonly changes = new Map<WorkloadId, Map<number, number>>();
  private readonly upsert: StatementSync;

  constructor(database: DatabaseSync) {
    this.upsert = database.prepare(
      'INSERT INTO job_count (workload, status, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    );
  }

  add(workload: WorkloadId, status: number, change: number): void {
    let ofWorkload = this.changes.get(workload);
    if (ofWorkload === undefined) this.changes.set(workload, (ofWorkload = new Map<number, number>()));
    ofWorkload.set(status, (ofWorkload.get(status) ?? 0) + change);
  }

  flush(): void {
    for (const [workload, ofWorkload] of this.changes) {
      for (const [status, change] of ofWorkload) if (change !== 0) this.upsert.run(workload, status, change);
    }
    this.changes.clear();
  }

  forget(): void {
    this.changes.clear();
  }
}

class JobWriter implements ProjectionWriter {
  private readonly counts: CountChanges;
  private readonly insert: StatementSync;
  private readonly select: StatementSync;
  private readonly selectOverwritten: StatementSync;
  private readonly update: StatementSync;
  private readonly countRange: StatementSync;
  private readonly moveRange: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly workloads: Workloads,
  ) {
    this.counts = new CountChanges(database);
    this.insert = database.prepare(
      'INSERT INTO job (key, id, job_index, status, changed, touched, revision) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.select = database.prepare(`SELECT ${JOB_COLUMNS} FROM job WHERE key = ?`);
    this.selectOverwritten = database.prepare(
      `SELECT ${JOB_COLUMNS} FROM job WHERE key BETWEEN ? AND ? AND extra IS NOT NULL`,
    );
    this.update = database.prepare(
      `UPDATE job SET id = ?, listing = ?, job_index = ?, status = ?, changed = ?, touched = ?, revision = ?, extra = ?
       WHERE key = ?`,
    );
    this.countRange = database.prepare(
      'SELECT listing, status, count(*) AS jobs FROM job WHERE key BETWEEN ? AND ? GROUP BY listing, status',
    );
    this.moveRange = database.prepare(
      'UPDATE job SET status = ?, changed = ?, touched = ?, revision = ? WHERE key BETWEEN ? AND ?',
    );
  }

  apply(event: AppliedEvent): void | Generator<void, void, void> {
    switch (event.type) {
      case 'GroupsAdded':
        return this.added(event, event.data);
      case 'GroupsMoved':
        return this.moved(event, event.data);
      case 'GroupAmended':
        this.amended(event, event.data);
        return;
      default:
      // Everything else in the stream is not about jobs.
    }
  }

  forget(): void {
    this.workloads.forget();
    this.counts.forget();
  }

  private *added(
    { stream, revision, metadata }: AppliedEvent,
    data: Partial<GroupsAdded>,
  ): Generator<void, void, void> {
    const { groups = [], first_index: firstIndex = 0, status = '', ids = { id: '' } } = data;
    const workload = this.workloads.ensure(stream, data.workload_id);
    const code = statusCode(status);
    const { timeMicros } = metadata;
    let number = 0;
    for (const [first, last] of slicesOf(groups, SLICE)) {
      if (number > 0) yield;
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const id = 'id' in ids ? ids.id : idAt(ids.prefix, number);
        this.insert.run(keyOf(workload, ordinal), id, firstIndex + number, code, timeMicros, timeMicros, revision);
        number += 1;
      }
      this.counts.add(workload, code, last - first + 1);
      this.counts.flush();
    }
  }

  private moved(event: AppliedEvent, data: Partial<GroupsMoved>): void | Generator<void, void, void> {
    const { groups = [], status = '' } = data;
    const workload = this.workloads.ensure(event.stream);
    const change = { type: 'GroupsMoved', data: { status }, timeMicros: event.metadata.timeMicros } as const;
    const [only] = groups;
    if (groups.length !== 1 || only?.[0] !== only?.[1]) return this.movedMany(workload, groups, change, event.revision);
    if (only !== undefined) this.changeOne(keyOf(workload, only[0]), change, event.revision);
  }

  private amended(event: AppliedEvent, { groups: [only] = [], fields = '{}' }: Partial<GroupAmended>): void {
    if (only === undefined) return;
    const key = keyOf(this.workloads.ensure(event.stream), only[0]);
    const change = { type: 'GroupAmended', data: { fields }, timeMicros: event.metadata.timeMicros } as const;
    this.changeOne(key, change, event.revision);
  }

  private changeOne(key: number, change: JobEvent, revision: number): void {
    const row = this.select.get(key);
    if (row === undefined) return;
    const before = readJob(row, this.workloads);
    const after = evolve(before.job, change);
    const listing = this.store(key, after, change.timeMicros, revision);
    this.counts.add(before.listing, statusCode(before.job.status), -1);
    this.counts.add(listing, statusCode(after.status), 1);
    this.counts.flush();
  }

  /** @returns the workload that lists the job */
  private store(key: number, job: Job, timeMicros: number, revision: number): WorkloadId {
    const listing = this.workloads.ensure(workStream(job.datasetId), job.datasetId);
    this.update.run(
      job.id,
      listing === workloadOfKey(key) ? null : listing,
      job.index ?? null,
      statusCode(job.status),
      job.changedMicros,
      timeMicros,
      revision,
      job.extra ?? null,
      key,
    );
    return listing;
  }

  private *movedMany(
    workload: WorkloadId,
    groups: Ranges,
    change: JobEvent & { readonly type: 'GroupsMoved' },
    revision: number,
  ): Generator<void, void, void> {
    const code = statusCode(change.data.status);
    let rows = 0;
    for (const [first, last] of slicesOf(groups, SLICE)) {
      const from = keyOf(workload, first);
      const to = keyOf(workload, last);
      for (const row of this.countRange.all(from, to)) {
        const listing = row['listing'] === null ? workload : Number(row['listing']);
        this.counts.add(listing, Number(row['status']), -Number(row['jobs']));
        this.counts.add(listing, code, Number(row['jobs']));
      }
      // The few rows that clients have written over go one by one; the statement below changes nothing more in them.
      for (const row of this.selectOverwritten.all(from, to)) {
        const { key, job } = readJob(row, this.workloads);
        this.store(key, evolve(job, change), change.timeMicros, revision);
      }
      this.moveRange.run(code, change.timeMicros, change.timeMicros, revision, from, to);
      rows += last - first + 1;
      if (rows < SLICE) continue;
      rows = 0;
      this.counts.flush();
      yield;
    }
    this.counts.flush();
  }
}

/** Jobs and their counts per dataset and status. */
export class JobProjection implements Projection {
  readonly name = 'job';
  readonly version = 4;
  readonly streamPrefixes = ['work-iceprod.'];
  readonly eventTypes = ['GroupsAdded', 'GroupsMoved', 'GroupAmended'];
  readonly tables = JOB_TABLES;
  readonly indexes = JOB_INDEXES;
  readonly names: ColumnNames = {
    'job.key': memberName('t.key'),
    'job.listing': workloadName('t.listing'),
    'job_count.workload': workloadName('t.workload'),
  };
  private attached: Jobs | undefined;

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    this.attached = new Jobs(database, workloads);
    return new JobWriter(database, workloads);
  }

  /** Jobs as the writing connection sees them: for deciders. */
  get jobs(): Jobs {
    if (this.attached === undefined) throw new Error('The projection of jobs is not attached yet');
    return this.attached;
  }
}
