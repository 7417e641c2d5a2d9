import type { JobsCreated, JobsPlaced, JobsPrioritized, PandaEvents } from '#contracts/panda/events.js';
import type { Assignment } from '../engine/assignment.js';
import type { Policy } from '../engine/policy.js';
import type { DialectUnitEvent } from '../engine/unit-event.js';
import { createdUnits } from './job/created-units.js';
import { phaseOf, queueOf } from './status-table.js';
import { workStream } from './streams.js';

const UNIT_EVENT_TYPES: readonly (keyof PandaEvents)[] = ['JobsPrioritized', 'JobsPlaced'];

const placed = ({ site, requirements }: JobsPlaced): Assignment => ({
  ...(site !== undefined && { site }),
  ...(requirements !== undefined && { requirements }),
});

// Only the deciders of this service write these events, so that their types are known.
const assignmentOf = ({ type, data }: DialectUnitEvent): Assignment | undefined =>
  type === 'JobsPlaced' ? placed(data as JobsPlaced) : undefined;

/** PanDA's policy. Jobs do not depend on each other: what must wait for another job is not made before. */
export const pandaPolicy: Policy = {
  phaseOf,
  streamOf: workStream,
  queueOf,
  groupOf: ({ site }) => site,
  satisfies: () => false,
  dependsOn: () => [],
  gpusOf: () => 0,
  amend: (unit) => unit,
  eventTypes: UNIT_EVENT_TYPES,
  evolve: (unit, event) =>
    event.type === 'JobsPrioritized'
      ? { ...unit, priority: (event.data as JobsPrioritized).priority }
      : { ...unit, ...assignmentOf(event) },
  assignmentOf,
  adds: { JobsCreated: (workload, data, timeMicros) => createdUnits(workload, data as JobsCreated, timeMicros) },
};
