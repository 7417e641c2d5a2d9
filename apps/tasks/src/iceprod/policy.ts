import { DomainError } from '#platform/domain-error.js';
import { taskPriority } from '#contracts/iceprod/priority.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import type { Policy } from '../engine/policy.js';
import { amendTask, dependsOn } from './task/document.js';
import { workStream } from '../workload/workloads.js';
import { gpuOf } from './requirements.js';
import { changeRequirements } from './requirement-change.js';
import { isTaskStatus, PILOT_LANE, STATUS_TABLE, WAITING_LANE } from './status-table.js';

/** IceProd's view of the engine: dependencies are looked at when a task becomes waiting, by whoever promotes it. */
export const iceprodPolicy: Policy = {
  statuses: TASK_STATUSES,
  phaseOf: (status) => (isTaskStatus(status) ? STATUS_TABLE[status].phase : 'held'),
  streamOf: workStream,
  laneOf: (status, instanced) => {
    if (status === 'waiting') return WAITING_LANE;
    return status === 'queued' && !instanced ? PILOT_LANE : undefined;
  },
  satisfies: (status) => status === 'complete',
  dependsOn,
  gpusOf: gpuOf,
  amend: (unit, fields, timeMicros) => {
    const amended = amendTask(unit, fields, timeMicros);
    return amended instanceof DomainError ? unit : amended;
  },
  changeRequirements,
  priorityOf: ({ index, groupIndex }, { weight, jobs, tasks }) =>
    taskPriority(weight, { taskIndex: index, jobIndex: groupIndex, jobsSubmitted: jobs, tasksSubmitted: tasks }),
};
