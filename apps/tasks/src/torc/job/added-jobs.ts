import { fullId } from '#contracts/torc/ids.js';
import type { JobsAdded } from '#contracts/torc/events.js';
import { INITIAL_STATE } from '../../engine/new-units.js';
import type { Unit } from '../../engine/unit.js';
import { keyOf } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { NO_REQUIREMENTS } from './requirements.js';

/** Counts are kept by name, and the names of jobs are free: all units of Torc have this one. */
export const UNIT_NAME = 'job';

/** Label of jobs that ask for nodes when they are ready (Torc contract 5.8): they are found without a look at the others. */
export const ASKS_FOR_NODES = 'nodes';

export const labelOf = (document: string): string => {
  // Most documents are not read.
  if (!document.includes('"schedule_compute_nodes"')) return '';
  const { schedule_compute_nodes: nodes } = JSON.parse(document) as { readonly schedule_compute_nodes?: object | null };
  return nodes === undefined || nodes === null ? '' : ASKS_FOR_NODES;
};

/** The field `priority`, which Torc does not have; 0 without it. */
export const priorityOf = (document: string): number =>
  document.includes('"priority"') ? ((JSON.parse(document) as { readonly priority?: number }).priority ?? 0) : 0;

/** The units that {@link JobsAdded} describes. */
export function* addedJobs(workload: WorkloadId, data: JobsAdded, timeMicros: number): Iterable<Unit> {
  let at = 0;
  for (const [first, last] of data.units) {
    for (let ordinal = first; ordinal <= last; ordinal += 1) {
      const job = data.jobs[at];
      at += 1;
      if (job === undefined) return;
      yield {
        ...INITIAL_STATE,
        key: keyOf(workload, ordinal),
        id: fullId('jobs', data.workload_id, job.key ?? String(ordinal)),
        workload: data.workload_id,
        group: '',
        groupIndex: 0,
        index: ordinal,
        name: UNIT_NAME,
        depends: '[]',
        requirements: job.requirements ?? NO_REQUIREMENTS,
        status: job.status,
        site: job.scheduler ?? '',
        label: labelOf(job.document),
        priority: priorityOf(job.document),
        leaseId: '',
        changedMicros: timeMicros,
      };
    }
  }
}
