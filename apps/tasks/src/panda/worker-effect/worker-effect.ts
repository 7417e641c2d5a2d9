import { JOB_TEXT_LIMITS, type JobAttributes } from '#contracts/panda/job-attributes.js';
import { isFinalJob, isFinalWorker } from '#contracts/panda/statuses.js';
import { plainTime, timeText } from '#contracts/panda/times.js';
import type { Decision } from '#event-sourcing/command.js';
import { endJob } from '../adder/end-job.js';
import { jobAmended } from '../job-changes.js';
import { TASK_BUFFER_ERRORS } from '../kill/kill-effect.js';
import type { Job, PandaView } from '../view.js';
import type { WorkerKey, WorkerState } from './worker-view.js';

/** Harvester asks for it: a job ends with its worker (contract 4.2.6). */
const ENDS_JOBS = 1;
/** Set with a lost heartbeat when the worker of the job is final. */
const WORKER_ALREADY_DONE = 2;

/** What the end of a worker changes in an active job (contract 4.5), and whether the job ends with it (contract 4.2.6). */
export const workerEffect = (
  worker: WorkerState,
  { status, attributes }: Pick<Job, 'status' | 'attributes'>,
): { readonly set: JobAttributes; readonly ends: boolean } => {
  if (!isFinalWorker(worker.status) || isFinalJob(status)) return { set: {}, ends: false };
  const diag = worker.diagMessage ?? '';
  const supErrorDiag = `Diag from worker : ${diag}`.slice(0, JOB_TEXT_LIMITS.supErrorDiag);
  const hasCode = worker.errorCode !== 0 && status !== 'holding';
  const isNews = attributes.supErrorCode !== worker.errorCode || attributes.supErrorDiag !== supErrorDiag;
  const sup = hasCode && isNews ? { supErrorCode: worker.errorCode, supErrorDiag } : {};
  if (worker.syncLevel !== ENDS_JOBS || (status !== 'running' && status !== 'starting'))
    return { set: sup, ends: false };
  const taskBufferErrorDiag = `The worker was ${worker.status} while the job was ${status} : ${diag}`;
  return {
    set: {
      ...sup,
      taskBufferErrorCode: TASK_BUFFER_ERRORS.workerDone,
      taskBufferErrorDiag: taskBufferErrorDiag.slice(0, JOB_TEXT_LIMITS.taskBufferErrorDiag),
    },
    ends: true,
  };
};

const NOTHING = { events: [], reply: {} };

/** Carries out what the end of a worker means for one of its jobs. Once it is done nothing is left to do. */
export const applyWorkerEffect = (
  view: PandaView,
  key: WorkerKey,
  pandaId: number,
  timeMicros: number,
): Decision<object> => {
  const worker = view.workers.worker(key);
  const job = view.job(pandaId);
  if (worker === undefined || job === undefined) return NOTHING;
  const { set, ends } = workerEffect(worker, job);
  if (ends) {
    const end = { set: { ...set, endTime: timeText(timeMicros) }, inputs: 'failed' } as const;
    return { events: endJob(view, job, { status: 'failed', end }, timeMicros), reply: {} };
  }
  if (Object.keys(set).length === 0) return NOTHING;
  return { events: [jobAmended(job, set, 'server')], reply: {} };
};

/** What a lost heartbeat sets besides, when the worker of the job is final (contract 4.2.6). */
export const lostWithWorker = (worker: WorkerState | undefined): JobAttributes => {
  if (worker === undefined || !isFinalWorker(worker.status)) return {};
  const diag = `worker already ${worker.status} at ${plainTime(worker.endTime)} with ${worker.diagMessage ?? ''}`;
  return { supErrorCode: WORKER_ALREADY_DONE, supErrorDiag: diag.slice(0, JOB_TEXT_LIMITS.supErrorDiag) };
};
