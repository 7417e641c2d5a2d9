import type { WorkloadId } from '../workload/workloads.js';
import type { Assignment } from './assignment.js';
import type { Phase } from './phase.js';
import type { DialectUnitEvent } from './unit-event.js';
import type { Unit } from './unit.js';

/**
 * Name of a ready queue, such as `iceprod.waiting`. A dialect has one for each kind of claim; its name begins with the
 * dialect's, because the units of all dialects are in the same tables.
 */
export type QueueName = string;

export type AddsUnits = (workload: WorkloadId, data: object, timeMicros: number) => Iterable<Unit>;

/** What the engine must know of a dialect's status machine. Everything else stays in the dialect's deciders. */
export interface Policy {
  /** What a status means to the engine. Clients of some dialects can set unknown words: these mean `held`. */
  phaseOf(status: string, outcome: string): Phase;
  /** The stream that records the units of a workload, by the workload's public id. */
  streamOf(workload: string): string;
  /**
   * The ready queue of units that may be claimed.
   *
   * @param leased whether the unit still has the lease of an earlier claim
   */
  queueOf(status: string, leased: boolean): QueueName | undefined;
  /** What claims select ready classes by, before all else. By default it is the workload. */
  groupOf?(ready: { readonly workload: string; readonly site: string }): string;
  /** Whether a dependency on a unit of this status is satisfied. */
  satisfies(status: string, outcome: string): boolean;
  /** Public ids that a `depends` document names, each once. */
  dependsOn(depends: string): readonly string[];
  /** GPUs that requirements ask for. Units with one or more are counted separately. */
  gpusOf(requirements: string): number;
  /** The unit with fields of its document overwritten. Unchanged when a value is invalid. */
  amend(unit: Unit, fields: string, timeMicros: number): Unit;
  /** Types of the events of the dialect's own that change units. */
  readonly eventTypes: readonly string[];
  /** The unit after such an event. */
  evolve(unit: Unit, event: DialectUnitEvent): Unit;
  /** What such an event sets, if it sets the same for all of its units: they are then changed by a few statements. */
  assignmentOf?(event: DialectUnitEvent): Assignment | undefined;
  /** By type: the units that events of the dialect's own add. Their ordinals are in the member `units`. */
  readonly adds?: Readonly<Record<string, AddsUnits>>;
}
