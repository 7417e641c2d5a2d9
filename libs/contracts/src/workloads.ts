import { type Page, query } from '#bus/contract.js';
import type { Dialect } from '#ledger/ref.js';

/** What a unit, and a workload as a whole, is about to do or has come to, whatever word its dialect has for it. */
export const PHASES = ['held', 'blocked', 'ready', 'claimed', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type WorkloadPhase = (typeof PHASES)[number];

/** Dialects that have workloads. */
export const WORKLOAD_DIALECTS = ['iceprod', 'panda', 'torc'] as const satisfies readonly Dialect[];

/** Orders of lists; entries that are equal in one are in order of creation. */
export const WORKLOAD_ORDERS = ['created', 'changed', 'progress', 'status'] as const;
export type WorkloadOrder = (typeof WORKLOAD_ORDERS)[number];

export const WORKLOADS_LIMIT_MAX = 500;
export const UNITS_LIMIT_MAX = 1_000;
export const FAILURES_LIMIT_MAX = 200;

/** All given conditions must hold. */
export interface WorkloadFilter {
  readonly dialects?: readonly string[];
  readonly statuses?: readonly string[];
  readonly phases?: readonly WorkloadPhase[];
  readonly owner?: string;
  /** Microseconds since the Unix epoch, inclusive. */
  readonly created_from?: number;
  readonly created_to?: number;
  /** Part of the id or the name, in whatever case. */
  readonly text?: string;
}

export interface ListWorkloadsRequest extends WorkloadFilter {
  readonly order: WorkloadOrder;
  readonly descending: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** Names a workload: its ref, `<dialect>.<namespace>.<escaped id>`, or its id where that is unique. */
export interface WorkloadRequest {
  readonly workload: string;
}

/** A page of fewer entries than the limit may still have a `next`: a search that finds little stops after a while. */
export interface WorkloadPage extends Page {
  /** Raw JSON of numbers of workloads by dialect and phase: of all that the caller may read, whatever the filter. */
  readonly counts: string;
}

export interface ListUnitsRequest extends WorkloadRequest {
  readonly statuses?: readonly string[];
  readonly phases?: readonly WorkloadPhase[];
  readonly names?: readonly string[];
  readonly limit: number;
  readonly cursor?: string;
}

/** What a workload is known by. */
export interface WorkloadHome {
  readonly ref: string;
  readonly dialect: string;
  readonly id: string;
  readonly status: string;
  readonly phase: WorkloadPhase;
  /** Numbers of units whose last run has failed. */
  readonly failed_units: number;
}

/** Workloads of all dialects that the caller may read. Entries are raw JSON. */
export const ListWorkloads = query<ListWorkloadsRequest, WorkloadPage>('tasks', 'workloads.list');
/** Checks the read rule, as all of the following do. Replies raw JSON. */
export const GetWorkload = query<WorkloadRequest, { readonly document: string }>('tasks', 'workload.get');
/** Finds the workload that a ref or id names. */
export const LocateWorkload = query<WorkloadRequest, WorkloadHome>('tasks', 'workload.locate');
/** Numbers of units by phase, by status and by name. Replies raw JSON. */
export const CountWorkloadUnits = query<WorkloadRequest, { readonly document: string }>('tasks', 'workload.counts');
/** Failed runs by cause, the most frequent first. Replies raw JSON. */
export const ListWorkloadFailures = query<WorkloadRequest & { readonly limit: number }, { readonly document: string }>(
  'tasks',
  'workload.failures',
);
/** Units in order of creation. Entries are raw JSON. */
export const ListWorkloadUnits = query<ListUnitsRequest, Page>('tasks', 'workload.units');

/**
 * Place of a unit in the list of a workload: in order of their numbers, and then, without a number, those that were moved into it from other
 * workloads by their ids.
 */
export type UnitPlace = readonly [number: number | null, unitId: string];

export type UnitStatus = readonly [...place: UnitPlace, status: string];

export interface UnitStatuses {
  readonly units: readonly UnitStatus[];
  readonly isLast: boolean;
}

/** Units behind a place, with their statuses and no more: for comparisons of two moments. */
export const ListUnitStatuses = query<WorkloadRequest & { readonly behind?: UnitPlace }, UnitStatuses>(
  'tasks',
  'workload.unit-statuses',
);
