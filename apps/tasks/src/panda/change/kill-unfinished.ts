import type { KillTaskJobsRequest } from '#contracts/panda/task-commands.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { isFinalJob } from '#contracts/panda/statuses.js';
import { Kill } from '../kill/kill-jobs.js';
import { mayKill } from '../kill/may-kill.js';
import { jobPages } from '../pages.js';
import type { PandaView } from '../view.js';

/** Jobs read whole between two yields. */
const PAGE_JOBS = 100;

/** Kills the jobs of a task that the caller may kill; for each, in order of PandaIDs, whether it did (PanDA contract 6.10). */
export function* killUnfinished(
  view: PandaView,
  { task_id: id, code, by, principal }: KillTaskJobsRequest,
  timeMicros: number,
): SlicedDecision<{ readonly killed: readonly boolean[] }> {
  const task = view.task(id);
  if (task === undefined) return { events: [], reply: { killed: [] } };
  const kill = new Kill(view, { code, by, isProduction: principal.isProduction }, timeMicros);
  const killed: boolean[] = [];
  for (const page of jobPages(view, task, { size: PAGE_JOBS })) {
    for (const { pandaId, status } of page) {
      const job = isFinalJob(status) ? undefined : view.job(pandaId);
      killed.push(job !== undefined && mayKill(principal, job, code) && kill.add(job));
    }
    yield;
  }
  return { events: kill.events(), reply: { killed } };
}
