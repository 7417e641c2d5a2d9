/** Inclusive ordinal ranges, ascending and disjoint: `[[0, 4], [9, 9]]`. */
export type Ranges = readonly (readonly [number, number])[];

/**
 * Every event of a `work-` stream that concerns units names them in `units` (and groups in `groups`): the history finds a
 * unit's events by this alone, whatever the type.
 */
export interface ConcernsUnits {
  readonly units?: Ranges;
  readonly groups?: Ranges;
}
