/** Attributes of jobs that tell an error, and where their diagnostics are (PanDA contract 3.4). */
export const ERROR_SOURCES = [
  ...(['transExitCode', 'exeErrorCode', 'pilotErrorCode', 'supErrorCode'] as const),
  ...(['ddmErrorCode', 'brokerageErrorCode', 'jobDispatcherErrorCode', 'taskBufferErrorCode'] as const),
] as const;
export type ErrorSource = (typeof ERROR_SOURCES)[number];

/** What may be done about a failed job of a task (contract 4.2.7), the strictest first. */
export const RETRY_ACTIONS = [
  ...(['no_retry', 'limit_retry', 'reduce_input_per_job', 'increase_cputime'] as const),
  ...(['increase_memory', 'increase_memory_xtimes'] as const),
] as const;
export type RetryAction = (typeof RETRY_ACTIONS)[number];

/** A rule for failed jobs of tasks (contract 4.2.7). What is null holds for every job. */
export interface RetryRule {
  readonly name: string;
  readonly source: ErrorSource;
  /** As text, because exit codes of transformations are texts. */
  readonly code: string;
  /** Regular expression on the diagnostic that goes with the code. */
  readonly diagnostic: string | null;
  /** Of the job: its `cmtConfig`, `AtlasRelease` and `workQueue_ID`. */
  readonly architecture: string | null;
  readonly release: string | null;
  readonly work_queue: number | null;
  readonly action: RetryAction;
  /** `limit_retry`: the most attempts. `increase_memory_xtimes` and `increase_cputime`: the factor, 2 if it is null. Others ignore it. */
  readonly value: number | null;
  /** Without it, history only tells what the rule would do. */
  readonly active: boolean;
}
