import type { RangesReleased } from '#contracts/panda/range-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { JobChanges } from '../job-changes.js';
import { taskAmended } from '../task-amended.js';
import type { Job, PandaView, Task } from '../view.js';
import { activeSiblings } from './close-siblings.js';
import { isClone, isJumbo, isMerge, isOfEventService } from './flavour.js';
import { settleClone } from './settle-clone.js';
import { settleConsumer } from './settle-consumer.js';
import { settleMerge } from './settle-merge.js';
import { type JobEnding, settledAs, type Settlement } from './settlement.js';

/** Waiting consumers that the end of one jumbo job wakes. */
const WOKEN_MAX = 10_000;

/** Whether the end of a job must be settled. Then it is the only job that its change ends, because the next one depends on its effects. */
export const hasRanges = isOfEventService;

/**
 * Settles the end of a job of the event service that a pilot has reported, or that a watchdog has found lost (contract 4.3, 5.3, 5.4).
 *
 * @param ending without regard to ranges
 */
export const settleRanges = (view: PandaView, job: Job, ending: JobEnding, timeMicros: number): Settlement => {
  const task = job.taskId === null ? undefined : view.task(job.taskId);
  if (task === undefined) return { ...ending, events: [] };
  const owned = ofOwner(view, job, ending);
  const released = releaseRanges(job);
  const isKilled = ending.status === 'cancelled' || ending.status === 'closed';
  if (isKilled || isJumbo(job)) {
    const { inputs } = ending.end;
    const after = isJumbo(job) ? [...awakened(view, task), ...(isKilled ? [] : followed(view, job, task))] : [];
    const events = [...released, ...after];
    return settledAs(owned, ending.status, isFollowed(view, job) ? 'superseded' : inputs, {}, events);
  }
  const settle = isMerge(job) ? settleMerge : isClone(job) ? settleClone : settleConsumer;
  const settled = settle(view, job, task, owned, timeMicros);
  return { ...settled, events: [...released, ...settled.events] };
};

/** Consumers that wait for jumbo jobs look again at what is left when one of these ends (contract 4.2.1). */
const awakened = (view: PandaView, task: Task): readonly DecidedEvent[] => {
  const changes = new JobChanges();
  for (const { ordinal } of view.jobStates(task, { statuses: ['waiting'], limit: WOKEN_MAX })) {
    changes.add(task.stream, ordinal, 'UnitsMoved', { status: 'activated' });
  }
  return changes.events();
};

/** Another jumbo job follows one that has done some of the work and left some. One that has done nothing would only be repeated. */
const followed = (view: PandaView, { pandaId }: Job, task: Task): readonly DecidedEvent[] => {
  if (task.attributes.useJumbo !== 'R' || (view.ranges.countsOf(pandaId).finished ?? 0) === 0) return [];
  const isAnyLeft = view.ranges.unfinishedOf(pandaId).isAnyHopeful || view.ranges.countReady(task.workload) > 0;
  return isAnyLeft ? [taskAmended(task, { useJumbo: 'W' })] : [];
};

/** Gives back the ranges of a job that is killed: events of the change that ends it. */
export const releaseRanges = (job: Job): DecidedEvent[] => {
  if (!hasRanges(job)) return [];
  const data: RangesReleased = { panda_id: job.pandaId, units: [[job.ordinal, job.ordinal]] };
  return [{ stream: job.home.stream, type: 'RangesReleased', data }];
};

/** Jobs of a jobset share their inputs, which are recorded as those of the job that was created last. */
const ofOwner = (view: PandaView, job: Job, ending: JobEnding): JobEnding => {
  const [input] = job.takes;
  const owner = input === undefined ? null : (view.file(input)?.pandaId ?? null);
  const isShared =
    owner !== null && owner !== job.pandaId && view.job(owner)?.attributes.jobsetID === job.attributes.jobsetID;
  return isShared ? { ...ending, end: { ...ending.end, owner_id: owner } } : ending;
};

/** As long as others go on with the inputs of a job that is killed, its end means nothing for them. */
const isFollowed = (view: PandaView, job: Job): boolean =>
  isJumbo(job) || (!isMerge(job) && activeSiblings(view, job.attributes.jobsetID ?? 0, job).length > 0);
