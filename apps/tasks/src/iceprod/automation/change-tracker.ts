import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type DatasetEvents, type DatasetSubmitted, NO_CONFIG } from '#contracts/iceprod/dataset-events.js';
import type { Ranges } from '#contracts/work-events.js';
import type { ColumnNames, AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { AUTOMATION } from '../../automation-context.js';
import { type WorkloadId, Workloads } from '../../workload/workloads.js';
import { DirtySet, type DirtySets } from './dirty-set.js';
import { workloadName } from '../../workload/told-names.js';

/** Ticks of one settling time. A change waits for so many ticks, and for at most one more. */
export const SETTLING_TICKS = 4;

/** Events after which units or groups may need work. Claims and starts never do. */
const WORK_EVENTS = [
  'UnitAdded',
  'UnitsAdded',
  'UnitFailed',
  'UnitSucceeded',
  'UnitsMoved',
  'UnitsEvicted',
  'UnitAmended',
  'GroupsAdded',
  'GroupsMoved',
  'GroupAmended',
];
const WORKLOAD_EVENTS = [
  'WorkloadSubmitted',
  'WorkloadMoved',
  'DatasetTruncated',
  'WorkloadPrioritized',
  'DatasetExtended',
  'ConfigSet',
];
const USER_EVENTS = ['UserCreated', 'UserPrioritized', 'UserDeleted'];

/**
 * Keeps what automation must know about datasets and users, and tracks in memory which workloads have changed. Tracking costs
 * no SQL statement. It ignores rollbacks, because reconciling once too often does no harm.
 */
export class ChangeTracker implements Projection {
  readonly name = 'automation';
  readonly version = 3;
  readonly streamPrefixes = ['workload-iceprod.', 'work-iceprod.', 'user-'];
  readonly eventTypes = [...WORK_EVENTS, ...WORKLOAD_EVENTS, ...USER_EVENTS];
  readonly tables = `
CREATE TABLE dataset_snapshot (
  workload INTEGER PRIMARY KEY,
  username TEXT NOT NULL DEFAULT '',
  owner_group TEXT NOT NULL DEFAULT '',
  priority REAL NOT NULL DEFAULT 0,
  jobs INTEGER NOT NULL DEFAULT 0,
  tasks INTEGER NOT NULL DEFAULT 0,
  submitted INTEGER NOT NULL DEFAULT 0,
  since INTEGER NOT NULL DEFAULT 0,
  always_active INTEGER NOT NULL DEFAULT 0,
  configured INTEGER NOT NULL DEFAULT 0,
  lacks_config INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE user_weight (username TEXT PRIMARY KEY, priority REAL NOT NULL) STRICT, WITHOUT ROWID;`;
  readonly indexes = '';
  readonly names: ColumnNames = { 'dataset_snapshot.workload': workloadName('t.workload') };
  /** By the tick in which the change came, the latest first. */
  private readonly generations: Map<WorkloadId, DirtySet>[] = Array.from(
    { length: SETTLING_TICKS + 1 },
    () => new Map<WorkloadId, DirtySet>(),
  );
  private wake: (() => void) | undefined;

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const snapshots = new SnapshotWriter(database);
    return {
      apply: (event) => {
        if (event.stream.startsWith('user-')) {
          snapshots.user(event);
          return;
        }
        const { workload_id: name } = event.data;
        const id = workloads.ensure(event.stream, typeof name === 'string' ? name : undefined);
        if (event.stream.startsWith('workload-')) {
          snapshots.dataset(id, event);
          this.mark(id)?.addAll();
        } else {
          this.trackWork(id, event);
        }
      },
      forget: () => workloads.forget(),
    };
  }

  /** Starts tracking. `wake` is called when the first change comes after there was none. */
  listen(wake: () => void): void {
    this.wake = wake;
  }

  get isEmpty(): boolean {
    return this.generations.every(({ size }) => size === 0);
  }

  /** At the next tick the workload itself is due, but none of its units and groups. */
  markItself(id: WorkloadId): void {
    this.mark(id, SETTLING_TICKS);
  }

  /** At the next tick everything of the workload is due. */
  markAgain(id: WorkloadId): void {
    this.mark(id, SETTLING_TICKS)?.addAll();
  }

  /** Everything of the workload counts as just changed. */
  markAll(id: WorkloadId): void {
    this.mark(id)?.addAll();
  }

  /**
   * Returns what changed a settling time ago. Call it once a tick while no transaction is open, so that all of it is
   * committed.
   */
  take(): DirtySets {
    const taken = this.generations.pop() ?? new Map<WorkloadId, DirtySet>();
    this.generations.unshift(new Map());
    return taken;
  }

  private trackWork(id: WorkloadId, { type, data, metadata }: AppliedEvent): void {
    if (this.wake === undefined) return;
    // What automation itself queues needs no second look.
    if (type === 'UnitsMoved' && data['status'] === 'waiting' && metadata.actor === AUTOMATION) return;
    const { units, groups } = data as { units?: Ranges; groups?: Ranges };
    if (groups !== undefined) this.mark(id)?.addGroups(groups);
    if (units !== undefined) this.mark(id)?.addUnits(units);
  }

  private mark(id: WorkloadId, age = 0): DirtySet | undefined {
    const dirty = this.generations[age];
    if (this.wake === undefined || dirty === undefined) return undefined;
    const present = dirty.get(id);
    if (present !== undefined) return present;
    const wasEmpty = this.isEmpty;
    const made = new DirtySet();
    dirty.set(id, made);
    if (wasEmpty) this.wake();
    return made;
  }
}

