import { isFinalJob, JOB_STATUSES } from '#contracts/panda/statuses.js';
import type { ReassignShareRequest, TaskReply } from '#contracts/panda/task-commands.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { needsText } from '../generate/job-needs.js';
import { JobChanges } from '../job-changes.js';
import { jobPages } from '../pages.js';
import { leavesOf } from '../refine/global-share.js';
import { taskAmended } from '../task-amended.js';
import type { PandaView, Task } from '../view.js';

/** Jobs read whole between two yields. */
const PAGE_JOBS = 100;
const NOT_RUNNING = JOB_STATUSES.filter((status) => !isFinalJob(status) && status !== 'running');
const ACTIVE = JOB_STATUSES.filter((status) => !isFinalJob(status));

/** Tasks and their jobs belong to another share (PanDA contract 4.1.8). Tasks that are not there are passed over. */
export function* reassignShare(view: PandaView, request: ReassignShareRequest): SlicedDecision<TaskReply> {
  const { share: gshare, task_ids: ids, includes_running: includesRunning } = request;
  if (!leavesOf(view.shares()).some(({ name }) => name === gshare)) {
    return { events: [], reply: { code: 1, message: `Share ${gshare} is not a leave share ` } };
  }
  const events: DecidedEvent[] = [];
  for (const id of new Set(ids)) {
    const task = view.task(id);
    if (task === undefined) continue;
    events.push(taskAmended(task, { gshare }), ...(yield* jobsPlaced(view, task, gshare, includesRunning)));
  }
  return { events, reply: { code: 0, message: '' } };
}

function* jobsPlaced(
  view: PandaView,
  task: Task,
  gshare: string,
  includesRunning: boolean,
): Generator<void, readonly DecidedEvent[], void> {
  const changes = new JobChanges();
  const statuses = includesRunning ? ACTIVE : NOT_RUNNING;
  for (const page of jobPages(view, task, { statuses, size: PAGE_JOBS })) {
    for (const { pandaId, ordinal } of page) {
      const job = view.job(pandaId);
      if (job === undefined) continue;
      const requirements = needsText({ ...job.attributes, gshare });
      changes.add(task.stream, ordinal, 'JobsPlaced', { requirements, set: { gshare } });
    }
    yield;
  }
  return changes.events();
}
