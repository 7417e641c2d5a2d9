import type { DotGraphName } from '#contracts/torc/graph.js';
import { COLLECTIONS, type CollectionName } from '#contracts/torc/collections.js';
import { FEW_NAMES } from '../body/body-limits.js';
import { constant } from '../route/fields.js';
import { ignoredBody, joinFilters, workerResources } from './bodies.js';
import {
  edgeName,
  flag,
  limit,
  PAGING,
  pathWord,
  schedulerConfigId,
  textParameter,
  wordParameter,
  workflow,
} from './parameters.js';
import { documentOf, listOf, membersOf, MESSAGE, TEXT, torcRoute } from './torc-route.js';

const tag = 'workflow operations';
const base = '/workflows/:key';
const of = { workflow: workflow('key') };
const NOT_FOUND = { 404: 'workflow 97 does not exist' };
const JOBS = membersOf('jobs', documentOf('TorcJobs'));

const GRAPHS = [
  'job_job_dependencies',
  'job_file_dependencies',
  'job_user_data_dependencies',
] as const satisfies readonly DotGraphName[];

const collectionNames = Object.keys(COLLECTIONS) as CollectionName[];

const joinFields = {
  ...of,
  collection: pathWord(collectionNames, 'collection'),
  edge: edgeName('edge'),
  ...PAGING,
  filters: joinFilters,
  // Accepted and unused (Torc contract 5.15).
  collection_key: { ...textParameter('not used'), read: () => undefined },
  collection_name: { ...textParameter('not used'), read: () => undefined },
};

