import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { CommandOptions } from '#contracts/panda/task-commands.js';
import { type JobStatus, TASK_STATUSES, type TaskStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { filesAmended } from '../change/increase-attempts.js';
import { isInJob } from '../file/file.js';
import { isBeingKilled } from '../kill/kill-effect.js';
import { ACTIVE, killJobsOfTask } from '../kill/kill-jobs.js';
import { fileIds, jobPages } from '../pages.js';
import { inputsOf } from '../task-inputs.js';
import { taskMoved } from '../task-moved.js';
import type { JobState, PandaView, Task } from '../view.js';
import { isSiteForm } from './command-table.js';
import { type Execution, QUEUED, statusToKeep } from './execution.js';

const REASSIGNED = 51;

/** Jobs read at a time. */
const JOBS_AT_ONCE = 200;

/** Jobs of the task are made for other queues from now on. Without `soft` and `nokill` those that exist end. */
export const reassignTask: Execution = function* (view, task, { options, by, isProduction }, timeMicros) {
  const order = { code: REASSIGNED, by, isProduction };
  const statuses = options.soft === true ? QUEUED : undefined;
  const ended =
    options.nokill === true
      ? []
      : [
          ...(yield* attemptsKept(view, task, statuses)),
          ...(yield* killJobsOfTask(view, task, order, timeMicros, statuses)),
        ];
  const begun = taskMoved(task, 'toreassign', {
    command: 'reassign',
    reason: `reassigned by ${by}`,
    set: targetsOf(options),
  });
  const set = { oldStatus: null, errorDialog: null };
  if (isSiteForm(options)) return [begun, ...ended, taskMoved(task, before(task), isWaiting(task) ? { set } : {})];
  return [begun, ...ended, taskMoved(task, 'reassigning'), taskMoved(task, begunAgain(task), { set })];
};

/** A running job whose pilot has not obeyed an earlier order yet: a further one changes nothing. */
const wasToldToEnd = (view: PandaView, { key, status }: JobState): boolean => {
  const job = status === 'running' ? view.jobAt(key) : undefined;
  return job !== undefined && isBeingKilled(job.attributes);
};

/** Files whose jobs end because of an order have not been tried for nothing: each gets the attempt back that its job takes (contract 4.4). */
function* attemptsKept(
  view: PandaView,
  task: Task,
  statuses: readonly JobStatus[] = ACTIVE,
): Generator<void, readonly DecidedEvent[], void> {
  const ending = new Set<number>();
  for (const page of jobPages(view, task, { statuses, size: JOBS_AT_ONCE })) {
    for (const job of page) if (!wasToldToEnd(view, job)) ending.add(job.pandaId);
    yield;
  }
  const events: DecidedEvent[] = [];
  for (const { id } of inputsOf(view, task)) {
    const files = yield* fileIds(view, id, ({ pandaId, status }) => isInJob(status) && ending.has(pandaId ?? 0));
    events.push(...filesAmended(task, files, { add_attempts: 1 }));
  }
  return events;
}

/** A task that waits for a place tries again at once. What another one is stopped by stays, as what it returns to. */
const isWaiting = ({ status }: Task): boolean => status === 'pending' || status === 'throttled';
const before = (task: Task): TaskStatus => TASK_STATUSES.find((word) => word === statusToKeep(task)) ?? 'ready';

/** Inputs that have not been read are read first. */
const begunAgain = (task: Task): TaskStatus => (statusToKeep(task) === 'defined' ? 'defined' : 'ready');

/** An empty target is to be chosen again. */
const targetsOf = ({ site, cloud, nucleus }: CommandOptions): TaskAttributes => ({
  ...(site !== undefined && { site: site === '' ? null : site }),
  ...(cloud !== undefined && { cloud: cloud === '' ? null : cloud }),
  ...(nucleus !== undefined && { nucleus: nucleus === '' ? null : nucleus }),
});
