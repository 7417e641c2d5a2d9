import type { Ledger, Position } from '#ledger/ledger.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { revisionAt } from '#event-sourcing/revision-at.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { WORKLOAD_OF_KEY } from './member-key.js';
import type { WorkloadId, Workloads } from './workloads.js';

/** Numbers of events in the streams of workloads. */
export type Revisions = readonly (readonly [home: WorkloadId, revision: number])[];

/** Homes of moved members that are told apart; members from others count as changed. */
const HOMES_MAX = 50;

const unitHomes = perConnection((database) =>
  database.prepare(`SELECT DISTINCT ${WORKLOAD_OF_KEY} AS home FROM unit WHERE workload = ? LIMIT ${HOMES_MAX}`),
);

const groupHomes = perConnection((database) =>
  database.prepare(`SELECT DISTINCT ${WORKLOAD_OF_KEY} AS home FROM job WHERE listing = ? LIMIT ${HOMES_MAX}`),
);

interface ChangeSources {
  readonly ledger: Ledger;
  readonly workloads: Workloads;
}

/**
 * Up to which event the streams were effective at a position, whose members a workload lists: its own, and those that members
 * were moved from.
 */
export const revisionsAt = async (
  { ledger, workloads }: ChangeSources,
  snapshot: Snapshot,
  workload: WorkloadId,
  members: 'units' | 'groups',
  position: Position,
): Promise<Revisions> => {
  const select = (members === 'units' ? unitHomes : groupHomes)(snapshot.database);
  const homes = [workload, ...select.all(workload).map(({ home }) => Number(home))];
  const streams = homes.map((home) => [home, workloads.workStreamOf(home)] as const);
  return Promise.all(
    streams.map(async ([home, stream]) => [home, await revisionAt(ledger, snapshot, stream, position)] as const),
  );
};
