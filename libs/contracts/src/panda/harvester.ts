import { command, type Nothing, query } from '#bus/contract.js';
import type { WorkerNode, WorkerNodeGpu } from './worker-events.js';

interface OfHarvester {
  readonly harvester_id: string;
}

/** Heartbeat of an instance, with the members of `data` as they came (PanDA contract 6.4, D8). */
export const RecordHarvesterHeartbeat = command<
  OfHarvester & {
    /** DN of the caller. */
    readonly owner: string;
    readonly host: string;
    readonly data: Readonly<Record<string, unknown>>;
  },
  Nothing
>('pilots', 'panda.harvester.heartbeat');

/** Workers as they came; replies whether each was stored, in their order (contract 4.5, 6.4). */
export const UpdateWorkers = command<
  OfHarvester & { readonly workers: readonly unknown[] },
  { readonly stored: readonly boolean[] }
>('pilots', 'panda.workers.update');

/** A worker has got jobs by `acquire_jobs` (contract 4.2.2). */
export const RecordJobWorkers = command<
  OfHarvester & { readonly worker_id: number; readonly panda_ids: readonly number[] },
  Nothing
>('pilots', 'panda.worker.jobs');

/** What a pilot says of its worker (contract 4.5, D27). */
export const RecordPilotReport = command<
  OfHarvester & {
    readonly worker_id: number;
    readonly status: 'started' | 'finished';
    readonly node_id: string | null;
  },
  Nothing
>('pilots', 'panda.worker.pilot');

/** 0 when there are none (D9). */
export const GetCurrentWorkerId = query<OfHarvester, { readonly worker_id: number }>('pilots', 'panda.worker.max-id');

/** Raw JSON (contract 6.4). */
export const GetWorkerStatistics = query<Nothing, { readonly document: string }>('pilots', 'panda.workers.statistics');

/** `statistics` is raw JSON by job type, resource type and status. */
export const ReportWorkerStatistics = command<
  OfHarvester & { readonly queue: string; readonly statistics: string },
  Nothing
>('pilots', 'panda.workers.count');

/** Triples of time, host and text of JSON, in any order of the first two. */
export const AddServiceMetrics = command<OfHarvester & { readonly metrics: readonly unknown[] }, Nothing>(
  'pilots',
  'panda.harvester.metrics',
);
export const AddHarvesterDialogs = command<OfHarvester & { readonly dialogs: readonly unknown[] }, Nothing>(
  'pilots',
  'panda.harvester.dialogs',
);

/** The oldest new commands, which count as retrieved then; raw JSON of a list (contract 6.4). */
export const AcquireHarvesterCommands = command<
  OfHarvester & { readonly count: number },
  { readonly document: string }
>('pilots', 'panda.harvester.commands.acquire');
export const AcknowledgeHarvesterCommands = command<{ readonly command_ids: readonly number[] }, Nothing>(
  'pilots',
  'panda.harvester.commands.acknowledge',
);
/** Orders an instance to do something. `params` is raw JSON. */
export const IssueHarvesterCommand = command<
  OfHarvester & { readonly command: string; readonly params: string; readonly ack_requested: boolean },
  { readonly command_id: number }
>('pilots', 'panda.harvester.commands.issue');
/** Kills workers of a queue: refused with the messages of contract 6.4. */
export const SweepWorkers = command<
  {
    readonly queue: string;
    readonly statuses: readonly string[] | 'ALL';
    readonly computing_elements: readonly string[] | 'ALL';
    readonly submission_hosts: readonly string[] | 'ALL';
  },
  Nothing
>('pilots', 'panda.workers.sweep');

/** @see SlotEvents; `slots` -1 releases them */
export const SetTargetSlots = command<
  {
    readonly queue: string;
    readonly slots: number;
    readonly share: string | null;
    readonly resource_type: string | null;
    readonly expires_micros: number | null;
  },
  Nothing
>('pilots', 'panda.slots.target');

export const RecordWorkerNode = command<{ readonly node: WorkerNode; readonly queue: string | null }, Nothing>(
  'pilots',
  'panda.node.seen',
);
/** Replies whether the GPU was known. */
export const RecordWorkerNodeGpu = command<{ readonly gpu: WorkerNodeGpu }, { readonly was_known: boolean }>(
  'pilots',
  'panda.node.gpu-seen',
);
