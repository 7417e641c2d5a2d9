import type { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { FindWorkers, type RunningWorker } from '#contracts/explain.js';
import { ListWorkloadUnits, UNITS_LIMIT_MAX } from '#contracts/workloads.js';

/** Claimed and running units that are looked at. */
const UNITS_MAX = 5_000;

/** Units of a worker that are named. */
const NAMED_MAX = 20;

/** Members of the document of a unit. */
interface AssignedUnit {
  readonly unit_id: string;
  readonly phase: 'claimed' | 'running';
  readonly site: string;
  readonly holder?: string;
  readonly worker?: { readonly worker_id?: string; readonly host?: string };
}

/** A worker, with how many units of a workload it has. Null is what is not known of it. */
interface WorkerEntry {
  readonly worker_id: string | null;
  readonly host: string | null;
  readonly site: string;
  readonly holder: string | null;
  readonly last_heartbeat: string | null;
  claimed: number;
  running: number;
  readonly unit_ids: string[];
}

const entryOf = ({ site, holder, worker }: AssignedUnit, registered: RunningWorker | undefined): WorkerEntry => ({
  worker_id: registered?.worker_id ?? worker?.worker_id ?? null,
  host: registered?.host ?? worker?.host ?? null,
  site: registered?.site ?? site,
  holder: holder ?? null,
  last_heartbeat: registered === undefined ? null : `${registered.last_heartbeat}Z`,
  ...{ claimed: 0, running: 0, unit_ids: [] },
});

/** The workers that have units of a workload: raw JSON. */
export const workersDocument = async (bus: Bus, workload: string, context: MessageContext): Promise<string> => {
  const entries = new Map<string, WorkerEntry>();
  let looked = 0;
  let cursor: string | undefined;
  do {
    const phases = ['claimed', 'running'] as const;
    const request = { workload, phases, limit: UNITS_LIMIT_MAX, ...(cursor !== undefined && { cursor }) };
    const page = await bus.request(ListWorkloadUnits, request, context);
    const units = page.entries.map((entry) => JSON.parse(entry) as AssignedUnit);
    const unit_ids = units.flatMap(({ unit_id, worker }) => (worker === undefined ? unit_id : []));
    const { workers } = unit_ids.length === 0 ? { workers: {} } : await bus.request(FindWorkers, { unit_ids }, context);
    for (const unit of units) count(entries, unit, workers[unit.unit_id]);
    looked += units.length;
    cursor = page.next;
  } while (cursor !== undefined && looked < UNITS_MAX);
  return JSON.stringify({ workers: [...entries.values()], more: cursor !== undefined });
};

/** Units of which no worker is known are put together by who holds them, and where. */
const count = (entries: Map<string, WorkerEntry>, unit: AssignedUnit, registered: RunningWorker | undefined): void => {
  const made = entryOf(unit, registered);
  const key = JSON.stringify([made.worker_id, made.host, made.site, made.holder]);
  const entry = entries.get(key) ?? made;
  entries.set(key, entry);
  entry[unit.phase] += 1;
  if (entry.unit_ids.length < NAMED_MAX) entry.unit_ids.push(unit.unit_id);
};
