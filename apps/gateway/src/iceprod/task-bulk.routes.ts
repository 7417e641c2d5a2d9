import { BULK_BODY } from '../body/body-limits.js';
import type { BulkAction } from '#contracts/iceprod/jobs.js';
import { constant, path } from '../route/fields.js';
import { idsOf, selectionOf } from './bulk-fields.js';
import { BULK_DEADLINE_MS, iceprodRoute, EMPTY_OBJECT } from './iceprod-route.js';
import { SERVICES, WRITERS } from './policies.js';
import { requirementsBody } from './requirements-body.js';

const tag = 'bulk task actions';
const NONE_FOUND = { 404: 'Tasks not found' };

const actionRoute = <const Action extends BulkAction>(name: string, action: Action, summary: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'POST',
    path: `/datasets/:dataset_id/task_actions/bulk_${action}`,
    policy: WRITERS,
    summary: `${summary}: of the listed jobs, or the listed tasks, or all`,
    fields: { dataset_id: path(), jobs: selectionOf('jobs'), tasks: selectionOf('tasks'), action: constant(action) },
    bodyLimits: BULK_BODY,
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
  });

const requirementsRoute = <const Mode extends 'merge' | 'replace'>(
  name: string,
  method: 'PATCH' | 'POST',
  mode: Mode,
  summary: string,
) =>
  iceprodRoute({
    name,
    tag,
    method,
    path: '/datasets/:dataset_id/task_actions/bulk_requirements/:name',
    policy: WRITERS,
    summary,
    fields: {
      dataset_id: path(),
      name: path('name of the tasks'),
      mode: constant(mode),
      requirements: requirementsBody,
    },
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
    errors: NONE_FOUND,
  });

/** Changes of many tasks at once (IceProd contract 7.7). */
export const taskBulkRoutes = {
  setStatuses: iceprodRoute({
    name: 'setTaskStatuses',
    tag,
    method: 'POST',
    path: '/task_actions/bulk_status/:status',
    policy: SERVICES,
    summary: 'Forces up to 100,000 tasks of any dataset to a status',
    fields: { tasks: idsOf('tasks'), status: path() },
    bodyLimits: BULK_BODY,
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
    errors: NONE_FOUND,
  }),
  setStatusesOfDataset: iceprodRoute({
    name: 'setTaskStatusesOfDataset',
    tag,
    method: 'POST',
    path: '/datasets/:dataset_id/task_actions/bulk_status/:status',
    policy: WRITERS,
    summary: 'Forces up to 100,000 tasks of the dataset to a status',
    fields: { dataset_id: path(), tasks: idsOf('tasks'), status: path() },
    bodyLimits: BULK_BODY,
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
    errors: NONE_FOUND,
  }),
  suspend: actionRoute('suspendTasks', 'suspend', 'Suspends tasks'),
  reset: actionRoute('resetTasks', 'reset', 'Sets active, failed and suspended tasks to idle'),
  hardReset: actionRoute(
    'hardResetTasks',
    'hard_reset',
    'Sets tasks to idle, whatever they were, with failures and site cleared',
  ),
  mergeRequirements: requirementsRoute(
    'mergeRequirements',
    'PATCH',
    'merge',
    'Sets the given requirements of every task of the name',
  ),
  replaceRequirements: requirementsRoute(
    'replaceRequirements',
    'POST',
    'replace',
    'Replaces the requirements of every task of the name; numbers never fall',
  ),
};
