import type { Ledger, Position } from '#ledger/ledger.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { revisionAt } from '#event-sourcing/revision-at.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { WORKLOAD_OF_KEY } from './member-key.js';
import type { WorkloadId, Workloads } from './workloads.js';

/** Numbers of events in the streams of workloads. */
export type Revisions = readonly (readonly [home: WorkloadId, revision: number])[];

/** Bound of the home workloads that are looked up. Moved members from further homes count as changed. */
const HOMES_MAX = 50;

/** Finds the home workloads of members that were moved to a workload. */
export type MovedHomes = (snapshot: Snapshot, workload: WorkloadId) => readonly WorkloadId[];

/**
 * @param table of members, by key
 * @param listing column that names the workload which lists a moved member
 */
export const movedHomes = (table: string, listing: string): MovedHomes => {
  const selectOn = perConnection((database) =>
    database.prepare(
      `SELECT DISTINCT ${WORKLOAD_OF_KEY} AS home FROM ${table} WHERE ${listing} = ? LIMIT ${HOMES_MAX}`,
    ),
  );
  return ({ database }, workload) =>
    selectOn(database)
      .all(workload)
      .map(({ home }) => Number(home));
};

interface ChangeSources {
  readonly ledger: Ledger;
  readonly workloads: Workloads;
}

/**
 * The revisions that streams had at a position of the ledger: the stream of the workload, and the home streams of members that
 * were moved to it.
 */
export const revisionsAt = async (
  { ledger, workloads }: ChangeSources,
  snapshot: Snapshot,
  workload: WorkloadId,
  homesOf: MovedHomes,
  position: Position,
): Promise<Revisions> => {
  const homes = [workload, ...homesOf(snapshot, workload)];
  const streams = homes.map((home) => [home, workloads.workStreamOf(home)] as const);
  return Promise.all(
    streams.map(async ([home, stream]) => [home, await revisionAt(ledger, snapshot, stream, position)] as const),
  );
};
