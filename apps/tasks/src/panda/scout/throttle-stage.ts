import type { TaskStatus } from '#contracts/panda/statuses.js';
import { unstartedJobs } from '../generate/generate-jobs.js';
import type { Stage } from '../stage/stage.js';
import { taskMoved } from '../task-moved.js';

const RETURNS_TO: ReadonlySet<string> = new Set<TaskStatus>(['ready', 'scouting', 'running']);

/** A throttled task goes on when half of the jobs for which it was throttled have been started (PanDA contract 4.1.2). */
export const throttleStage = (unstartedJobsMax: number): Stage => ({
  name: 'throttle',
  statuses: new Set(['throttled']),
  step: (view, task) => {
    const before = task.attributes.oldStatus ?? 'running';
    if (!RETURNS_TO.has(before) || unstartedJobs(view, task) > unstartedJobsMax / 2) return undefined;
    // It is one of the words above, all of which are statuses.
    return { events: [taskMoved(task, before as TaskStatus, { set: { oldStatus: null } })] };
  },
});
