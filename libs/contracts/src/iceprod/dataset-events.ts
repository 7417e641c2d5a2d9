import type { AccessRule } from './access.js';

/** Facts of streams `workload-iceprod.main.<dataset_id>`; written by `datasets`, read by `datasets`, `tasks` and `auth`. */
export interface DatasetSubmitted {
  readonly dataset_id: string;
  readonly dataset: number;
  readonly description: string;
  readonly jobs_submitted: number;
  readonly tasks_submitted: number;
  readonly tasks_per_job: number;
  readonly group: string;
  readonly username: string;
  readonly status: string;
  readonly priority: number;
  readonly debug: boolean;
  readonly jobs_immutable: boolean;
  readonly always_active: boolean;
  /** The rule that holds until `AccessRuleSet`. One fact, so that a dataset never stands without its rule. */
  readonly access: Required<AccessRule>;
  /** Token user name of the caller: gets a user record if none exists. */
  readonly submitter: string;
}

export interface WorkloadEvents {
  readonly DatasetSubmitted: DatasetSubmitted;
  readonly DatasetMoved: { readonly status: string };
  readonly DatasetHardReset: Record<never, never>;
  readonly DatasetTruncated: Record<never, never>;
  readonly DatasetDescribed: { readonly description: string };
  readonly DatasetPrioritized: { readonly priority: number };
  readonly DatasetExtended: { readonly jobs_submitted: number; readonly tasks_submitted: number };
  /** `config` is the raw JSON, or its place in the blob store when over 128 KiB. */
  readonly ConfigSet:
    | { readonly config: string }
    | { readonly blob: { readonly key: string; readonly size: number; readonly sha256: string } };
}
