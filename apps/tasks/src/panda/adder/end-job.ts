import type { JobFailed, JobsMoved, JobSucceeded } from '#contracts/panda/events.js';
import { microsOfTime } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { hasRanges, settleRanges } from '../range/settle-ranges.js';
import type { JobEnding } from '../range/settlement.js';
import { errorText } from '../job/job-errors.js';
import { measureOf, NO_MEASURE } from '../retry-rule/carry-out.js';
import type { Job, PandaView } from '../view.js';

const MICROS_PER_HOUR = 3_600_000_000;

const hoursOf = ({ startTime, endTime }: Pick<Job['attributes'], 'startTime' | 'endTime'>): number | undefined => {
  const [from, to] = [microsOfTime(startTime ?? ''), microsOfTime(endTime ?? '')];
  return from === undefined || to === undefined || to < from ? undefined : (to - from) / MICROS_PER_HOUR;
};

/** The events with which a job ends, those of its event ranges among them. At most one job with ranges in a change. */
export const endJob = (view: PandaView, job: Job, ending: JobEnding, timeMicros: number): readonly DecidedEvent[] => {
  const {
    status,
    end,
    events: further,
  } = hasRanges(job) ? settleRanges(view, job, ending, timeMicros) : { ...ending, events: [] };
  const { startTime, endTime } = job.attributes;
  const hours = hoursOf({ startTime, endTime, ...end.set });
  const common = {
    units: [[job.ordinal, job.ordinal]] as const,
    ...(hours !== undefined && { hours }),
  };
  const { stream } = job.home;
  const measure = status === 'failed' && end.inputs === 'failed' ? measureOf(view, job, end) : NO_MEASURE;
  const event = ((): DecidedEvent => {
    if (status === 'finished') {
      const data: JobSucceeded = { ...common, status, end };
      return { stream, type: 'UnitSucceeded', data };
    }
    if (status === 'failed') {
      const error = errorText({ ...job.attributes, ...end.set }) || 'failed without an error';
      const told =
        measure.text === '' ? { reason: error } : { reason: `${error}; ${measure.text}`, measure: measure.text };
      const data: JobFailed = { ...common, status, ...told, end };
      return { stream, type: 'UnitFailed', data };
    }
    const data: JobsMoved = { units: common.units, status, clears: ['lease'], end };
    return { stream, type: 'UnitsMoved', data };
  })();
  return [event, ...measure.events, ...further];
};
