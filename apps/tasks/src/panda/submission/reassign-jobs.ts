import type { JobsMoved, JobsPlaced } from '#contracts/panda/events.js';
import type { Principal } from '#contracts/panda/principal.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import type { Ranges } from '#contracts/work-events.js';
import type { Job, PandaView } from '../view.js';
import { JobPlacement } from './place-job.js';

/** Jobs of other statuses are left alone (PanDA contract 6.5). */
const NOT_SET_UP: readonly JobStatus[] = ['pending', 'defined', 'assigned'];

/** `job/reassign`: a queue is chosen again for jobs that are not set up. */
export function* reassignJobs(
  view: PandaView,
  ids: readonly number[],
  principal: Principal,
): SlicedDecision<{ readonly reassigned: readonly number[] }> {
  const placement = new JobPlacement(view);
  const events: DecidedEvent[] = [];
  const reassigned: number[] = [];
  for (const id of new Set(ids)) {
    yield;
    const job = view.job(id);
    if (job === undefined || !NOT_SET_UP.includes(job.status)) continue;
    if (!principal.isProduction && job.attributes.prodUserName !== principal.name) continue;
    reassigned.push(id);
    events.push(...placed(job, placement));
  }
  return { events, reply: { reassigned } };
}

const placed = (job: Job, placement: JobPlacement): readonly DecidedEvent[] => {
  const { stream } = job.home;
  const units: Ranges = [[job.ordinal, job.ordinal]];
  const moved = (status: JobStatus): DecidedEvent => {
    const data: JobsMoved = { units, status };
    return { stream, type: 'UnitsMoved', data };
  };
  const { computingSite: site, ...set } = placement.place(job.attributes);
  const data: JobsPlaced = { units, set, ...(typeof site === 'string' && { site }) };
  const isPlaced = typeof site === 'string';
  return [moved('pending'), { stream, type: 'JobsPlaced', data }, ...(isPlaced ? [moved('activated')] : [])];
};
