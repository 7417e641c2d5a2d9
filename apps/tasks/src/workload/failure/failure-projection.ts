import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { ColumnNames, AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import type { Dialect } from '#ledger/ref.js';
import type { UnitFailed } from '#contracts/work-events.js';
import { keyOf } from '../member-key.js';
import { memberName, workloadName } from '../told-names.js';
import type { FailureReason, WorkloadKinds } from '../workload-kind.js';
import { type WorkloadId, Workloads } from '../workloads.js';
import { causeOf } from './failure-cause.js';

/** Different causes that are kept of a workload; further ones are counted together. */
const CAUSES_MAX = 1_000;
const OTHER_CAUSES = 'other causes';

/** So much is kept of the latest reason of a cause. */
const REASON_CHARACTERS_MAX = 2_000;

/** Of each cause the number of failed runs, and the latest of them. */
const TABLES = `
CREATE TABLE IF NOT EXISTS failure_cause (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE IF NOT EXISTS failure (
  workload INTEGER NOT NULL,
  cause INTEGER NOT NULL,
  runs INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  unit INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (workload, cause)
) STRICT, WITHOUT ROWID;`;

/** Counts failed runs of units by cause. The projections of the dialects must have come before, because reasons may be in their tables. */
export class FailureProjection implements Projection {
  readonly name = 'failure';
  readonly version = 1;
  readonly streamPrefixes = ['work-'];
  readonly eventTypes: readonly string[];
  readonly tables = TABLES;
  readonly indexes = '';
  readonly names: ColumnNames = {
    'failure_cause.id': 't.text',
    'failure.workload': workloadName('t.workload'),
    'failure.cause': '(SELECT c.text FROM failure_cause c WHERE c.id = t.cause)',
    'failure.unit': memberName('t.unit'),
  };

  constructor(private readonly kinds: WorkloadKinds) {
    this.eventTypes = ['UnitFailed', ...kinds.deletionTypes];
  }

  attach(database: DatabaseSync): ProjectionWriter {
    return new FailureWriter(database, this.kinds);
  }
}

class FailureWriter implements ProjectionWriter {
  private readonly workloads: Workloads;
  private readonly reasonOf = new Map<Dialect, FailureReason>();
  private readonly selectCause: ArrayStatement<readonly [id: number]>;
  private readonly insertCause: StatementSync;
  private readonly add: StatementSync;
  private readonly isKnown: ArrayStatement<readonly [one: number]>;
  private readonly count: ArrayStatement<readonly [n: number]>;
  private readonly remove: StatementSync;

  constructor(database: DatabaseSync, kinds: WorkloadKinds) {
    this.workloads = new Workloads(database);
    for (const [dialect, kind] of kinds.all) {
      if (kind.failureReasonOn !== undefined) this.reasonOf.set(dialect, kind.failureReasonOn(database));
    }
    this.selectCause = arrayStatement(database, 'SELECT id FROM failure_cause WHERE text = ?');
    this.insertCause = database.prepare('INSERT INTO failure_cause (text) VALUES (?)');
    this.isKnown = arrayStatement(database, 'SELECT 1 FROM failure WHERE workload = ? AND cause = ?');
    this.count = arrayStatement(database, 'SELECT count(*) FROM failure WHERE workload = ?');
    this.add = database.prepare(
      `INSERT INTO failure (workload, cause, runs, first, last, unit, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, last = excluded.last, unit = excluded.unit,
         reason = excluded.reason`,
    );
    this.remove = database.prepare('DELETE FROM failure WHERE workload = ?');
  }

  apply(event: AppliedEvent): void {
    const { workload_id: name } = event.data;
    const workload = this.workloads.ensure(event.stream, typeof name === 'string' ? name : undefined);
    if (event.type === 'UnitFailed') this.failed(workload, event);
    else this.remove.run(workload);
  }

  forget(): void {
    this.workloads.forget();
  }

  private failed(workload: WorkloadId, event: AppliedEvent): void {
    const { timeMicros } = event.metadata;
    // Only the deciders of this service write these events, so that their types are known.
    const { units, reason: given = '' } = event.data as object as UnitFailed;
    const runs = units.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    const unit = keyOf(workload, units.at(-1)?.[1] ?? 0);
    const reason = this.reasonOf.get(this.workloads.dialectOf(workload))?.(unit, event) ?? given;
    const cause = this.causeIn(workload, causeOf(reason));
    this.add.run(workload, cause, runs, timeMicros, timeMicros, unit, reason.slice(0, REASON_CHARACTERS_MAX));
  }

  private causeIn(workload: WorkloadId, text: string): number {
    const id = this.selectCause.get(text)?.[0];
    if (id !== undefined && this.isKnown.get(workload, id) !== undefined) return id;
    const [known = 0] = this.count.get(workload) ?? [];
    if (known < CAUSES_MAX) return id ?? this.inserted(text);
    return this.selectCause.get(OTHER_CAUSES)?.[0] ?? this.inserted(OTHER_CAUSES);
  }

  private inserted(text: string): number {
    return Number(this.insertCause.run(text).lastInsertRowid);
  }
}
