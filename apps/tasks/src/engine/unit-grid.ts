import type { StatementSync } from 'node:sqlite';
import { idAt } from '#contracts/ids.js';
import type { UnitsAdded, UnitShape } from '#contracts/work-events.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { gridDepends, groupAt } from './new-units.js';
import type { Recorded } from './unit-event.js';
import type { UnitKey } from './unit.js';
import type { UnitStore } from './unit-store.js';
import type { WordId } from './words.js';

/** Groups added before a slice of work may end. */
const GROUPS_PER_YIELD = 50;

/** What all units of one shape have in common, worked out once. */
interface Cast {
  readonly shape: UnitShape;
  readonly name: WordId;
  readonly requirements: WordId;
  readonly status: WordId;
  readonly openDeps: number;
  readonly ready: number | null;
}

/**
 * Adds many units of few shapes. It makes of them what {@link UnitStore.insert} makes of each, but counts them together and
 * looks up nothing per unit.
 */
export class UnitGrid {
  private readonly insertRow: StatementSync;

  constructor(private readonly store: UnitStore) {
    this.insertRow = store.database.prepare(
      `INSERT INTO unit (key, id, grp, group_index, idx, name, depends, open_deps, requirements, status, class, priority,
         lease_id, site, changed, touched, revision, failures, evictions, walltime, walltime_err, walltime_err_n)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, 0, 0, 0, 0, 0)`,
    );
  }

  *add(workload: WorkloadId, added: UnitsAdded, { timeMicros, revision }: Recorded): Generator<void, void, void> {
    const { shapes, units, prefix } = added;
    const [first = 0, last = -1] = units[0] ?? [];
    const count = shapes.length;
    const site = this.store.reader.words.site.idOf('');
    const casts = shapes.map((shape) => this.cast(workload, added, shape, site));
    const { group: groups } = this.store.reader.words;
    const total = Math.floor((last - first + 1) / count);
    for (let group = 0; group < total; group += 1) {
      const { group: groupName, groupIndex } = groupAt(added, group);
      const groupId = groups.idOf(groupName);
      const start = group * count;
      for (const [index, { shape, name, requirements, status, openDeps, ready }] of casts.entries()) {
        const key = keyOf(workload, first + start + index);
        this.insertRow.run(
          ...[key, idAt(prefix, start + index), groupId, groupIndex, index, name],
          ...[shape.depends.length === 0 ? null : gridDepends(added, shape, start), openDeps, requirements, status],
          ...[ready, shape.priority, site, timeMicros, timeMicros, revision],
        );
        this.link(key - index, shape, key);
      }
      if (group % GROUPS_PER_YIELD === GROUPS_PER_YIELD - 1) yield;
    }
    this.finish(workload, casts, total);
    yield;
    this.discover(workload, added, first);
  }

  private cast(workload: WorkloadId, { shapes }: UnitsAdded, shape: UnitShape, site: WordId): Cast {
    const { policy, reader, ready } = this.store;
    const { words } = reader;
    const requirements = words.requirements.idOf(shape.requirements);
    const blockers = [...new Set(shape.depends)];
    const openDeps = blockers.filter((at) => !policy.satisfies(shapes[at]?.status ?? '')).length;
    const lane = policy.laneOf(shape.status, false);
    const kind = { workload, home: workload, requirements, site, isBlocked: openDeps > 0, isLeased: false };
    return {
      ...{ shape, requirements, openDeps },
      name: words.name.idOf(shape.name),
      status: words.status.idOf(shape.status),
      ready: lane === undefined ? null : ready.classFor({ ...kind, lane }),
    };
  }

  private link(firstOfGroup: UnitKey, { depends }: UnitShape, key: UnitKey): void {
    for (const at of depends) this.store.dependencies.linkKeys(firstOfGroup + at, key);
  }

  private finish(workload: WorkloadId, casts: readonly Cast[], groups: number): void {
    const { counts, ready, runTimes } = this.store;
    for (const [index, { shape, name, status, requirements }] of casts.entries()) {
      counts.change(workload, name, status, this.store.isGpu(requirements), groups);
      counts.placeName(workload, name, index);
      if (!this.store.isDone(shape.status)) continue;
      runTimes.change(workload, name, { hours: 0, errHours: 0, gpus: this.store.gpusOf(requirements) }, groups);
    }
    runTimes.store();
    ready.disturbed(casts.flatMap((cast) => cast.ready ?? []));
  }

  /** Whoever waits for ids that have just come to be: only when this stream was read behind another. */
  private discover(workload: WorkloadId, { prefix, shapes, units }: UnitsAdded, first: number): void {
    const { dependencies, policy } = this.store;
    const count = (units[0]?.[1] ?? -1) - first + 1;
    for (const id of dependencies.unknownIds(idAt(prefix, 0), idAt(prefix, count - 1))) {
      const place = Number.parseInt(id.slice(prefix.length), 16);
      const isSatisfied = policy.satisfies(shapes[place % shapes.length]?.status ?? '');
      this.store.openUp(dependencies.discover(id, keyOf(workload, first + place), isSatisfied));
    }
  }
}
