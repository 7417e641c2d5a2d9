import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RecentMap } from '#platform/recent-map.js';
import type { Dialect } from '#ledger/ref.js';
import { type AccessRule, isLimiting } from '#contracts/access.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { ColumnNames, AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import type { Phase } from '../../engine/phase.js';
import type { Policies } from '../../engine/policies.js';
import { UNIT_CHANGE_TYPES, UNIT_SET_TYPES } from '../../engine/unit-event.js';
import type { UnitProjection } from '../../engine/unit-projection.js';
import type { Progress, UnitCounts, WorkloadFacts, WorkloadKind, WorkloadKinds } from '../workload-kind.js';
import type { WorkloadId } from '../workloads.js';
import { CATALOG_INDEXES, CATALOG_TABLES } from './catalog-tables.js';
import { UnitCounters } from './unit-counts.js';
import { workloadName } from '../told-names.js';
import { sumOf } from './workload-document.js';

/** Of a workload that every token may read. */
const EVERYONE = '';

type CatalogRow = readonly [
  ...[classId: number | null, progress: number, created: number, changed: number, name: string, owner: string],
  ...[status: string, expected: number, truncated: number],
];

/** What is to be written of a workload at the end of the transaction. */
interface Pending extends WorkloadFacts {
  readonly createdMicros: number;
  readonly changedMicros: number;
  /** What its row has; undefined when there is none. */
  readonly row: { readonly classId: number | null; readonly progress: number } | undefined;
  /** Whether more may have changed than the units. */
  readonly isAmended: boolean;
}

const UNKNOWN: Pending = {
  ...{ name: '', owner: '', status: '', expected: 0, isTruncated: false },
  ...{ createdMicros: 0, changedMicros: 0, row: undefined, isAmended: false },
};

/** Workloads whose rows are kept in memory after they were written, as one that changes mostly changes again. */
const RECENT_MAX = 2_000;

/** Classes whose numbers are kept in memory. A full cache is cleared. */
const CLASSES_MAX = 1_000;

/** What the workloads of a class have in common. */
const CLASS = "c.dialect || ' ' || c.status || ' ' || c.phase || ' ' || c.rule";

/**
 * Projects workloads of all dialects to one table, for lists. What follows from units is taken from the engine's counters once for each
 * workload and transaction, so the projections of units, access rules and dialects must have come before.
 */
export class CatalogProjection implements Projection {
  readonly name = 'catalog';
  readonly version = 2;
  readonly streamPrefixes = ['workload-', 'work-', 'access-'];
  readonly eventTypes: readonly string[];
  readonly tables = CATALOG_TABLES;
  readonly indexes = CATALOG_INDEXES;
  readonly names: ColumnNames = {
    'catalog.workload': workloadName('t.workload'),
    'catalog.class': `(SELECT ${CLASS} FROM catalog_class c WHERE c.id = t.class)`,
    'catalog_class.id': `(SELECT ${CLASS} FROM catalog_class c WHERE c.id = t.id)`,
    // Classes that a workload had between two events of one transaction stay, without workloads.
    catalog_class: 't.n > 0',
  };

  constructor(
    private readonly kinds: WorkloadKinds,
    private readonly policies: Policies,
    private readonly units: UnitProjection,
  ) {
    const own = kinds.all.flatMap(([, { eventTypes }]) => eventTypes);
    const types = [
      ...own,
      ...kinds.deletionTypes,
      ...UNIT_SET_TYPES,
      ...UNIT_CHANGE_TYPES,
      ...policies.eventTypes,
      'AccessRuleSet',
    ];
    this.eventTypes = [...new Set(types)];
  }

  attach(database: DatabaseSync): ProjectionWriter {
    return new CatalogWriter(database, this.kinds, this.policies, this.units);
  }
}

