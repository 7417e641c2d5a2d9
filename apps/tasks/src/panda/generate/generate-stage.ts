import type { Stage } from '../stage/stage.js';
import { type GenerationLimits, generateJobs } from './generate-jobs.js';

/** Statuses from which a task becomes pending because no job can be made. */
const GENERATING: ReadonlySet<string | null> = new Set(['ready', 'scouting', 'running']);

/** Makes jobs of the inputs of a task (PanDA contract 9.4). */
export const generateStage = (limits: GenerationLimits): Stage => ({
  name: 'generate',
  statuses: new Set(['ready', 'scouting', 'running', 'pending']),
  step: (view, task, timeMicros) =>
    task.status === 'pending' && !GENERATING.has(task.attributes.oldStatus)
      ? undefined
      : generateJobs(view, task, timeMicros, limits),
});
