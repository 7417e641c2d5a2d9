import { DomainError } from '#platform/domain-error.js';
import { taskPriority } from '#contracts/iceprod/priority.js';
import type { TaskEvents, TaskRequirementsSet, TasksPrioritized } from '#contracts/iceprod/task-events.js';
import type { Policy } from '../engine/policy.js';
import type { Unit } from '../engine/unit.js';
import { amendTask, dependsOn } from './task/document.js';
import { gpuOf } from './requirements.js';
import { changeRequirements } from '#contracts/iceprod/requirement-change.js';
import { isTaskStatus, PILOT_QUEUE, STATUS_TABLE, WAITING_QUEUE } from './status-table.js';
import { workStream } from './streams.js';

const TASK_EVENT_TYPES: readonly (keyof TaskEvents)[] = ['TaskRequirementsSet', 'TasksPrioritized'];

/** The priority of a task, from the weight of its dataset and its own indexes. */
export const priorityOf = (
  { index, groupIndex }: Pick<Unit, 'index' | 'groupIndex'>,
  { weight, jobs, tasks }: Omit<TasksPrioritized, 'units'>,
): number =>
  taskPriority(weight, { taskIndex: index, jobIndex: groupIndex, jobsSubmitted: jobs, tasksSubmitted: tasks });

/** IceProd's policy. Dependencies have no effect on a status: what promotes tasks to waiting checks them. */
export const iceprodPolicy: Policy = {
  phaseOf: (status) => (isTaskStatus(status) ? STATUS_TABLE[status].phase : 'held'),
  streamOf: workStream,
  queueOf: (status, leased) => {
    if (status === 'waiting') return WAITING_QUEUE;
    return status === 'queued' && !leased ? PILOT_QUEUE : undefined;
  },
  satisfies: (status) => status === 'complete',
  dependsOn,
  gpusOf: gpuOf,
  amend: (unit, fields, timeMicros) => {
    const amended = amendTask(unit, fields, timeMicros);
    return amended instanceof DomainError ? unit : amended;
  },
  eventTypes: TASK_EVENT_TYPES,
  evolve: (unit, { type, data }) => {
    // Only the deciders of this service write these events, so that their types are known.
    if (type === 'TasksPrioritized') return { ...unit, priority: priorityOf(unit, data as TasksPrioritized) };
    const { mode, requirements } = data as TaskRequirementsSet;
    return { ...unit, requirements: changeRequirements(unit.requirements, mode, requirements) };
  },
};
