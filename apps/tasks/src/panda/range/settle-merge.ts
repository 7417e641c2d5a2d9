import type { RangesMerged } from '#contracts/panda/range-events.js';
import { copyJob } from '../generate/copy-job.js';
import type { Job, PandaView, Task } from '../view.js';
import { ES_ERRORS } from './close-siblings.js';
import { type JobEnding, settledAs, type Settlement } from './settlement.js';

/** The end of a merge job: its jobset is merged, or another attempt is made as long as there are some. */
export const settleMerge = (
  view: PandaView,
  job: Job,
  task: Task,
  ending: JobEnding,
  timeMicros: number,
): Settlement => {
  const { attemptNr, maxAttempt, jobsetID } = job.attributes;
  if (ending.status === 'finished') {
    const data: RangesMerged = { jobset_id: jobsetID ?? 0, units: [[job.ordinal, job.ordinal]] };
    return { ...ending, events: [{ stream: task.stream, type: 'RangesMerged', data }] };
  }
  if ((attemptNr ?? 0) >= (maxAttempt ?? 0)) return { ...ending, events: [] };
  const next = copyJob(view, job, task, { set: {} }, timeMicros);
  const set = {
    taskBufferErrorCode: ES_ERRORS.mergeFailed,
    taskBufferErrorDiag: `the merge failed, to be tried again in PandaID=${next.pandaId}`,
  };
  return settledAs(ending, 'failed', 'superseded', set, next.events);
};
