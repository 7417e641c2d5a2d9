import type { DatabaseSync } from 'node:sqlite';
import { arrayStatement } from '#event-sourcing/array-statement.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { Policies } from '../../engine/policies.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { CatalogedWorkload } from '../catalog/catalog-reader.js';
import type { UnitCounters } from '../catalog/unit-counts.js';
import { zoned } from '../catalog/workload-document.js';

type FailureValues = readonly [
  ...[cause: string, runs: number, first: number, last: number, unit: number, reason: string],
];

const statementsOn = perConnection((database) => ({
  causes: arrayStatement<FailureValues>(
    database,
    `SELECT text, runs, first, last, unit, reason FROM failure JOIN failure_cause ON failure_cause.id = cause
     WHERE workload = ? ORDER BY runs DESC, last DESC LIMIT ?`,
  ),
  totals: arrayStatement<readonly [causes: number, runs: number | null]>(
    database,
    'SELECT count(*), sum(runs) FROM failure WHERE workload = ?',
  ),
}));

interface Sources {
  readonly reader: UnitReader;
  readonly counters: UnitCounters;
  readonly policies: Policies;
}

/** Failed runs of a workload by cause, the most frequent first: raw JSON. */
export const failuresDocument = (
  database: DatabaseSync,
  { reader, counters, policies }: Sources,
  { ref, workload, dialect }: CatalogedWorkload,
  limit: number,
): string => {
  const { causes, totals } = statementsOn(database);
  const [causeCount, runs] = totals.get(workload) ?? [0, 0];
  const latest = (key: number): object | null => {
    const unit = reader.byKey(key)?.unit;
    if (unit === undefined) return null;
    const phase = policies.of(dialect).phaseOf(unit.status, unit.outcome);
    return { unit_id: unit.id, name: unit.name, status: unit.status, phase };
  };
  return JSON.stringify({
    ref,
    failed_units: counters.of(workload).byPhase.get('failed') ?? 0,
    failed_runs: runs ?? 0,
    causes: causeCount,
    failures: causes.all(workload, limit).map(([cause, n, first, last, unit, reason]) => ({
      ...{ cause, runs: n, first: zoned(first), last: zoned(last) },
      latest: { reason, unit: latest(unit) },
    })),
  });
};
