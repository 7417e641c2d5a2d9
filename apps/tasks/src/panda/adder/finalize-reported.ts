/** Jobs finalized together. */
const JOBS_AT_ONCE = 200;

/** So many failures are not the fault of single jobs: all wait. */
const FAILURES_MAX = 1_000;

/** What the adder works on. */
export interface Reported {
  /** PandaIDs of jobs whose final report waits, the oldest report first. */
  readonly waiting: (limit: number) => readonly number[];
  /** Resolves with whether the job could be finalized. */
  readonly finalize: (pandaId: number) => Promise<boolean>;
  readonly isStopped: () => boolean;
}

/**
 * Finalizes all jobs that wait. Those that cannot be finalized stay the first ones: those behind them do not wait for them.
 *
 * @param failed jobs to be passed over; those that fail are added
 */
export const finalizeReported = async (
  { waiting, finalize, isStopped }: Reported,
  failed: Set<number>,
): Promise<void> => {
  while (failed.size < FAILURES_MAX && !isStopped()) {
    const jobs = waiting(JOBS_AT_ONCE + failed.size).filter((pandaId) => !failed.has(pandaId));
    if (jobs.length === 0) return;
    const answers = await Promise.all(jobs.map(finalize));
    jobs.forEach((pandaId, at) => answers[at] === true || failed.add(pandaId));
  }
};
