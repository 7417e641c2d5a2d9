import type { JobsCreated } from '#contracts/panda/events.js';
import { INITIAL_STATE } from '../../engine/new-units.js';
import type { Unit } from '../../engine/unit.js';
import { keyOf } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { ordinalsOf } from './ordinals.js';

/** The units that {@link JobsCreated} describes. */
export function* createdUnits(workload: WorkloadId, data: JobsCreated, timeMicros: number): Iterable<Unit> {
  const ordinals = ordinalsOf(data.units);
  for (const { panda_id } of data.jobs) {
    const { value: ordinal } = ordinals.next();
    if (ordinal === undefined) return;
    yield {
      ...INITIAL_STATE,
      key: keyOf(workload, ordinal),
      id: String(panda_id),
      workload: data.workload_id,
      group: '',
      groupIndex: 0,
      index: ordinal,
      name: data.kind,
      depends: '[]',
      requirements: data.requirements,
      status: data.status,
      site: data.site,
      label: data.label,
      priority: data.priority,
      leaseId: '',
      changedMicros: timeMicros,
    };
  }
}