class CatalogWriter implements ProjectionWriter {
  private readonly pending = new Map<WorkloadId, Pending>();
  /** What rows have. */
  private readonly recent = new RecentMap<Pending, WorkloadId>(RECENT_MAX);
  private readonly classes = new Map<string, number>();
  private readonly counters: UnitCounters;
  private readonly progressOf = new Map<Dialect, (name: string) => Progress | undefined>();
  private readonly select: ArrayStatement<CatalogRow>;
  private readonly selectRule: ArrayStatement<readonly [rule: string]>;
  private readonly write: StatementSync;
  private readonly touch: StatementSync;
  private readonly advance: StatementSync;
  private readonly selectClass: ArrayStatement<readonly [id: number]>;
  private readonly insertClass: StatementSync;
  private readonly countClass: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly kinds: WorkloadKinds,
    policies: Policies,
    private readonly units: UnitProjection,
  ) {
    this.counters = new UnitCounters(database, units.store.reader.words, policies);
    for (const [dialect, kind] of kinds.all) {
      if (kind.progressOn !== undefined) this.progressOf.set(dialect, kind.progressOn(database));
    }
    this.select = arrayStatement(
      database,
      'SELECT class, progress, created, changed, name, owner, status, expected, truncated FROM catalog WHERE workload = ?',
    );
    this.selectRule = arrayStatement(
      database,
      'SELECT rule FROM access_rules JOIN workload USING (ref) WHERE workload.id = ?',
    );
    this.write = database.prepare(
      `INSERT INTO catalog (workload, class, created, changed, progress, name, owner, status, expected, truncated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET class = excluded.class, created = excluded.created, changed = excluded.changed,
         progress = excluded.progress, name = excluded.name, owner = excluded.owner, status = excluded.status,
         expected = excluded.expected, truncated = excluded.truncated`,
    );
    // SQLite updates the indexes of all columns that a statement names: most changes are of units alone.
    this.touch = database.prepare('UPDATE catalog SET changed = ? WHERE workload = ?');
    this.advance = database.prepare('UPDATE catalog SET changed = ?, progress = ? WHERE workload = ?');
    this.selectClass = arrayStatement(
      database,
      'SELECT id FROM catalog_class WHERE dialect = ? AND status = ? AND phase = ? AND rule = ?',
    );
    this.insertClass = database.prepare(
      'INSERT INTO catalog_class (dialect, status, phase, rule, n) VALUES (?, ?, ?, ?, 0)',
    );
    this.countClass = database.prepare('UPDATE catalog_class SET n = n + ? WHERE id = ?');
  }

  apply(event: AppliedEvent): void {
    const { workload_id: name } = event.data;
    const { workloads } = this.units.store.reader;
    const workload = workloads.ensure(event.stream, typeof name === 'string' ? name : undefined);
    const kind = this.kinds.of(workloads.dialectOf(workload));
    if (kind === undefined) return;
    const before = this.pendingOf(workload);
    const { timeMicros } = event.metadata;
    // Between streams there is no order.
    const changedMicros = Math.max(before.changedMicros, timeMicros);
    if (event.type === kind.deletedBy) {
      this.pending.set(workload, { ...UNKNOWN, changedMicros, row: before.row, isAmended: true });
      return;
    }
    const changed = { ...before, changedMicros };
    const change = kind.eventTypes.includes(event.type) ? kind.changeOf(event) : undefined;
    switch (change?.what) {
      case undefined:
        this.pending.set(workload, changed);
        return;
      case 'created':
        this.pending.set(workload, {
          ...{ ...changed, ...change.facts, isAmended: true },
          createdMicros: before.createdMicros || timeMicros,
        });
        return;
      case 'changed':
        this.pending.set(workload, { ...changed, ...change.facts, isAmended: true });
    }
  }

  flush(): void {
    for (const workload of this.units.store.counts.takeChanged()) this.pending.set(workload, this.pendingOf(workload));
    for (const [workload, pending] of this.pending) this.recent.set(workload, this.store(workload, pending));
    this.pending.clear();
  }

  forget(): void {
    this.pending.clear();
    this.recent.clear();
    this.classes.clear();
  }

  private pendingOf(workload: WorkloadId): Pending {
    const pending = this.pending.get(workload) ?? this.recent.get(workload);
    if (pending !== undefined) return pending;
    const row = this.select.get(workload);
    if (row === undefined) return UNKNOWN;
    const [classId, progress, createdMicros, changedMicros, name, owner, status, expected, truncated] = row;
    return {
      ...{ name, owner, status, expected, isTruncated: truncated === 1 },
      ...{ createdMicros, changedMicros, row: { classId, progress }, isAmended: false },
    };
  }

  /** @returns what its row has now */
  private store(workload: WorkloadId, pending: Pending): Pending {
    const { createdMicros, changedMicros, name, owner, status, expected, isTruncated, row, isAmended } = pending;
    const before = row?.classId ?? null;
    const dialect = this.units.store.reader.workloads.dialectOf(workload);
    const units = this.counters.inWords(this.units.store.counts.ofWorkload(workload));
    const after = createdMicros === 0 ? null : this.classOf(workload, dialect, pending, units);
    const progress = after === null ? 0 : this.progress(workload, dialect, expected, units);
    if (row === undefined || isAmended || before !== after) {
      const facts = [name, owner, status, expected, isTruncated ? 1 : 0] as const;
      this.write.run(workload, after, createdMicros, changedMicros, progress, ...facts);
    } else if (progress === row.progress) {
      this.touch.run(changedMicros, workload);
    } else {
      this.advance.run(changedMicros, progress, workload);
    }
    if (before !== after) {
      if (before !== null) this.countClass.run(-1, before);
      if (after !== null) this.countClass.run(1, after);
    }
    return { ...pending, row: { classId: after, progress }, isAmended: false };
  }

  private classOf(workload: WorkloadId, dialect: Dialect, facts: WorkloadFacts, units: UnitCounts): number | null {
    const kind = this.kinds.of(dialect);
    const rule = kind && this.ruleOf(workload, kind);
    if (kind === undefined || rule === undefined) return null;
    const { status, phase } = kind.stateOf(facts, units);
    return this.classId(dialect, status, phase, rule);
  }

  private classId(...values: readonly [dialect: Dialect, status: string, phase: Phase, rule: string]): number {
    const name = values.join('\n');
    const known = this.classes.get(name);
    if (known !== undefined) return known;
    const id = this.selectClass.get(...values)?.[0] ?? Number(this.insertClass.run(...values).lastInsertRowid);
    if (this.classes.size >= CLASSES_MAX) this.classes.clear();
    this.classes.set(name, id);
    return id;
  }

  /** Raw JSON; `undefined` where nobody may read without a rule. */
  private ruleOf(workload: WorkloadId, { readers }: WorkloadKind): string | undefined {
    if (readers === 'everyone') return EVERYONE;
    const rule = this.selectRule.get(workload)?.[0];
    if (readers === 'rule') return rule;
    return rule !== undefined && isLimiting(JSON.parse(rule) as AccessRule) ? rule : EVERYONE;
  }

  private progress(workload: WorkloadId, dialect: Dialect, expected: number, { byPhase }: UnitCounts): number {
    const own = this.progressOf.get(dialect)?.(this.units.store.reader.workloads.nameOf(workload));
    const total = own?.total ?? Math.max(expected, sumOf(byPhase));
    const done = own?.done ?? byPhase.get('succeeded') ?? 0;
    return total === 0 ? 0 : Math.min(done / total, 1);
  }
}
