import { query } from '#bus/contract.js';

/** Where a unit's events are recorded. */
export interface UnitHome {
  readonly stream: string;
  /** Dense number of the unit in its workload. */
  readonly ordinal: number;
}

/** Finds a unit by its public id and checks the read rule of its workload for the caller. */
export const LocateUnit = query<{ unit_id: string }, UnitHome>('tasks', 'unit.locate');
