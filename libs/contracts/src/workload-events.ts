import type { AccessRule } from './access.js';

/**
 * A workload was submitted. Dialects add their own attributes to the event; these are shared by all.
 */
export interface WorkloadSubmitted {
  /** The public id: a long one is hashed in the stream's name. */
  readonly workload_id: string;
  readonly status: string;
  readonly priority: number;
  /** The rule that holds until `AccessRuleSet`. One event, so that a workload never exists without its rule. */
  readonly access: Required<AccessRule>;
  /** Name of the user whose token submitted it: gets a user record if none exists. */
  readonly submitter: string;
}

/** Events of streams `workload-<ref>` that all dialects share; written by `datasets`, read by `datasets`, `tasks` and `auth`. */
export interface WorkloadEvents {
  readonly WorkloadSubmitted: WorkloadSubmitted;
  /**
   * The workload got another status. `forced` says that the dialect's status machine had not allowed it, `reason` why
   * Cairn itself moved it.
   */
  readonly WorkloadMoved: { readonly status: string; readonly forced?: true; readonly reason?: string };
  /** The workload got another priority. */
  readonly WorkloadPrioritized: { readonly priority: number };
}

/** Events of streams `access-<ref>`; written by `auth`, of Torc by `tasks`. Lists that are absent stay as they were. */
export interface AccessEvents {
  /** Who may read and write the workload was changed: lists that are given replace those before. */
  readonly AccessRuleSet: AccessRule;
}
