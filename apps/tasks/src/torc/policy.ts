import type { JobReplaced, JobsInitialized, TorcEvents } from '#contracts/torc/events.js';
import type { Policy } from '../engine/policy.js';
import type { DialectUnitEvent } from '../engine/unit-event.js';
import type { Unit } from '../engine/unit.js';
import { requirementsOf } from './job/requirements.js';
import { phaseOf, queueOf, satisfies } from './status-table.js';
import { workStream } from './streams.js';

const JOB_EVENT_TYPES: readonly (keyof TorcEvents)[] = ['JobReplaced', 'JobsInitialized'];

/** What the client left out stays (Torc contract 1.8). */
const replaced = (unit: Unit, { job }: JobReplaced, timeMicros: number): Unit => ({
  ...unit,
  ...(job.status !== unit.status && { status: job.status, outcome: '', changedMicros: timeMicros }),
  requirements: job.requirements ?? unit.requirements,
  site: job.scheduler ?? unit.site,
  priority: job.priority ?? unit.priority,
});

const initialized = (unit: Unit, data: JobsInitialized, timeMicros: number): Unit => ({
  ...unit,
  requirements: data.requirements,
  site: data.scheduler,
  ...(data.status !== undefined && { status: data.status, outcome: '', changedMicros: timeMicros }),
});

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
  evolve: (unit, { type, data, timeMicros }: DialectUnitEvent) =>
    // Only the deciders of this service write these events, so that their types are known.
    type === 'JobReplaced'
      ? replaced(unit, data as object as JobReplaced, timeMicros)
      : initialized(unit, data as object as JobsInitialized, timeMicros),
};
