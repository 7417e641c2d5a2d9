import type { DatabaseSync } from 'node:sqlite';
import type { DomainError } from '#platform/domain-error.js';
import type { Environment } from '#platform/environment.js';
import type { Caller } from '#bus/contract.js';
import { isPrivileged } from '#contracts/access.js';
import { DATASET_STATUSES } from '#contracts/iceprod/statuses.js';
import { type Amounts, QuotaLimits } from '../../quota/quota-limits.js';
import type { Dataset } from './dataset.js';

const MICROS_PER_DAY = 24 * 3600 * 1_000_000;

/** Services may submit any number; sums of what counts stay exact. */
const COUNTED_MAX = 1e12;

const counted = (number: number): number => Math.min(COUNTED_MAX, Math.max(0, Math.trunc(number)));

/** Jobs and tasks that a dataset has when all are made. `tasks_submitted` may say less. */
export const plannedJobs = ({ jobs_submitted: jobs }: Dataset): number => counted(jobs);
export const plannedTasks = ({ jobs_submitted: jobs, tasks_per_job: perJob }: Dataset): number =>
  counted(counted(jobs) * counted(perJob));

type DatasetAmounts = Omit<Amounts, 'requests'>;

const amountsOf = (dataset: Dataset | undefined): DatasetAmounts => {
  if (dataset === undefined) {
    return { datasets: 0, jobs: 0, tasks: 0, datasets_per_day: 0, jobs_per_day: 0, tasks_per_day: 0 };
  }
  const [jobs, tasks] = [plannedJobs(dataset), plannedTasks(dataset)];
  const submitted = { datasets_per_day: 1, jobs_per_day: jobs, tasks_per_day: tasks };
  return dataset.status === 'complete'
    ? { datasets: 0, jobs: 0, tasks: 0, ...submitted }
    : { datasets: 1, jobs, tasks, ...submitted };
};

/** How much more its owners use after a change of a dataset. */
export const growthOf = (before: Dataset | undefined, after: Dataset): DatasetAmounts => {
  const [old, now] = [amountsOf(before), amountsOf(after)];
  return {
    datasets: now.datasets - old.datasets,
    jobs: now.jobs - old.jobs,
    tasks: now.tasks - old.tasks,
    datasets_per_day: now.datasets_per_day - old.datasets_per_day,
    jobs_per_day: now.jobs_per_day - old.jobs_per_day,
    tasks_per_day: now.tasks_per_day - old.tasks_per_day,
  };
};

const COMPLETE = DATASET_STATUSES.indexOf('complete');
const openOf = (row: 'old' | 'new'): string => `(${row}.status <> ${COMPLETE})`;
const OWNERS = [
  ['user', 'username'],
  ['group', 'owner_group'],
] as const;

/** SQL that adds to the sums of the owner and of the group of a row. `key` names further columns of the sum's key, with their values. */
const addTo = (
  table: string,
  { datasets, jobs, tasks }: Readonly<Record<'datasets' | 'jobs' | 'tasks', string>>,
  key: readonly (readonly [column: string, value: string])[] = [],
): string =>
  OWNERS.map(
    ([kind, column]) => `
      INSERT INTO ${table} (kind, name, ${key.map(([name]) => `${name}, `).join('')}datasets, jobs, tasks)
      VALUES ('${kind}', new.${column}, ${key.map(([, value]) => `${value}, `).join('')}${datasets}, ${jobs}, ${tasks})
      ON CONFLICT DO UPDATE SET
        datasets = datasets + excluded.datasets, jobs = jobs + excluded.jobs, tasks = tasks + excluded.tasks;`,
  ).join('');

const DAY = [['day', `new.touched / ${MICROS_PER_DAY}`]] as const;

/**
 * What users and groups use, kept with each change of a row of `dataset`: sums, so that the order of datasets does not matter. A dataset
 * counts for its owner and its group, whoever changes it.
 */
export const USAGE_TABLES = `
  CREATE TABLE usage_open (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    datasets INTEGER NOT NULL,
    jobs INTEGER NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
  ) WITHOUT ROWID;
  CREATE TABLE usage_of_day (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    day INTEGER NOT NULL,
    datasets INTEGER NOT NULL,
    jobs INTEGER NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (kind, name, day)
  ) WITHOUT ROWID;
  CREATE TRIGGER dataset_submitted AFTER INSERT ON dataset BEGIN
    ${addTo('usage_open', {
      datasets: openOf('new'),
      jobs: `${openOf('new')} * new.jobs`,
      tasks: `${openOf('new')} * new.tasks`,
    })}
    ${addTo('usage_of_day', { datasets: '1', jobs: 'new.jobs', tasks: 'new.tasks' }, DAY)}
  END;
  CREATE TRIGGER dataset_grown AFTER UPDATE OF status, jobs, tasks ON dataset
  WHEN new.status <> old.status OR new.jobs <> old.jobs OR new.tasks <> old.tasks BEGIN
    ${addTo('usage_open', {
      datasets: `${openOf('new')} - ${openOf('old')}`,
      jobs: `${openOf('new')} * new.jobs - ${openOf('old')} * old.jobs`,
      tasks: `${openOf('new')} * new.tasks - ${openOf('old')} * old.tasks`,
    })}
    ${addTo('usage_of_day', { datasets: '0', jobs: 'new.jobs - old.jobs', tasks: 'new.tasks - old.tasks' }, DAY)}
  END;`;

/** Whose a dataset is. */
type Owners = Pick<Dataset, 'username' | 'group'>;

/** Judges what users add to their datasets by the quotas of user and group, read through one connection: `writer` to decide. */
export class DatasetQuotas {
  private readonly limits: QuotaLimits;
  private readonly selectOpen;
  private readonly selectDay;

  constructor(database: DatabaseSync, environment: Environment) {
    this.limits = new QuotaLimits(environment);
    const sums = (['datasets', 'jobs', 'tasks'] as const)
      .map((column) => `min(${column}, ${Number.MAX_SAFE_INTEGER}) AS ${column}`)
      .join();
    this.selectOpen = database.prepare(`SELECT ${sums} FROM usage_open WHERE kind = ? AND name = ?`);
    this.selectDay = database.prepare(`SELECT ${sums} FROM usage_of_day WHERE kind = ? AND name = ? AND day = ?`);
  }

  /** Undefined when the caller may; admins and services always may. */
  refusal(
    caller: Caller,
    { username, group }: Owners,
    growth: DatasetAmounts,
    timeMicros: number,
  ): DomainError | undefined {
    if (isPrivileged(caller)) return undefined;
    const day = Math.floor(timeMicros / MICROS_PER_DAY);
    return (
      this.limits.refusal({ user: username }, this.used('user', username, day), growth) ??
      this.limits.refusal({ group }, this.used('group', group, day), growth)
    );
  }

  private used(kind: 'user' | 'group', name: string, day: number): DatasetAmounts {
    const open = this.selectOpen.get(kind, name);
    const today = this.selectDay.get(kind, name, day);
    return {
      datasets: Number(open?.['datasets'] ?? 0),
      jobs: Number(open?.['jobs'] ?? 0),
      tasks: Number(open?.['tasks'] ?? 0),
      datasets_per_day: Number(today?.['datasets'] ?? 0),
      jobs_per_day: Number(today?.['jobs'] ?? 0),
      tasks_per_day: Number(today?.['tasks'] ?? 0),
    };
  }
}
