import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import type { CountTasksRequest } from '#contracts/iceprod/tasks.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { Vocabulary, WordId } from '../../engine/words.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { isTaskStatus, RESET_ALIAS } from '../status-table.js';
import { taskErrors } from './task-errors.js';
import { ICEPROD } from '../streams.js';

/** Refuses unknown statuses in a filter. The legacy word is accepted and matches nothing. */
export const checkStatuses = (statuses: readonly string[] | undefined): DomainError | undefined =>
  statuses?.every((word) => isTaskStatus(word) || word === RESET_ALIAS) === false
    ? taskErrors.unknownStatus()
    : undefined;

const rankOf = (status: string): number =>
  isTaskStatus(status) ? TASK_STATUSES.indexOf(status) : TASK_STATUSES.length;

/** The order of the status list. Unknown words come last. */
const byVocabulary = (a: string, b: string): number => rankOf(a) - rankOf(b) || (a < b ? -1 : 1);

const objectOf = (counts: ReadonlyMap<string, number>): string =>
  `{${[...counts]
    .filter(([, n]) => n > 0)
    .sort(([a], [b]) => byVocabulary(a, b))
    .map(([status, n]) => `${JSON.stringify(status)}:${n}`)
    .join(',')}}`;

const presentOn = perConnection((database) =>
  database.prepare('SELECT status FROM unit_count WHERE workload = ? GROUP BY status HAVING sum(n) > 0'),
);

/** Statuses that tasks of a dataset have, with their words, in the vocabulary's order. */
export const presentStatuses = (
  database: DatabaseSync,
  workload: WorkloadId,
  { status: words }: Vocabulary,
): readonly (readonly [WordId, string])[] =>
  presentOn(database)
    .all(workload)
    .map(({ status }): [WordId, string] => [Number(status), words.wordOf(Number(status))])
    .sort(([, a], [, b]) => byVocabulary(a, b));

/** Answers from stored counts, without reading tasks. */
export class TaskCounts {
  private readonly ofWorkload: StatementSync;
  private readonly ofAll: StatementSync;
  private readonly byName: StatementSync;

  constructor(private readonly reader: UnitReader) {
    const { database } = reader;
    this.ofWorkload = database.prepare(
      'SELECT status, gpu, sum(n) AS n FROM unit_count WHERE workload = ? GROUP BY status, gpu',
    );
    this.ofAll = database.prepare(
      `SELECT unit_status.id AS status, kind % 2 AS gpu, n FROM unit_status
       JOIN unit_total ON kind BETWEEN 2 * unit_status.id AND 2 * unit_status.id + 1 WHERE dialect = ?`,
    );
    this.byName = database.prepare(
      `SELECT unit_count.name AS name, word, status, sum(n) AS n
       FROM unit_count JOIN unit_name ON unit_name.id = unit_count.name
       LEFT JOIN unit_name_order USING (workload, name)
       WHERE workload = ? GROUP BY unit_count.name, status HAVING sum(n) > 0 ORDER BY first_index, word`,
    );
  }

  /** `{status: count}` of a dataset, or of all. */
  count({ dataset_id: datasetId, statuses, gpu }: CountTasksRequest): { document: string } | DomainError {
    const problem = checkStatuses(statuses);
    if (problem !== undefined) return problem;
    const counts = new Map<string, number>();
    for (const row of this.rows(datasetId)) {
      const word = this.reader.words.status.wordOf(Number(row['status']));
      if (statuses !== undefined && !statuses.includes(word)) continue;
      if (gpu !== undefined && (row['gpu'] === 1) !== gpu) continue;
      counts.set(word, (counts.get(word) ?? 0) + Number(row['n']));
    }
    return { document: objectOf(counts) };
  }

  /** `{name: {status: count}}`, names in the order of their tasks. */
  countByName(datasetId: string): { document: string } {
    const members = [...this.byNameOf(datasetId)].map(
      ([name, counts]) => `${JSON.stringify(name)}:${objectOf(counts)}`,
    );
    return { document: `{${members.join(',')}}` };
  }

  /** How many tasks of each name have each status, names in the order of their tasks. */
  byNameOf(datasetId: string): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const workload = this.reader.workloads.find(ICEPROD, datasetId);
    const names = new Map<string, Map<string, number>>();
    for (const row of workload === undefined ? [] : this.byName.all(workload)) {
      const name = String(row['word']);
      const counts = names.get(name) ?? new Map<string, number>();
      names.set(name, counts.set(this.reader.words.status.wordOf(Number(row['status'])), Number(row['n'])));
    }
    return names;
  }

  /** Names of the dataset's tasks, in the order of their tasks. */
  names(datasetId: string): readonly string[] {
    const workload = this.reader.workloads.find(ICEPROD, datasetId);
    return [...new Set((workload === undefined ? [] : this.byName.all(workload)).map((row) => String(row['word'])))];
  }

  /** Tasks of these statuses in all datasets. */
  total(statuses: readonly WordId[]): number {
    const counted = this.ofAll.all(ICEPROD).filter(({ status }) => statuses.includes(Number(status)));
    return counted.reduce((sum, { n }) => sum + Number(n), 0);
  }

  private rows(datasetId: string | undefined): readonly Readonly<Record<string, unknown>>[] {
    if (datasetId === undefined) return this.ofAll.all(ICEPROD);
    const workload = this.reader.workloads.find(ICEPROD, datasetId);
    return workload === undefined ? [] : this.ofWorkload.all(workload);
  }
}
