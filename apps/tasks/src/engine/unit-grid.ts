import type { StatementSync } from 'node:sqlite';
import { idAt } from '#contracts/ids.js';
import type { UnitsAdded, UnitShape } from '#contracts/work-events.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { gridDepends, groupAt } from './new-units.js';
import type { StatusId } from './statuses.js';
import type { Recorded } from './unit-event.js';
import type { UnitKey } from './unit.js';
import type { UnitStore } from './unit-store.js';
import type { WordId } from './words.js';

/** Groups added between two yields. */
const GROUPS_PER_YIELD = 50;

/** A shape with the integers that all its units have, looked up once. */
interface ResolvedShape {
  readonly shape: UnitShape;
  readonly name: WordId;
  readonly requirements: WordId;
  readonly label: WordId | null;
  readonly status: StatusId;
  readonly openDeps: number;
  readonly ready: number | null;
}

/**
 * Adds many units of few shapes. The result is the same as with {@link UnitStore.insert} for each unit, but units are counted
 * together and nothing is looked up per unit.
 */
export class UnitGrid {
  private readonly insertRow: StatementSync;

  constructor(private readonly store: UnitStore) {
    this.insertRow = store.database.prepare(
      `INSERT INTO unit (key, dialect, id, grp, group_index, idx, name, depends, open_deps, requirements, status, class,
         priority, lease_id, site, changed, touched, revision, failures, evictions, walltime, walltime_err,
         walltime_err_n, label)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?)`,
    );
  }

  *add(workload: WorkloadId, added: UnitsAdded, { timeMicros, revision }: Recorded): Generator<void, void, void> {
    const { shapes, units, prefix } = added;
    const [first = 0, last = -1] = units[0] ?? [];
    const count = shapes.length;
    const site = this.store.reader.words.site.idOf('');
    const resolved = shapes.map((shape) => this.resolve(workload, added, shape, site));
    const { group: groups } = this.store.reader.words;
    const dialect = this.store.dialectOf(keyOf(workload, first));
    const total = Math.floor((last - first + 1) / count);
    for (let group = 0; group < total; group += 1) {
      const { group: groupName, groupIndex } = groupAt(added, group);
      const groupId = groupName === '' ? null : groups.idOf(groupName);
      const start = group * count;
      for (const [index, { shape, name, requirements, status, openDeps, ready, label }] of resolved.entries()) {
        const key = keyOf(workload, first + start + index);
        this.insertRow.run(
          ...[key, dialect, idAt(prefix, start + index), groupId, groupIndex, index, name],
          ...[shape.depends.length === 0 ? null : gridDepends(added, shape, start), openDeps, requirements, status],
          ...[ready, shape.priority, site, timeMicros, timeMicros, revision, label],
        );
        this.link(key - index, shape, key);
      }
      if (group % GROUPS_PER_YIELD === GROUPS_PER_YIELD - 1) yield;
    }
    this.finish(workload, resolved, total);
    yield;
    this.discover(workload, added, first);
  }

  private resolve(workload: WorkloadId, { shapes }: UnitsAdded, shape: UnitShape, site: WordId): ResolvedShape {
    const { reader, ready } = this.store;
    const { words } = reader;
    const policy = this.store.policyOf(keyOf(workload, 0));
    const label = shape.label === undefined ? null : words.label.idOf(shape.label);
    const requirements = words.requirements.idOf(shape.requirements);
    const blockers = [...new Set(shape.depends)];
    const openDeps = blockers.filter((at) => !policy.satisfies(shapes[at]?.status ?? '', '')).length;
    const queue = policy.queueOf(shape.status, false);
    const kind = {
      workload,
      home: workload,
      requirements,
      site,
      label: label ?? 0,
      isBlocked: openDeps > 0,
      isLeased: false,
    };
    return {
      ...{ shape, requirements, openDeps, label },
      name: words.name.idOf(shape.name),
      status: words.status.idOf(reader.workloads.dialectOf(workload), shape.status),
      ready: queue === undefined ? null : ready.classFor({ ...kind, queue }),
    };
  }

  private link(firstOfGroup: UnitKey, { depends }: UnitShape, key: UnitKey): void {
    for (const at of depends) this.store.dependencies.addEdge(firstOfGroup + at, key);
  }

  private finish(workload: WorkloadId, resolved: readonly ResolvedShape[], groups: number): void {
    const { counts, ready, runTimes } = this.store;
    const policy = this.store.policyOf(keyOf(workload, 0));
    for (const [index, { name, status, requirements }] of resolved.entries()) {
      counts.change(workload, name, status, this.store.isGpu(requirements, policy), groups);
      counts.recordNameOrder(workload, name, index);
      if (!this.store.hasSucceeded(status)) continue;
      runTimes.change(workload, name, { hours: 0, errHours: 0, gpus: this.store.gpusOf(requirements, policy) }, groups);
    }
    ready.invalidate(resolved.flatMap((shape) => shape.ready ?? []));
  }

  /** Resolves dependencies on the new ids. They exist only if a stream with dependents was read earlier than this one. */
  private discover(workload: WorkloadId, { prefix, shapes, units }: UnitsAdded, first: number): void {
    const { dependencies } = this.store;
    const key = keyOf(workload, first);
    const [dialect, policy] = [this.store.dialectOf(key), this.store.policyOf(key)];
    const count = (units[0]?.[1] ?? -1) - first + 1;
    for (const id of dependencies.unknownIds(dialect, idAt(prefix, 0), idAt(prefix, count - 1))) {
      const position = Number.parseInt(id.slice(prefix.length), 16);
      const isSatisfied = policy.satisfies(shapes[position % shapes.length]?.status ?? '', '');
      this.store.changeOpenDependencies(dependencies.discover(dialect, id, key + position, isSatisfied));
    }
  }
}
