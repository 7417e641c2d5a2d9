import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { datasetPriority, type DatasetPriorityTerms } from '#contracts/iceprod/priority.js';
import { BUILT_IN_GROUPS } from '#contracts/directory.js';
import { Groups } from '#event-sourcing/groups.js';
import { writeUnitCounts } from '../../engine/counts.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { ICEPROD } from '../streams.js';

/** Tasks that a dataset still has to do (contract 18). */
const ACTIVE = ['idle', 'waiting', 'queued', 'processing'] as const;

const MICROS_PER_DAY = 86_400_000_000;

/** What automation knows about a submitted dataset. */
export interface DatasetSnapshot {
  readonly workload: WorkloadId;
  readonly datasetId: string;
  readonly status: string;
  readonly truncated: boolean;
  readonly username: string;
  readonly group: string;
  readonly priority: number;
  readonly jobs: number;
  readonly tasks: number;
  readonly submittedMicros: number;
  /** When it got its status. */
  readonly sinceMicros: number;
  readonly alwaysActive: boolean;
  /** When its config was set; absent while it has none. */
  readonly configuredMicros: number | undefined;
  /** Automation suspended it because it had no config, and nobody has changed its status since. */
  readonly isSuspendedForConfig: boolean;
}

const snapshotOf = (row: Readonly<Record<string, unknown>>): DatasetSnapshot => ({
  workload: Number(row['id']),
  datasetId: String(row['name']),
  status: String(row['status']),
  truncated: row['truncated'] === 1,
  username: String(row['username']),
  group: String(row['owner_group']),
  priority: Number(row['priority']),
  jobs: Number(row['jobs']),
  tasks: Number(row['tasks']),
  submittedMicros: Number(row['submitted']),
  sinceMicros: Number(row['since']),
  alwaysActive: row['always_active'] === 1,
  configuredMicros: row['configured'] === 0 ? undefined : Number(row['configured']),
  isSuspendedForConfig: row['lacks_config'] === 1,
});

/** Reads snapshots of datasets through one connection. */
export class DatasetSnapshots {
  private readonly selectOne: StatementSync;
  private readonly selectOpen: StatementSync;
  private readonly selectUser: StatementSync;
  private readonly countAll: StatementSync;
  private readonly groups: Groups;

  constructor(
    private readonly database: DatabaseSync,
    private readonly reader: UnitReader,
  ) {
    const select = `SELECT * FROM workload JOIN dataset ON dataset.workload = workload.id
      JOIN dataset_snapshot ON dataset_snapshot.workload = workload.id`;
    this.selectOne = database.prepare(`${select} WHERE workload.id = ? AND status IS NOT NULL`);
    this.selectOpen = database.prepare(
      `${select} WHERE dialect = 'iceprod' AND status IS NOT NULL AND status <> 'complete'`,
    );
    this.selectUser = database.prepare('SELECT priority FROM user_weight WHERE username = ?');
    this.countAll = database.prepare('SELECT status, sum(n) AS n FROM unit_count WHERE workload = ? GROUP BY status');
    this.groups = new Groups(database);
  }

  of(workload: WorkloadId): DatasetSnapshot | undefined {
    const row = this.selectOne.get(workload);
    return row === undefined ? undefined : snapshotOf(row);
  }

  /** All that are not complete. */
  open(): readonly DatasetSnapshot[] {
    return this.selectOpen.all().map(snapshotOf);
  }

  /** How many tasks of a dataset have one of these statuses; without statuses, how many there are. */
  count(workload: WorkloadId, statuses?: readonly string[]): number {
    const wanted = statuses?.map((status) => this.reader.words.status.find(ICEPROD, status));
    writeUnitCounts(this.database);
    let sum = 0;
    for (const { status, n } of this.countAll.all(workload)) {
      if (wanted === undefined || wanted.includes(Number(status))) sum += Number(n);
    }
    return sum;
  }

  /** Compares all processing datasets as they are now. Reuse the result: it reads all of them. */
  scale(nowMicros: number): PriorityScale {
    return new PriorityScale(this, nowMicros);
  }

  userPriority(username: string): number | undefined {
    const priority = this.selectUser.get(username)?.['priority'];
    return typeof priority === 'number' ? priority : undefined;
  }

  groupPriority(group: string): number | undefined {
    return this.groups.named(group)?.priority ?? BUILT_IN_GROUPS.find(({ name }) => name === group)?.priority;
  }
}

const largest = (values: Map<string, number>, key: string, value: number): void => {
  values.set(key, Math.max(value, values.get(key) ?? value));
};

/** Priorities of processing datasets (contract 18). */
export class PriorityScale {
  private readonly ofUser = new Map<string, number>();
  private readonly ofGroup = new Map<string, number>();
  private readonly active = new Map<WorkloadId, number>();
  private readonly activeOfAll: number;
  readonly processing: readonly DatasetSnapshot[];

  constructor(
    private readonly snapshots: DatasetSnapshots,
    private readonly nowMicros: number,
  ) {
    this.processing = snapshots.open().filter(({ status }) => status === 'processing');
    let all = 0;
    for (const { workload, username, group, priority } of this.processing) {
      largest(this.ofUser, username, priority);
      largest(this.ofGroup, group, priority);
      const active = snapshots.count(workload, ACTIVE);
      this.active.set(workload, active);
      all += active;
    }
    this.activeOfAll = all;
  }

  terms(dataset: DatasetSnapshot): DatasetPriorityTerms {
    return {
      priority: dataset.priority,
      largestOfUser: this.ofUser.get(dataset.username) ?? 0,
      largestOfGroup: this.ofGroup.get(dataset.group) ?? 0,
      group: dataset.group,
      userPriority: this.snapshots.userPriority(dataset.username),
      groupPriority: this.snapshots.groupPriority(dataset.group),
      jobsSubmitted: dataset.jobs,
      activeTasks: this.active.get(dataset.workload) ?? 0,
      activeTasksOfAll: this.activeOfAll,
      ageDays: (this.nowMicros - dataset.submittedMicros) / MICROS_PER_DAY,
    };
  }

  weightOf(dataset: DatasetSnapshot): number {
    return datasetPriority(this.terms(dataset));
  }
}
