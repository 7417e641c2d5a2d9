import type { BodyLimits } from '../body/body-limits.js';
import { restartBody } from './bodies.js';
import { workflow } from './parameters.js';
import { TEXT, torcRoute } from './torc-route.js';

const KEYS = { type: 'array', items: TEXT } as const;

/** Whoever restarts more jobs names those before them, or resets all that have failed. */
const CHOSEN_JOBS: Partial<BodyLimits> = { valuesMax: 20_000, namesMax: 100 };

/** What Cairn adds to Torc. */
export const restartRoutes = {
  restart: torcRoute({
    name: 'torcRestartJobs',
    tag: 'restart',
    method: 'POST',
    path: '/cairn/torc/workflows/:key/restart_jobs',
    summary: 'Resets some jobs and what comes after them in the current run, while others run on; or tells which',
    records: ['JobsInitialized', 'UnitsMoved'],
    fields: { workflow: workflow('key'), chosen: restartBody },
    bodyLimits: CHOSEN_JOBS,
    response: { type: 'object', required: ['jobs', 'running'], properties: { jobs: KEYS, running: KEYS } },
    examples: {
      request: { jobs: ['103', 'jobs__97/111'], dry_run: true },
      response: { jobs: ['103', '111', '115'], running: [] },
    },
    errors: { 400: '2 of these jobs are claimed or running, such as 111, 115', 404: 'workflow 97 does not exist' },
  }),
};
