import type { JobsMoved, JobsPlaced } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
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
    // Jobs of tasks that are not set up wait for their library, at its queue.
    if (job.taskId === null) events.push(moved(job, 'pending'), ...placed(job, placement.place(job.attributes)));
  }
  return { events, reply: { reassigned } };
}

/** Jobs that no queue could run may go to one that there is by now. Nothing changes for the others. */
export function* placeWaiting(view: PandaView, ids: readonly number[]): SlicedDecision<object> {
  const placement = new JobPlacement(view);
  const events: DecidedEvent[] = [];
  for (const id of ids) {
    yield;
    const job = view.job(id);
    if (job?.status !== 'defined' || job.taskId !== null) continue;
    const place = placement.place(job.attributes);
    if (typeof place.computingSite === 'string') events.push(...placed(job, place));
  }
  return { events, reply: {} };
}

/** A queue for a job, or why there is none. */
const placed = (job: Job, { computingSite: site, ...set }: JobAttributes): readonly DecidedEvent[] => {
  const data: JobsPlaced = { units: unitsOf(job), set, ...(typeof site === 'string' && { site }) };
  return [
    { stream: job.home.stream, type: 'JobsPlaced', data },
    moved(job, typeof site === 'string' ? 'activated' : 'defined'),
  ];
};

const moved = (job: Job, status: JobStatus): DecidedEvent => {
  const data: JobsMoved = { units: unitsOf(job), status };
  return { stream: job.home.stream, type: 'UnitsMoved', data };
};

const unitsOf = ({ ordinal }: Job): Ranges => [[ordinal, ordinal]];
