import type { JobEnd } from '#contracts/panda/events.js';
import type { RangesReleased } from '#contracts/panda/range-events.js';
import type { FinalJobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Job, PandaView } from '../view.js';

/** How a job ends: `end` is that of the event. A closed or cancelled job is moved. */
export interface JobEnding {
  readonly status: FinalJobStatus;
  readonly end: JobEnd;
}

/** How it ends instead, and what else happens: its ranges are released, siblings are closed, a consumer or merge job is created. */
export interface SettledEnding extends JobEnding {
  /** Behind the event that ends the job, in the same change. */
  readonly events: readonly DecidedEvent[];
}

/** Whether the end of a job must be settled. Then it is the only job that its change ends, because the next one depends on its effects. */
export const hasRanges = ({ attributes: { eventService } }: Pick<Job, 'attributes'>): boolean =>
  (eventService ?? 0) > 0;

/**
 * Settles the end of a job that a pilot has reported, or that a watchdog has found lost (contract 4.3, 5.3).
 *
 * @param ending without regard to ranges
 */
export type SettleRanges = (view: PandaView, job: Job, ending: JobEnding, timeMicros: number) => SettledEnding;

export const settleRanges: SettleRanges = (_view, _job, ending) => ({ ...ending, events: [] });

/** Gives back the ranges of a job that is killed: events of the change that ends it. */
export const releaseRanges = (job: Job): DecidedEvent[] => {
  if (!hasRanges(job)) return [];
  const data: RangesReleased = { panda_id: job.pandaId, units: [[job.ordinal, job.ordinal]] };
  return [{ stream: job.home.stream, type: 'RangesReleased', data }];
};
