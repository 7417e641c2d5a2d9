import type { CloneChosen } from '#contracts/panda/range-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Job, PandaView, Task } from '../view.js';
import { activeSiblings, closeClones, closed, lostTo } from './close-siblings.js';
import { isClone, runsOnce } from './flavour.js';
import { type JobEnding, settledAs, type Settlement } from './settlement.js';

const chosen = (job: Job, jobsetId: number): DecidedEvent => {
  const data: CloneChosen = {
    ...{ jobset_id: jobsetId, panda_id: job.pandaId },
    units: [[job.ordinal, job.ordinal]],
  };
  return { stream: job.home.stream, type: 'CloneChosen', data };
};

/**
 * What it means for its clones that a job reports `running` (contract 5.4): of those that run once the first one takes the semaphore of their jobset,
 * and those that wait are closed. Undefined for a job that needs no semaphore.
 *
 * @returns events of the change that records the report, if the job wins; those that close it, if it loses
 */
export const takeSemaphore = (
  view: PandaView,
  job: Job,
): { readonly wins: boolean; readonly events: readonly DecidedEvent[] } | undefined => {
  const { jobsetID } = job.attributes;
  if (!isClone(job) || !runsOnce(job) || jobsetID === null) return undefined;
  const winner = view.ranges.jobset(jobsetID)?.chosenClone ?? null;
  if (winner === job.pandaId) return { wins: true, events: [] };
  if (winner !== null) return { wins: false, events: closed(job, [job], lostTo(winner)) };
  return { wins: true, events: [chosen(job, jobsetID), ...closeClones(view, job, jobsetID, false)] };
};

/** The end of a clone: the one that has the semaphore, or takes it by its output, counts; the last one counts whatever it has come to. */
export const settleClone = (view: PandaView, job: Job, _task: Task, ending: JobEnding): Settlement => {
  const jobsetId = job.attributes.jobsetID ?? 0;
  const winner = view.ranges.jobset(jobsetId)?.chosenClone ?? null;
  if (winner !== null && winner !== job.pandaId) return settledAs(ending, 'closed', 'superseded', lostTo(winner));
  const { status } = ending;
  if (status === 'finished' || winner !== null) {
    const inputs = status === 'finished' ? 'finished' : 'failed';
    const events = [...(winner === null ? [chosen(job, jobsetId)] : []), ...closeClones(view, job, jobsetId, true)];
    return settledAs(ending, status, inputs, {}, events);
  }
  if (activeSiblings(view, jobsetId, job).length > 0) {
    return settledAs(ending, 'closed', 'superseded', lostTo(null));
  }
  return { ...ending, events: [] };
};
