import type { DialectUnitEvent } from './unit-event.js';
import type { Phase } from './phase.js';
import type { Unit } from './unit.js';

/**
 * A ready queue: a dialect has one for each kind of claim. No two dialects use the same number: their units stand in the same
 * tables.
 */
export type Lane = number;

/** What the engine must know of a dialect's status machine. Everything else stays in the dialect's deciders. */
export interface Policy {
  /** The vocabulary in its sort order. Units may carry other words; they mean nothing to the engine. */
  readonly statuses: readonly string[];
  phaseOf(status: string): Phase;
  /** The stream that records the units of a workload, by the workload's public id. */
  streamOf(workload: string): string;
  /**
   * In which queue a unit stands that may be claimed.
   *
   * @param leased whether the unit still has the lease of an earlier claim
   */
  laneOf(status: string, leased: boolean): Lane | undefined;
  /** Whether a dependency on a unit of this status is fulfilled. */
  satisfies(status: string): boolean;
  /** Public ids that a `depends` document names, each once. */
  dependsOn(depends: string): readonly string[];
  /** GPUs that requirements ask for: units that want one or more are counted apart. */
  gpusOf(requirements: string): number;
  /** The unit with fields of its document overwritten; unchanged when that cannot be. */
  amend(unit: Unit, fields: string, timeMicros: number): Unit;
  /** Types of the events of the dialect's own that change units. */
  readonly eventTypes: readonly string[];
  /** What such an event makes of a unit. */
  evolve(unit: Unit, event: DialectUnitEvent): Unit;
}
