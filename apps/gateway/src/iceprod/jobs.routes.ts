import { BULK_BODY } from '../body/body-limits.js';
import type { BulkAction } from '#contracts/iceprod/jobs.js';
import { JOB_SORT_FIELDS } from '#contracts/iceprod/sort-fields.js';
import {
  constant,
  intParameter,
  keysParameter,
  listParameter,
  optional,
  path,
  required,
  wholeBody,
} from '../route/fields.js';
import { int, str } from '../route/json-types.js';
import { idsOf, selectionOf } from './bulk-fields.js';
import {
  BULK_DEADLINE_MS,
  COUNTS,
  documentOf,
  documentsById,
  iceprodRoute,
  IDS_BY_STATUS,
  EMPTY_OBJECT,
  RESULT,
} from './iceprod-route.js';
import { LIST_HEADERS, listFields } from './list-fields.js';
import { READERS, SERVICES, SERVICES_AND_PILOTS, WRITERS } from './policies.js';

const tag = 'jobs';

const actionRoute = <const Action extends BulkAction>(name: string, action: Action, summary: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'POST',
    path: `/datasets/:dataset_id/job_actions/bulk_${action}`,
    policy: WRITERS,
    summary,
    fields: { dataset_id: path(), jobs: selectionOf('jobs'), action: constant(action) },
    bodyLimits: BULK_BODY,
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
  });

/** IceProd contract 6. */
export const jobRoutes = {
  add: iceprodRoute({
    name: 'addJob',
    tag,
    method: 'POST',
    path: '/jobs',
    policy: SERVICES,
    summary: 'Creates a job',
    fields: { dataset_id: required(str), job_index: required(int), job_id: optional(str), status: optional(str) },
    body: { unknownKeys: 'invalid keys found' },
    status: 201,
    response: RESULT,
    errors: { 409: 'a job of this id exists' },
  }),
  get: iceprodRoute({
    name: 'getJob',
    tag,
    method: 'GET',
    path: '/jobs/:job_id',
    policy: SERVICES_AND_PILOTS,
    summary: 'One job',
    fields: { job_id: path() },
    response: documentOf('Job'),
    errors: { 404: 'Job not found' },
  }),
  update: iceprodRoute({
    name: 'updateJob',
    tag,
    method: 'PATCH',
    path: '/jobs/:job_id',
    policy: SERVICES,
    summary: 'Merges any fields, dotted names set nested ones; returns the job after the change',
    fields: { job_id: path(), fields: wholeBody() },
    body: { empty: 'Missing update data' },
    response: documentOf('Job'),
    errors: { 404: 'Job not found' },
  }),
  list: iceprodRoute({
    name: 'listJobs',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/jobs',
    policy: READERS,
    summary: 'Jobs of a dataset, by id',
    fields: {
      dataset_id: path(),
      statuses: listParameter('status', 'status words'),
      job_index: intParameter('job_index', 'number of the job', 'job_index is not an int'),
      keys: keysParameter,
      ...listFields(JOB_SORT_FIELDS),
    },
    response: documentsById('Job'),
    headers: LIST_HEADERS,
  }),
  getOfDataset: iceprodRoute({
    name: 'getJobOfDataset',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/jobs/:job_id',
    policy: READERS,
    summary: 'One job of a dataset',
    fields: { dataset_id: path(), job_id: path() },
    response: documentOf('Job'),
    errors: { 404: 'Job not found' },
  }),
  setStatus: iceprodRoute({
    name: 'setJobStatus',
    tag,
    method: 'PUT',
    path: '/datasets/:dataset_id/jobs/:job_id/status',
    policy: WRITERS,
    summary: 'Changes the status along the legal transitions',
    fields: {
      dataset_id: path(),
      job_id: path(),
      status: required(str, { missing: 'Missing status in body', bad: 'Bad status' }),
    },
    response: EMPTY_OBJECT,
    errors: { 404: 'Job not found' },
  }),
  setStatuses: iceprodRoute({
    name: 'setJobStatuses',
    tag,
    method: 'POST',
    path: '/datasets/:dataset_id/job_actions/bulk_status/:status',
    policy: WRITERS,
    summary: 'Changes the status of up to 100,000 jobs where that is legal',
    fields: { dataset_id: path(), jobs: idsOf('jobs'), status: path() },
    bodyLimits: BULK_BODY,
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
    errors: { 404: 'Jobs not found' },
  }),
  suspend: actionRoute('suspendJobs', 'suspend', 'Suspends the listed jobs, or all'),
  reset: actionRoute('resetJobs', 'reset', 'Sets suspended and failed jobs, listed or all, to processing'),
  hardReset: actionRoute(
    'hardResetJobs',
    'hard_reset',
    'Sets the listed jobs, or all, to processing, whatever they were',
  ),
  summarize: iceprodRoute({
    name: 'summarizeJobs',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/job_summaries/status',
    policy: READERS,
    summary: 'Ids of jobs by status',
    fields: { dataset_id: path() },
    response: IDS_BY_STATUS,
  }),
  count: iceprodRoute({
    name: 'countJobs',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/job_counts/status',
    policy: READERS,
    summary: 'Counts jobs by status',
    fields: { dataset_id: path() },
    response: COUNTS,
  }),
};
