import type { Caller } from '#bus/contract.js';
import type { BlobReference } from '../work-events.js';
import type { WorkloadEvents, WorkloadSubmitted } from '../workload-events.js';

/** A dataset was submitted. */
export interface DatasetSubmitted extends WorkloadSubmitted {
  readonly dataset: number;
  readonly description: string;
  readonly jobs_submitted: number;
  readonly tasks_submitted: number;
  readonly tasks_per_job: number;
  readonly group: string;
  readonly username: string;
  readonly debug: boolean;
  readonly jobs_immutable: boolean;
  readonly always_active: boolean;
}

/** Who wrote a config, with the roles and groups of that time: its tasks wait only for tasks that this person may read. */
export type ConfigWriter = Pick<Caller, 'username' | 'roles' | 'groups'>;

/** On whose behalf a config was written. Old events have neither. */
export interface ConfigOrigin {
  readonly writer?: ConfigWriter;
  /** User of the issuer that the dataset's credentials were made for. Absent when none were made with this config. */
  readonly account?: string;
}

/** Events of streams `workload-iceprod.main.<dataset_id>`: those of all workloads, and those that only datasets have. */
export interface DatasetEvents extends WorkloadEvents {
  readonly WorkloadSubmitted: DatasetSubmitted;
  /** The dataset was truncated: no further jobs and tasks are made for it. */
  readonly DatasetTruncated: Record<never, never>;
  /** The dataset got another description. */
  readonly DatasetDescribed: { readonly description: string };
  /** The dataset is to have so many jobs and tasks now. */
  readonly DatasetExtended: { readonly jobs_submitted: number; readonly tasks_submitted: number };
  /** The dataset got a config. `config` is its raw JSON, `blob` its place in the blob store when over 128 KiB. */
  readonly ConfigSet: ({ readonly config: string } | { readonly blob: BlobReference }) & ConfigOrigin;
}

/** Events of the stream `directory-iceprod.main.dataset-numbers`; written and read by `datasets`. */
export interface DatasetNumberEvents {
  /** The human number of a dataset that is about to be submitted. It is never given again. */
  readonly DatasetNumberReserved: { readonly dataset: number };
}

/** Why automation suspends a dataset without a config. Only such a dataset starts by itself when its config arrives. */
export const NO_CONFIG = 'no config arrived in time';
/** Why automation starts such a dataset. */
export const CONFIG_ARRIVED = 'its config arrived';
