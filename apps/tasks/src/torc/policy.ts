import type { JobReplaced, JobsAdded, JobsInitialized, TorcEvents } from '#contracts/torc/events.js';
import type { Assignment } from '../engine/assignment.js';
import type { Policy } from '../engine/policy.js';
import type { DialectUnitEvent } from '../engine/unit-event.js';
import type { Unit } from '../engine/unit.js';
import { addedJobs, labelOf, priorityOf } from './job/added-jobs.js';
import { requirementsOf } from './job/requirements.js';
import { phaseOf, queueOf, satisfies } from './status-table.js';
import { workStream } from './streams.js';

const JOB_EVENT_TYPES: readonly (keyof TorcEvents)[] = ['JobReplaced', 'JobsInitialized'];

/** What the client left out stays (Torc contract 1.8). */
const replaced = (unit: Unit, { job }: JobReplaced, timeMicros: number): Unit => ({
  ...unit,
  ...(job.status !== unit.status && { status: job.status, outcome: '', changedMicros: timeMicros, failures: 0 }),
  requirements: job.requirements ?? unit.requirements,
  site: job.scheduler ?? unit.site,
  priority: priorityOf(job.document),
  label: labelOf(job.document),
});

const assignmentOf = ({ type, data, timeMicros }: DialectUnitEvent): Assignment | undefined => {
  if (type !== 'JobsInitialized') return undefined;
  const { requirements, scheduler, status } = data as JobsInitialized;
  return {
    ...{ requirements, site: scheduler },
    ...(status !== undefined && { status, outcome: '', changedMicros: timeMicros, failures: 0 }),
  };
};

/** Torc's policy. Dependencies come by events that link units, and have no effect on a status: the deciders unblock. */
export const torcPolicy: Policy = {
  phaseOf,
  streamOf: workStream,
  queueOf,
  satisfies,
  dependsOn: () => [],
  gpusOf: (requirements) => requirementsOf(requirements).num_gpus,
  amend: (unit) => unit,
  eventTypes: JOB_EVENT_TYPES,
  // Only the deciders of this service write these events, so that their types are known.
  evolve: (unit, event) =>
    event.type === 'JobReplaced'
      ? replaced(unit, event.data as JobReplaced, event.timeMicros)
      : { ...unit, ...assignmentOf(event) },
  assignmentOf,
  adds: { JobsAdded: (workload, data, timeMicros) => addedJobs(workload, data as JobsAdded, timeMicros) },
};
