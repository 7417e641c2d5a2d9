import { command, query } from '#bus/contract.js';
import type { Principal } from './principal.js';

/** Which ranges a request is about. */
export interface RangesOfJobRequest {
  readonly job_id: number;
  readonly jobset_id: number;
  /** Absent: that of the job. */
  readonly task_id?: number;
}

/** PanDA contract 6.2: how many ranges a job could acquire. */
export const CountReadyRanges = query<RangesOfJobRequest, { readonly count: number }>(
  'tasks',
  'panda.ranges.count-ready',
);

export interface AcquireRangesRequest extends RangesOfJobRequest {
  readonly n_ranges: number;
  /** In random order. */
  readonly scattered: boolean;
  /** Id of a dataset. */
  readonly segment_id?: number;
}

/** PanDA contract 5.1. `ranges` is raw JSON of a list. */
export const AcquireRanges = command<AcquireRangesRequest, { readonly ranges: string }>(
  'tasks',
  'panda.ranges.acquire',
);

export const REPORT_VERSIONS = [0, 1, 2] as const;
/** Forms of reports (PanDA contract 5.2). */
export type ReportVersion = (typeof REPORT_VERSIONS)[number];

/** `elements` is raw JSON of a list. */
export interface ReportRangesRequest {
  readonly elements: string;
  readonly version: ReportVersion;
}

export interface ReportRangesReply {
  /** For each range reported: whether it was stored; null where it is not stored by design. */
  readonly returns: readonly (boolean | null)[];
  /** By PandaID: `tobekilled`, `softkill` or null. */
  readonly commands: Readonly<Record<string, string | null>>;
  /** Of a single range: there is none of this id. */
  readonly is_unknown?: true;
}

/** PanDA contract 5.2. */
export const ReportRanges = command<ReportRangesRequest, ReportRangesReply>('tasks', 'panda.ranges.report');

/** Pairs of task and job. */
export interface RangeStatusesRequest {
  readonly jobs: readonly { readonly task_id: number; readonly panda_id: number }[];
}

/** PanDA contract 6.2: `statuses` is raw JSON of an object, by PandaID and by the id of the range. */
export const GetRangeStatuses = query<RangeStatusesRequest, { readonly statuses: string }>(
  'tasks',
  'panda.ranges.statuses',
);

export interface EnableCloningRequest {
  readonly task_id: number;
  readonly mode: 'runonce' | 'storeonce';
  readonly multiplicity: number;
  readonly sites: number;
}

/** Whether there is such a task. */
export interface TaskFound {
  readonly is_found: boolean;
}

/** PanDA contract 5.4. */
export const EnableCloning = command<EnableCloningRequest, TaskFound>('tasks', 'panda.ranges.enable-cloning');
export const DisableCloning = command<{ readonly task_id: number }, TaskFound>('tasks', 'panda.ranges.disable-cloning');

export interface EnableJumboRequest {
  readonly task_id: number;
  readonly total: number;
  readonly per_site: number;
  /** Registers an avalanche (D11). */
  readonly principal: Principal;
}

/** PanDA contract 5.4. */
export const EnableJumbo = command<EnableJumboRequest, TaskFound>('tasks', 'panda.ranges.enable-jumbo');
