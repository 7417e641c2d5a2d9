import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { isFinalJob, type JobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { JobChanges } from '../job-changes.js';
import type { Job, JobState, PandaView } from '../view.js';
import type { Jobset } from './range-view.js';

/** Statuses of jobs that no pilot has got yet. */
const WAITING: readonly JobStatus[] = ['pending', 'waiting', 'defined', 'assigned', 'activated', 'throttled'];

export const ES_ERRORS = {
  retried: 111,
  merged: 112,
  mergeFailed: 113,
  maxAttempts: 114,
  waitsForOthers: 115,
  unused: 116,
  nothingProcessed: 117,
  allFailed: 119,
  associateFailed: 121,
  retriedWithoutEvents: 123,
  cloneLost: 200,
} as const;

/** Jobs of the same jobset that have not ended, without those that merge. */
export const activeSiblings = (view: PandaView, jobsetId: number, { pandaId }: Pick<Job, 'pandaId'>): JobState[] =>
  view
    .jobsOfJobset(jobsetId)
    .filter((other) => other.pandaId !== pandaId && other.kind !== 'merge' && !isFinalJob(other.status));

/** Closes jobs of the stream of a job. Their inputs belong to other jobs of the jobset. */
export const closed = ({ home }: Pick<Job, 'home'>, jobs: readonly JobState[], set: JobAttributes): DecidedEvent[] => {
  const changes = new JobChanges();
  for (const { ordinal } of jobs) {
    changes.add(home.stream, ordinal, 'UnitsMoved', {
      status: 'closed',
      end: { set, inputs: 'superseded' },
      clears: ['lease'],
    });
  }
  return changes.events();
};

/** Closes the jobs of a jobset that wait for a pilot, because no ranges are left for them (contract 5.1). */
export const closeUnused = (view: PandaView, job: Job, { id }: Pick<Jobset, 'id'>): DecidedEvent[] => {
  const unused = activeSiblings(view, id, job).filter(({ status }) => WAITING.includes(status));
  return closed(job, unused, {
    jobSubStatus: 'es_unused',
    taskBufferErrorCode: ES_ERRORS.unused,
    taskBufferErrorDiag: 'closed since other consumers have taken all event ranges',
  });
};

/** Closes the clones of a job that wait for a pilot, or all of them, because it has taken the semaphore (contract 5.4). */
export const closeClones = (view: PandaView, job: Job, jobsetId: number, isAll: boolean): DecidedEvent[] => {
  const others = activeSiblings(view, jobsetId, job);
  return closed(job, isAll ? others : others.filter(({ status }) => WAITING.includes(status)), lostTo(job.pandaId));
};

/** Of a clone that has lost the semaphore. */
export const lostTo = (winner: number | null): JobAttributes => ({
  jobSubStatus: 'jc_unlock',
  taskBufferErrorCode: ES_ERRORS.cloneLost,
  taskBufferErrorDiag:
    winner === null
      ? 'closed since it did not get the semaphore of its clones'
      : `closed since the clone PandaID=${winner} got the semaphore`,
});
