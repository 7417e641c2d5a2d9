import type { PolledJob } from '#contracts/panda/job-states.js';

/** What is told of a job's status. Harvester relies on `tobekilled` for jobs that are not known any more. */
export const toldState = (job: PolledJob | null): Pick<PolledJob, 'status' | 'command'> =>
  job === null ? { status: 'unknown', command: 'tobekilled' } : { status: job.status, command: job.command };