class SnapshotWriter {
  private readonly ensure: StatementSync;
  private readonly submit: StatementSync;
  private readonly move: StatementSync;
  private readonly prioritize: StatementSync;
  private readonly extend: StatementSync;
  private readonly configure: StatementSync;
  private readonly weigh: StatementSync;
  private readonly unweigh: StatementSync;

  constructor(database: DatabaseSync) {
    this.ensure = database.prepare('INSERT OR IGNORE INTO dataset_snapshot (workload) VALUES (?)');
    this.submit = database.prepare(
      `UPDATE dataset_snapshot SET username = ?, owner_group = ?, priority = ?, jobs = ?, tasks = ?, submitted = ?, since = ?,
         always_active = ? WHERE workload = ?`,
    );
    this.move = database.prepare('UPDATE dataset_snapshot SET since = ?, lacks_config = ? WHERE workload = ?');
    this.prioritize = database.prepare('UPDATE dataset_snapshot SET priority = ? WHERE workload = ?');
    this.extend = database.prepare('UPDATE dataset_snapshot SET jobs = ?, tasks = ? WHERE workload = ?');
    this.configure = database.prepare('UPDATE dataset_snapshot SET configured = ? WHERE workload = ?');
    this.weigh = database.prepare('INSERT OR REPLACE INTO user_weight (username, priority) VALUES (?, ?)');
    this.unweigh = database.prepare('DELETE FROM user_weight WHERE username = ?');
  }

  dataset(id: WorkloadId, { type, data, metadata: { timeMicros } }: AppliedEvent): void {
    this.ensure.run(id);
    switch (type) {
      case 'WorkloadSubmitted': {
        const { username = '', group = '', priority = 0, ...facts }: Partial<DatasetSubmitted> = data;
        const counts = [facts.jobs_submitted ?? 0, facts.tasks_submitted ?? 0] as const;
        const active = facts.always_active === true ? 1 : 0;
        this.submit.run(username, group, priority, ...counts, timeMicros, timeMicros, active, id);
        return;
      }
      case 'WorkloadMoved':
        this.move.run(timeMicros, (data as DatasetEvents['WorkloadMoved']).reason === NO_CONFIG ? 1 : 0, id);
        return;
      case 'WorkloadPrioritized':
        this.prioritize.run((data as DatasetEvents['WorkloadPrioritized']).priority, id);
        return;
      case 'DatasetExtended': {
        const { jobs_submitted: jobs, tasks_submitted: tasks } = data as DatasetEvents['DatasetExtended'];
        this.extend.run(jobs, tasks, id);
        return;
      }
      case 'ConfigSet':
        this.configure.run(timeMicros, id);
    }
  }

  user({ type, data }: AppliedEvent): void {
    const { username, priority } = data as { username?: string; priority?: number };
    if (username === undefined) return;
    if (type === 'UserDeleted') this.unweigh.run(username);
    else if (typeof priority === 'number') this.weigh.run(username, priority);
  }
}
