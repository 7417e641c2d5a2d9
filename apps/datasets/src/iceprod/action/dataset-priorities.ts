import type { DatabaseSync } from 'node:sqlite';
import { nowMicros, parseTimestamp } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { datasetPriority } from '#contracts/iceprod/priority.js';
import { DATASET_STATUSES } from '#contracts/iceprod/statuses.js';
import { CountTasks } from '#contracts/iceprod/tasks.js';
import { BUILT_IN_GROUPS } from '#contracts/directory.js';
import { GetUser } from '#contracts/iceprod/users.js';
import { Groups } from '#event-sourcing/groups.js';
import type { Dataset } from '../dataset/dataset.js';
import type { Operation } from './operation.js';

/** Statuses of tasks that are still to be done, or being done. */
const ACTIVE = ['idle', 'waiting', 'queued', 'processing'];

const COUNTS_AT_ONCE = 32;
const MICROS_PER_DAY = 24 * 3600 * 1_000_000;

const largest = (datasets: readonly Dataset[]): number =>
  datasets.reduce((most, { priority }) => Math.max(most, priority), 0);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const priorityIn = (document: string): number | undefined => {
  const { priority } = JSON.parse(document) as { readonly priority?: unknown };
  return typeof priority === 'number' ? priority : undefined;
};

/** How many members of `{status: count}` there are. */
export const total = (counts: string): number => sum(Object.values(JSON.parse(counts) as Record<string, number>));

/** Priorities of datasets among those that are processing (IceProd contract 18). */
export class DatasetPriorities {
  private readonly selectProcessing;
  private readonly groups: Groups;

  constructor(queries: DatabaseSync) {
    const processing = DATASET_STATUSES.indexOf('processing');
    this.selectProcessing = queries.prepare(`SELECT document FROM dataset WHERE status = ${processing}`);
    this.groups = new Groups(queries);
  }

  processing(): readonly Dataset[] {
    return this.selectProcessing.all().map((row) => JSON.parse(String(row['document'])) as Dataset);
  }

  async of(dataset: Dataset, operation: Operation): Promise<number> {
    const processing = this.processing();
    const { username, group, dataset_id: id } = dataset;
    return datasetPriority({
      priority: dataset.priority,
      largestOfUser: largest(processing.filter((other) => other.username === username)),
      largestOfGroup: largest(processing.filter((other) => other.group === group)),
      group,
      userPriority: await userPriority(username, operation),
      groupPriority: this.groupPriority(group),
      jobsSubmitted: dataset.jobs_submitted,
      activeTasks: await activeTasks([id], operation),
      activeTasksOfAll: await activeTasks(
        processing.map((other) => other.dataset_id),
        operation,
      ),
      ageDays: (nowMicros() - (parseTimestamp(dataset.start_date) ?? nowMicros())) / MICROS_PER_DAY,
    });
  }

  private groupPriority(name: string): number | undefined {
    return this.groups.named(name)?.priority ?? BUILT_IN_GROUPS.find((group) => group.name === name)?.priority;
  }
}

const userPriority = async (username: string, operation: Operation): Promise<number | undefined> => {
  try {
    return priorityIn((await operation.call(GetUser, { user: username })).document);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not-found') return undefined;
    throw error;
  }
};

const activeTasks = async (datasets: readonly string[], operation: Operation): Promise<number> => {
  let active = 0;
  for (let from = 0; from < datasets.length; from += COUNTS_AT_ONCE) {
    const counts = datasets
      .slice(from, from + COUNTS_AT_ONCE)
      .map((id) => operation.call(CountTasks, { dataset_id: id, statuses: ACTIVE }));
    active += sum((await Promise.all(counts)).map(({ document }) => total(document)));
  }
  return active;
};
