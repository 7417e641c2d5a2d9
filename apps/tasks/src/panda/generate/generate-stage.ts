import type { TaskStatus } from '#contracts/panda/statuses.js';
import type { Stage } from '../stage/stage.js';
import { type GenerationLimits, generateJobs } from './generate-jobs.js';

/** Statuses from which a task becomes pending because no job can be made, or throttled because so many wait. */
const GENERATING: ReadonlySet<string | null> = new Set(['ready', 'scouting', 'running']);
const HELD: ReadonlySet<TaskStatus> = new Set(['pending', 'throttled']);

/** Makes jobs of the inputs of a task (PanDA contract 9.4). Of a throttled task it only lets those go on whose library is built. */
export const generateStage = (limits: GenerationLimits): Stage => ({
  name: 'generate',
  statuses: new Set(['ready', 'scouting', 'running', ...HELD]),
  step: (view, task, timeMicros) =>
    HELD.has(task.status) && !GENERATING.has(task.attributes.oldStatus)
      ? undefined
      : generateJobs(view, task, timeMicros, limits),
});