/** Torc contract 5 and 6.4: what works on all jobs of a workflow. */
export const graphRoutes = {
  initialize: torcRoute({
    name: 'torcInitializeJobs',
    tag,
    method: 'POST',
    path: `${base}/initialize_jobs`,
    summary: 'Derives what blocks what, gives jobs their resource numbers, and makes them ready or blocked',
    records: ['JobsInitialized', 'UnitsLinked', 'EdgesAdded', 'UnitsMoved'],
    fields: {
      ...of,
      only_uninitialized: flag('leave jobs alone that have another status', false),
      clear_ephemeral_user_data: flag('empty ephemeral user data first', true),
      ignored: ignoredBody,
    },
    response: MESSAGE,
    errors: NOT_FOUND,
  }),
  processChangedInputs: torcRoute({
    name: 'torcProcessChangedJobInputs',
    tag,
    method: 'POST',
    path: `${base}/process_changed_job_inputs`,
    summary: 'Uninitializes jobs whose inputs have changed, and what comes after them',
    records: ['UnitsMoved'],
    fields: { ...of, dry_run: flag('only tell', false), ignored: ignoredBody },
    response: membersOf('reinitialized_jobs', TEXT),
    errors: NOT_FOUND,
  }),
  listMissingUserData: torcRoute({
    name: 'torcListMissingUserData',
    tag,
    method: 'GET',
    path: `${base}/missing_user_data`,
    summary: 'Keys of user data that should hold data, and is empty',
    fields: of,
    response: membersOf('user_data', TEXT),
    errors: NOT_FOUND,
  }),
  listRequiredFiles: torcRoute({
    name: 'torcListRequiredExistingFiles',
    tag,
    method: 'GET',
    path: `${base}/required_existing_files`,
    summary: 'Ids of files that jobs need and none produces',
    fields: of,
    response: membersOf('files', TEXT),
    errors: NOT_FOUND,
  }),
  getReadyRequirements: torcRoute({
    name: 'torcGetReadyJobRequirements',
    tag,
    method: 'GET',
    path: `${base}/ready_job_requirements`,
    summary: 'Sums of the resources that ready jobs need',
    fields: { ...of, scheduler_config_id: schedulerConfigId },
    response: documentOf('TorcReadyRequirements'),
    errors: NOT_FOUND,
  }),
  claim: torcRoute({
    name: 'torcPrepareJobsForSubmission',
    tag,
    method: 'POST',
    path: `${base}/prepare_jobs_for_submission`,
    summary: 'Claims ready jobs that together fit what a worker offers',
    records: ['UnitsMoved'],
    fields: {
      ...of,
      sort_method: wordParameter(
        ['gpus_runtime_memory', 'gpus_memory_runtime', 'none'],
        'gpus_runtime_memory',
        'what decides first, descending; none is the order of creation',
      ),
      limit: limit(),
      resources: workerResources,
    },
    response: {
      type: 'object',
      required: ['jobs', 'reason'],
      properties: { jobs: { type: 'array', items: documentOf('TorcJobs') }, reason: { type: 'string' } },
    },
    errors: NOT_FOUND,
  }),
  claimNext: torcRoute({
    name: 'torcPrepareNextJobsForSubmission',
    tag,
    method: 'POST',
    path: `${base}/prepare_next_jobs_for_submission`,
    summary: 'Claims the next ready jobs, whatever they need',
    records: ['UnitsMoved'],
    fields: { ...of, limit: limit(1), ignored: ignoredBody },
    response: JOBS,
    errors: NOT_FOUND,
  }),
  schedule: torcRoute({
    name: 'torcPrepareJobsForScheduling',
    tag,
    method: 'POST',
    path: `${base}/prepare_jobs_for_scheduling`,
    summary: 'Tells of the compute nodes that ready jobs ask for',
    records: ['UnitsMoved'],
    fields: { ...of, ignored: ignoredBody },
    response: membersOf('schedulers', { type: 'object' }),
    errors: NOT_FOUND,
  }),
  resetJobs: torcRoute({
    name: 'torcResetJobStatus',
    tag,
    method: 'POST',
    path: `${base}/reset_job_status`,
    summary: 'Uninitializes all jobs, or those that failed and what comes after them',
    records: ['UnitsMoved'],
    fields: { ...of, failed_only: flag('only jobs that failed in the current run', false), ignored: ignoredBody },
    response: MESSAGE,
    errors: NOT_FOUND,
  }),
  enableAutoTune: torcRoute({
    name: 'torcAutoTune',
    tag,
    method: 'POST',
    path: `${base}/auto_tune_resource_requirements`,
    summary: 'Leaves one job of each group of resource requirements enabled, to measure it',
    records: ['WorkflowReplaced', 'UnitsMoved'],
    fields: { ...of, ignored: ignoredBody },
    response: MESSAGE,
    errors: NOT_FOUND,
  }),
  processAutoTune: torcRoute({
    name: 'torcProcessAutoTune',
    tag,
    method: 'POST',
    path: `${base}/process_auto_tune_resource_requirements_results`,
    summary: 'Sets groups of resource requirements to what was measured, and enables all jobs',
    records: ['WorkflowReplaced', 'DocumentReplaced', 'DocumentsStored', 'UnitsMoved'],
    fields: { ...of, ignored: ignoredBody },
    response: MESSAGE,
    errors: NOT_FOUND,
  }),
  joinInbound: torcRoute({
    name: 'torcJoinByInboundEdge',
    tag,
    method: 'POST',
    path: `${base}/join_by_inbound_edge/:collection/:edge`,
    summary: 'Documents that edges lead to, with the edges and the documents at their other ends',
    records: [],
    fields: { ...joinFields, direction: constant('inbound') },
    bodyLimits: FEW_NAMES,
    response: listOf(documentOf('TorcJoinedRow')),
    errors: NOT_FOUND,
  }),
  joinOutbound: torcRoute({
    name: 'torcJoinByOutboundEdge',
    tag,
    method: 'POST',
    path: `${base}/join_by_outbound_edge/:collection/:edge`,
    summary: 'Documents that edges come from, with the edges and the documents at their other ends',
    records: [],
    fields: { ...joinFields, direction: constant('outbound') },
    bodyLimits: FEW_NAMES,
    response: listOf(documentOf('TorcJoinedRow')),
    errors: NOT_FOUND,
  }),
  getDotGraph: torcRoute({
    name: 'torcGetDotGraph',
    tag,
    method: 'GET',
    path: `${base}/dot_graph/:name`,
    summary: 'A graph of dependencies as text for Graphviz',
    fields: { ...of, name: pathWord(GRAPHS, 'name') },
    response: { type: 'object', required: ['graph'], properties: { graph: { type: 'string' } } },
    errors: NOT_FOUND,
  }),
};
