import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { copyJob } from '../generate/copy-job.js';
import { TASK_BUFFER_ERRORS } from '../kill/kill-effect.js';
import type { Job, PandaView, Task } from '../view.js';
import { activeSiblings, closed, ES_ERRORS } from './close-siblings.js';
import { acceptsPartial, FLAVOURS, isFineGrained } from './flavour.js';
import { mergeJob } from './merge-job.js';
import type { RangeCounts } from './range-view.js';
import { type JobEnding, settledAs, type Settlement } from './settlement.js';

/** What decides about the end of a consumer: how its jobset will be when its ranges are released. */
interface Outlook {
  /** Some range can never be processed. */
  readonly isAnyFatal: boolean;
  readonly isAnyReady: boolean;
  readonly isAnyDone: boolean;
  /** Another job has some range. */
  readonly isAnyElsewhere: boolean;
  /** The consumer has finished some range. */
  readonly hasProcessed: boolean;
}

const outlookOf = (view: PandaView, { pandaId, attributes: { jobsetID } }: Job): Outlook => {
  const own = view.ranges.countsOf(pandaId);
  const counts = jobsetID === null ? {} : view.ranges.countsOf(jobsetID);
  const { isAnyHopeless, isAnyHopeful } = view.ranges.unfinishedOf(pandaId);
  const hasProcessed = (own.finished ?? 0) > 0;
  return {
    isAnyFatal: isAnyHopeless || (counts.fatal ?? 0) > 0,
    isAnyReady: isAnyHopeful || (counts.ready ?? 0) > 0,
    isAnyDone: hasProcessed || (counts.done ?? 0) > 0,
    isAnyElsewhere: inJobs(counts) > inJobs(own),
    hasProcessed,
  };
};

const inJobs = ({ sent = 0, running = 0, finished = 0, failed = 0 }: RangeCounts): number =>
  sent + running + finished + failed;

const because = (code: number, diag: string, subStatus?: string): JobAttributes => ({
  taskBufferErrorCode: code,
  taskBufferErrorDiag: diag,
  ...(subStatus !== undefined && { jobSubStatus: subStatus }),
});

const exhausted = because(ES_ERRORS.maxAttempts, 'no attempts are left for some event ranges');

/** The end of a consumer of event ranges: the first rule of contract 5.3 that applies. */
export const settleConsumer = (
  view: PandaView,
  job: Job,
  task: Task,
  ending: JobEnding,
  timeMicros: number,
): Settlement => {
  const { isAnyFatal, isAnyReady, isAnyDone, isAnyElsewhere, hasProcessed } = outlookOf(view, job);
  const others = activeSiblings(view, job.attributes.jobsetID ?? 0, job);
  const isLast = others.length === 0;
  if (isAnyFatal && !acceptsPartial(job)) {
    const associates = because(ES_ERRORS.associateFailed, `closed since the consumer PandaID=${job.pandaId} failed`);
    return settledAs(ending, 'failed', 'failed', exhausted, closed(job, others, associates));
  }
  // A task that is being finished gets no further consumers: inputs that are not whole are given back (contract 4.1.5).
  const isFollowed = task.status !== 'finishing';
  const ended = because(TASK_BUFFER_ERRORS.kill, 'closed since the task is being finished', 'taskdone');
  if (!isAnyReady && isLast && isAnyElsewhere) {
    if (!isFollowed) return settledAs(ending, 'closed', 'released', ended);
    const { attemptNr } = job.attributes;
    const copy = { status: 'waiting', set: { eventService: FLAVOURS.coJumbo, attemptNr } } as const;
    const next = copyJob(view, job, task, copy, timeMicros);
    const why = `closed to wait for jumbo jobs in PandaID=${next.pandaId}`;
    return settledAs(ending, 'closed', 'superseded', because(ES_ERRORS.waitsForOthers, why, 'es_wait'), next.events);
  }
  if (!isAnyReady && isLast && isAnyDone) {
    if (isFineGrained(job)) return settledAs(ending, 'finished', 'finished', { jobSubStatus: 'fg_done' });
    const merge = mergeJob(view, job, task, timeMicros);
    const why = `closed to merge the outputs of event ranges in PandaID=${merge.pandaId}`;
    return settledAs(ending, 'closed', 'superseded', because(ES_ERRORS.merged, why, 'es_merge'), merge.events);
  }
  if (!isLast) {
    const set = hasProcessed
      ? because(ES_ERRORS.waitsForOthers, 'closed since other consumers go on with the event ranges', 'es_wait')
      : because(ES_ERRORS.nothingProcessed, 'closed since it has not processed any event range', 'es_inaction');
    return settledAs(ending, 'closed', 'superseded', set);
  }
  if (!isAnyReady)
    return settledAs(ending, 'failed', 'failed', because(ES_ERRORS.allFailed, 'all event ranges failed'));
  if (!isFollowed) return settledAs(ending, 'closed', 'released', ended);
  const { attemptNr, maxAttempt } = job.attributes;
  if ((attemptNr ?? 0) >= (maxAttempt ?? 0)) return settledAs(ending, 'failed', 'failed', exhausted);
  const next = copyJob(view, job, task, { set: {} }, timeMicros);
  const set = hasProcessed
    ? because(ES_ERRORS.retried, `closed to go on with the event ranges in PandaID=${next.pandaId}`, 'es_retry')
    : because(
        ES_ERRORS.retriedWithoutEvents,
        `closed without any event range processed, to go on in PandaID=${next.pandaId}`,
        'es_noevent',
      );
  return settledAs(ending, 'closed', 'superseded', set, next.events);
};
