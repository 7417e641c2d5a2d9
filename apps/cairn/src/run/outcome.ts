import { JOB_STATUSES, type JobStatus } from '#contracts/torc/statuses.js';
import { RUN_EXIT } from './exit-codes.js';
import { inParallel } from './in-parallel.js';
import type { TorcJob } from './torc-documents.js';
import type { Signals } from './torc-client.js';
import { REQUESTS_MAX, type TorcWorkflowCalls } from './torc-workflow.js';

/** How a run has ended. */
export interface RunOutcome {
  readonly exitCode: number;
  /** Lines for people. */
  readonly lines: readonly string[];
}

const NAMED_MAX = 20;

/** How many jobs have each status, in the order of the contract. */
export const countJobs = async (
  workflow: TorcWorkflowCalls,
  signals: Signals,
): Promise<ReadonlyMap<JobStatus, number>> => {
  const counts = new Map<JobStatus, number>(JOB_STATUSES.map((status) => [status, 0]));
  await inParallel(JOB_STATUSES, REQUESTS_MAX, async (status) => {
    counts.set(status, await workflow.jobs(status, signals));
  });
  return counts;
};

const named = (title: string, jobs: readonly string[]): readonly string[] =>
  jobs.length === 0
    ? []
    : [
        `${title}: ${jobs.slice(0, NAMED_MAX).join(', ')}${jobs.length > NAMED_MAX ? ` and ${String(jobs.length - NAMED_MAX)} more` : ''}`,
      ];

interface End {
  /** A signal or the time limit has ended the run. */
  readonly isInterrupted: boolean;
  /** Why the last claim gave nothing. */
  readonly reason: string;
  readonly completionFailure: string | undefined;
}

/** Reads from the server how the jobs have ended. */
export const outcomeOf = async (workflow: TorcWorkflowCalls, end: End, signals: Signals): Promise<RunOutcome> => {
  const { client } = workflow;
  const [status, jobs, codes] = await Promise.all([
    workflow.status(signals),
    client.list<TorcJob>(workflow.path('/jobs'), signals),
    workflow.returnCodes(signals),
  ]);
  const titles = (wanted: (job: TorcJob) => boolean): readonly string[] =>
    jobs.filter(wanted).map(({ _key, name }) => name ?? _key);
  const failed = titles(({ status: own, _key }) => own === 'done' && codes.get(_key) !== 0);
  const terminated = titles(({ status: own }) => own === 'terminated');
  const canceled = titles(({ status: own }) => own === 'canceled');
  const left = titles(({ status: own }) => !['done', 'terminated', 'canceled', 'disabled'].includes(own));
  const succeeded = jobs.filter(({ status: own, _key }) => own === 'done' && codes.get(_key) === 0).length;
  const lines = [
    `${String(succeeded)} of ${String(jobs.length)} jobs are done with return code 0`,
    ...named('failed', failed),
    ...named('terminated', terminated),
    ...named('canceled', canceled),
    ...named('left', left),
    ...(end.completionFailure === undefined ? [] : [end.completionFailure]),
  ];
  if (status.is_canceled) return { exitCode: RUN_EXIT.canceled, lines };
  if (end.isInterrupted && terminated.length + left.length > 0) return { exitCode: RUN_EXIT.interrupted, lines };
  if (failed.length + terminated.length + canceled.length > 0) return { exitCode: RUN_EXIT.jobsFailed, lines };
  if (end.completionFailure !== undefined) return { exitCode: RUN_EXIT.jobsFailed, lines };
  if (left.length === 0) return { exitCode: RUN_EXIT.allDone, lines };
  return { exitCode: RUN_EXIT.jobsLeft, lines: [...lines, ...(end.reason === '' ? [] : [end.reason])] };
};
