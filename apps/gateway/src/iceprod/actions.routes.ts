import { type BodyLimits, BULK_BODY, DOCUMENT_BODY, FEW_NAMES } from '../body/body-limits.js';
import { type Action, REQUEST_STATUSES } from '#contracts/iceprod/actions.js';
import type { Schema } from '../route/field.js';
import { constant, path, wholeBody } from '../route/fields.js';
import { iceprodRoute, RESULT } from './iceprod-route.js';
import { EVERYBODY, READERS, REQUEST_READERS, SERVICES, WRITERS } from './policies.js';

const tag = 'requests';
const NONE = { 404: 'Request not found' };

const string: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const strings: Schema = { type: 'array', items: string };
const action: Schema = { enum: ['suspend', 'reset', 'hard_reset'] };

const body = (required: readonly string[], properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});

const COUNTS: Schema = body(REQUEST_STATUSES, Object.fromEntries(REQUEST_STATUSES.map((status) => [status, integer])));
const REQUEST: Schema = body(['id', 'status', 'error_message', 'payload'], {
  id: string,
  status: { enum: REQUEST_STATUSES },
  error_message: string,
  payload: { type: 'object', additionalProperties: true },
});
const LATEST: Schema = body(['id', 'status'], { id: string, status: { enum: REQUEST_STATUSES } });
const MATERIALIZATION = { num: { oneOf: [integer, string] }, set_status: string };
const LEGACY_REQUEST: Schema = {
  type: 'object',
  properties: {
    materialization_id: string,
    status: { enum: ['waiting', 'processing', 'error', 'complete'] },
    create_timestamp: string,
    modify_timestamp: string,
    creator: string,
    role: string,
    dataset_id: { type: ['string', 'null'] },
    num: integer,
    set_status: string,
  },
};

/** The three routes that every action has. */
const routesOf = <const Name extends Action>(
  name: Name,
  title: string,
  summary: string,
  schema: Schema,
  bodyLimits: Partial<BodyLimits> = FEW_NAMES,
) => ({
  count: iceprodRoute({
    name: `count${title}Requests`,
    tag,
    method: 'GET',
    path: `/actions/${name}`,
    policy: EVERYBODY,
    summary: 'Counts these requests by status',
    fields: { action: constant(name) },
    response: COUNTS,
  }),
  request: iceprodRoute({
    name: `request${title}`,
    tag,
    method: 'POST',
    path: `/actions/${name}`,
    policy: name === 'submit' ? EVERYBODY : WRITERS,
    summary,
    fields: { action: constant(name), arguments: wholeBody(schema) },
    bodyLimits,
    status: 201,
    response: RESULT,
    errors: { 403: 'auth failed' },
  }),
  get: iceprodRoute({
    name: `get${title}Request`,
    tag,
    method: 'GET',
    path: `/actions/${name}/:id`,
    policy: REQUEST_READERS,
    summary: 'One request with its progress and result',
    fields: { action: constant(name), request_id: { ...path(), name: 'id' } },
    response: REQUEST,
    errors: { 403: 'auth failed', ...NONE },
  }),
});

const submit = routesOf(
  'submit',
  'Submission',
  'Submits a dataset with its config',
  body(['config', 'description', 'jobs_submitted'], {
    config: { ...string, description: 'text of a JSON object' },
    description: string,
    jobs_submitted: { oneOf: [integer, string] },
    username: string,
    group: { ...string, default: 'users' },
    extra_submit_fields: { ...string, description: 'text of a JSON object' },
  }),
  DOCUMENT_BODY,
);
const materialization = routesOf(
  'materialization',
  'Materialization',
  'Creates the jobs and tasks of a dataset; while such a request is open, its id is returned again',
  body(['dataset_id'], { dataset_id: string, ...MATERIALIZATION }),
);
const datasetStatus = routesOf(
  'dataset_status',
  'DatasetStatus',
  'Suspends or resets a dataset with its jobs and tasks',
  body(['dataset_id', 'action'], { dataset_id: string, action, progress: integer }),
);
const jobStatus = routesOf(
  'job_status',
  'JobStatus',
  'Suspends or resets jobs with their tasks: the listed ones, or those of a status, or all',
  body(['dataset_id', 'action'], {
    dataset_id: string,
    action,
    initial_status: string,
    job_ids: strings,
    progress: integer,
  }),
  BULK_BODY,
);
const taskStatus = routesOf(
  'task_status',
  'TaskStatus',
  'Suspends or resets tasks: the listed ones, or those of jobs, or those of a status, or all',
  body(['dataset_id', 'action'], {
    dataset_id: string,
    action,
    initial_status: string,
    job_ids: strings,
    task_ids: strings,
    progress: integer,
  }),
  BULK_BODY,
);
const editConfig = routesOf(
  'edit_config',
  'ConfigEdit',
  'Replaces the config of a dataset and the requirements of its tasks',
  body(['dataset_id', 'config'], { dataset_id: string, config: string, description: string }),
  DOCUMENT_BODY,
);

