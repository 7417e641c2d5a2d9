import { idAt } from '#contracts/ids.js';
import type { UnitAdded, UnitsAdded, UnitShape } from '#contracts/work-events.js';
import { keyOf } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import type { Unit } from './unit.js';

/** Values that every new unit starts with. */
export const INITIAL_STATE = {
  site: '',
  holder: '',
  outcome: '',
  failures: 0,
  evictions: 0,
  walltimeHours: 0,
  walltimeErrHours: 0,
  walltimeErrCount: 0,
  extra: undefined,
};

/** The unit that {@link UnitAdded} describes. */
export const addedUnit = (workload: WorkloadId, data: UnitAdded, timeMicros: number): Unit => ({
  ...INITIAL_STATE,
  key: keyOf(workload, data.units[0]?.[0] ?? 0),
  id: data.unit_id,
  workload: data.workload_id,
  group: data.group_id ?? '',
  groupIndex: data.group_index ?? 0,
  index: data.index,
  name: data.name,
  depends: JSON.stringify(data.depends),
  requirements: data.requirements,
  status: data.status,
  label: data.label ?? '',
  priority: data.priority,
  leaseId: data.lease_id ?? '',
  changedMicros: timeMicros,
});

/** Raw JSON of the ids that a unit depends on. `start` is the position of the first unit of its group. */
export const gridDepends = ({ prefix }: UnitsAdded, { depends }: UnitShape, start: number): string => {
  let text = '';
  for (const at of depends) text += `${text === '' ? '' : ','}"${idAt(prefix, start + at)}"`;
  return `[${text}]`;
};

/** The group with the given number among the groups of an event. Empty for units without groups. */
export const groupAt = ({ group_ids: ids }: UnitsAdded, number: number): Pick<Unit, 'group' | 'groupIndex'> =>
  ids === undefined
    ? { group: '', groupIndex: 0 }
    : { group: idAt(ids.prefix, ids.first + number), groupIndex: ids.first_index + number };

/** The unit that {@link UnitsAdded} describes at one position of its range. */
export const gridUnit = (
  workload: WorkloadId,
  added: UnitsAdded,
  shape: UnitShape,
  place: number,
  timeMicros: number,
): Unit => {
  const count = added.shapes.length;
  const group = Math.floor(place / count);
  const index = place % count;
  return {
    ...INITIAL_STATE,
    key: keyOf(workload, (added.units[0]?.[0] ?? 0) + place),
    id: idAt(added.prefix, place),
    workload: added.workload_id,
    ...groupAt(added, group),
    index,
    name: shape.name,
    depends: gridDepends(added, shape, group * count),
    requirements: shape.requirements,
    status: shape.status,
    label: shape.label ?? '',
    priority: shape.priority,
    leaseId: '',
    changedMicros: timeMicros,
  };
};