/** IceProd contract 16. */
export const actionRoutes = {
  countSubmissions: submit.count,
  requestSubmission: submit.request,
  getSubmission: submit.get,
  countMaterializations: materialization.count,
  requestMaterialization: materialization.request,
  getMaterialization: materialization.get,
  countDatasetStatuses: datasetStatus.count,
  requestDatasetStatus: datasetStatus.request,
  getDatasetStatus: datasetStatus.get,
  countJobStatuses: jobStatus.count,
  requestJobStatus: jobStatus.request,
  getJobStatus: jobStatus.get,
  countTaskStatuses: taskStatus.count,
  requestTaskStatus: taskStatus.request,
  getTaskStatus: taskStatus.get,
  countConfigEdits: editConfig.count,
  requestConfigEdit: editConfig.request,
  getConfigEdit: editConfig.get,
  latestOfDataset: iceprodRoute({
    name: 'getMaterializationOfDataset',
    tag,
    method: 'GET',
    path: '/actions/materialization/datasets/:dataset_id',
    policy: READERS,
    summary: 'The latest materialization of a dataset',
    fields: { dataset_id: path() },
    response: LATEST,
    errors: NONE,
  }),
  materializeDataset: iceprodRoute({
    name: 'requestMaterializationOfDataset',
    tag,
    method: 'POST',
    path: '/actions/materialization/datasets/:dataset_id',
    policy: WRITERS,
    summary: 'Creates the jobs and tasks of the dataset',
    fields: {
      action: constant('materialization'),
      dataset_id: path(),
      arguments: wholeBody(body([], MATERIALIZATION)),
    },
    bodyLimits: FEW_NAMES,
    status: 201,
    response: RESULT,
  }),
  legacyAll: iceprodRoute({
    name: 'requestLegacyMaterialization',
    tag,
    method: 'POST',
    path: '/',
    policy: SERVICES,
    summary: 'Legacy: creates the jobs and tasks of a dataset, or of all that are processing',
    fields: {
      action: constant('materialization'),
      legacy: constant(true),
      arguments: wholeBody(body([], { dataset_id: string, num: integer, set_status: string })),
    },
    bodyLimits: FEW_NAMES,
    status: 201,
    response: RESULT,
    errors: { 400: 'invalid params' },
  }),
  legacyOne: iceprodRoute({
    name: 'requestLegacyMaterializationOfDataset',
    tag,
    method: 'POST',
    path: '/request/:dataset_id',
    policy: WRITERS,
    summary: 'Legacy: creates the jobs and tasks of the dataset',
    fields: {
      action: constant('materialization'),
      legacy: constant(true),
      dataset_id: path(),
      arguments: wholeBody(body([], { dataset_id: string, num: integer, set_status: string })),
    },
    bodyLimits: FEW_NAMES,
    status: 201,
    response: RESULT,
    errors: { 400: 'invalid params' },
  }),
  legacyLatest: iceprodRoute({
    name: 'getLegacyMaterializationOfDataset',
    tag,
    method: 'GET',
    path: '/request/:dataset_id/status',
    policy: READERS,
    summary: 'Legacy: the materialization of the dataset that changed last',
    fields: { dataset_id: path() },
    response: LEGACY_REQUEST,
    errors: NONE,
  }),
  legacyGet: iceprodRoute({
    name: 'getLegacyMaterialization',
    tag,
    method: 'GET',
    path: '/status/:materialization_id',
    policy: SERVICES,
    summary: 'Legacy: one materialization',
    fields: { action: constant('materialization'), request_id: { ...path(), name: 'materialization_id' } },
    response: LEGACY_REQUEST,
    errors: NONE,
  }),
};
