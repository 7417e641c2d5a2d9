import { LARGE_WORKER } from '../../compat/torc/workflow.js';
import type { Example, Targets } from './example.js';
import { COLLECTIONS, leastOf } from './torc-targets.js';

const json = (of: (target: (name: string) => string) => object) => ({
  body: (targets: Targets): string => JSON.stringify(of((name) => targets[name]?.[0] ?? '')),
});

/** The routes that each collection has. */
const examplesOf = (collection: string): Readonly<Record<string, Example>> => {
  const all = `/workflows/{workflow}/${collection}`;
  return {
    // What adds many documents has a workflow of its own, as the lists of the others must stay short. So has what deletes all.
    [`POST ${all}`]: { path: { workflow: 'torc_filled' }, ...json(() => leastOf(collection)) },
    [`DELETE ${all}`]: { path: { workflow: 'torc_emptied' } },
    [`GET ${all}/{key}`]: { path: { key: `torc_${collection}` } },
    [`PUT ${all}/{key}`]: {
      path: { key: `torc_put_${collection}` },
      ...json((target) => ({
        ...leastOf(collection),
        ...{ _key: target(`torc_put_${collection}`), _rev: target(`torc_revision_${collection}`) },
      })),
    },
    [`DELETE ${all}/{key}`]: { path: { key: `torc_deleted_${collection}` } },
  };
};

const ofJob = { path: { key: 'torc_jobs' } };
const ofWorkflow = { path: { key: 'torc_workflow' } };
const ofEmptied = { path: { key: 'torc_emptied' } };
const ofTuned = { path: { key: 'torc_tuned' } };
const ofEdge = { name: 'torc_edge' };
const joined = {
  path: { key: 'torc_workflow', collection: 'torc_collection', edge: 'torc_edge' },
  ...json(() => ({})),
};

/** What makes requests to Torc's routes valid. */
export const TORC_EXAMPLES: Readonly<Record<string, Example>> = {
  ...Object.fromEntries(COLLECTIONS.flatMap((collection) => Object.entries(examplesOf(collection)))),
  'GET /workflows/{workflow}/edges/{name}': { path: ofEdge },
  'POST /workflows/{workflow}/edges/{name}': {
    path: ofEdge,
    ...json((target) => ({ _from: target('torc_from'), _to: target('torc_to') })),
  },
  'DELETE /workflows/{workflow}/edges/{name}': { path: { ...ofEdge, workflow: 'torc_emptied' } },
  'GET /workflows/{workflow}/edges/{name}/{key}': { path: { ...ofEdge, key: 'torc_edges' } },
  'DELETE /workflows/{workflow}/edges/{name}/{key}': { path: { ...ofEdge, key: 'torc_deleted_edges' } },
  'GET /workflows/{workflow}/files/produced_by_job/{key}': ofJob,
  'GET /workflows/{workflow}/job_specifications/{key}': ofJob,
  'POST /workflows/{workflow}/bulk_jobs': {
    path: { workflow: 'torc_filled' },
    ...json(() => ({ jobs: [leastOf('jobs')] })),
  },
  'GET /workflows/{workflow}/jobs/find_by_status/{status}': { path: { status: 'torc_final' } },
  'GET /workflows/{workflow}/jobs/find_by_needs_file/{key}': { path: { key: 'torc_files' } },
  'GET /workflows/{workflow}/downstream_jobs/{key}': ofJob,
  'GET /workflows/{workflow}/jobs/{key}/resource_requirements': ofJob,
  'PUT /workflows/{workflow}/jobs/{key}/resource_requirements/{rr_key}': {
    path: { key: 'torc_jobs', rr_key: 'torc_resource_requirements' },
  },
  'GET /workflows/{workflow}/jobs/{key}/process_stats': ofJob,
  'PUT /workflows/{workflow}/jobs/{key}/start_job/{rev}/{run_id}/{compute_node_key}': {
    path: { key: 'torc_claimed', rev: 'torc_claimed_revision', run_id: 'torc_run', compute_node_key: 'torc_node' },
  },
  'POST /workflows/{workflow}/jobs/{key}/complete_job/{status}/{rev}/{run_id}/{compute_node_key}': {
    path: {
      ...{ key: 'torc_running', status: 'torc_final', rev: 'torc_running_revision', run_id: 'torc_run' },
      compute_node_key: 'torc_node',
    },
    ...json((target) => ({ ...leastOf('results'), job_key: target('torc_running'), run_id: 0 })),
  },
  'PUT /workflows/{workflow}/jobs/{key}/manage_status_change/{status}/{rev}/{run_id}': {
    path: { key: 'torc_managed', status: 'torc_open', rev: 'torc_managed_revision', run_id: 'torc_run' },
  },
  'POST /workflows/{workflow}/jobs/{key}/user_data': { ...ofJob, ...json(() => leastOf('user_data')) },
  'GET /workflows/{workflow}/jobs/{key}/user_data_stores': ofJob,
  'GET /workflows/{workflow}/jobs/{key}/user_data_consumes': ofJob,
  'GET /workflows/{workflow}/results/find_by_job/{key}': { path: { key: 'torc_finished' } },
  'POST /workflow_specifications': json(() => ({ name: 'n', jobs: [{ name: 'a', command: 'c' }] })),
  'GET /workflow_specifications/{key}': ofWorkflow,
  'POST /workflows': json(() => ({ user: 'u', name: 'n' })),
  'GET /workflows/{key}': ofWorkflow,
  'PUT /workflows/{key}': {
    path: { key: 'torc_written' },
    ...json((target) => ({ name: 'm', _key: target('torc_written'), _rev: target('torc_written_revision') })),
  },
  'DELETE /workflows/{key}': { path: { key: 'torc_deleted' } },
  'GET /workflows/{key}/is_complete': ofWorkflow,
  'GET /workflows/{key}/ready_job_requirements': ofWorkflow,
  'POST /workflows/{key}/initialize_jobs': ofEmptied,
  'POST /workflows/{key}/process_changed_job_inputs': ofEmptied,
  'GET /workflows/{key}/missing_user_data': ofWorkflow,
  'GET /workflows/{key}/required_existing_files': ofWorkflow,
  'POST /workflows/{key}/prepare_jobs_for_submission': { ...ofEmptied, ...json(() => LARGE_WORKER) },
  'POST /workflows/{key}/prepare_next_jobs_for_submission': ofEmptied,
  'POST /workflows/{key}/prepare_jobs_for_scheduling': ofEmptied,
  'POST /workflows/{key}/auto_tune_resource_requirements': ofTuned,
  'POST /workflows/{key}/process_auto_tune_resource_requirements_results': ofTuned,
  'GET /workflows/{key}/config': ofWorkflow,
  'PUT /workflows/{key}/config': {
    ...ofEmptied,
    ...json((target) => ({ _key: target('torc_config'), prepare_jobs_sort_method: 'none' })),
  },
  'PUT /workflows/{key}/cancel': ofEmptied,
  'POST /workflows/{key}/reset_status': ofEmptied,
  'POST /workflows/{key}/reset_job_status': ofEmptied,
  'GET /workflows/{key}/status': ofWorkflow,
  'PUT /workflows/{key}/status': {
    ...ofEmptied,
    ...json((target) => ({
      ...{ _key: target('torc_status'), run_id: 1, is_canceled: false },
      auto_tune_status: { enabled: false, job_keys: [] },
    })),
  },
  'GET /workflows/{key}/collection_names': ofWorkflow,
  'POST /workflows/{key}/join_by_inbound_edge/{collection}/{edge}': joined,
  'POST /workflows/{key}/join_by_outbound_edge/{collection}/{edge}': joined,
  'GET /workflows/{key}/latest_event_timestamp': ofWorkflow,
  'GET /workflows/{key}/events_after_timestamp/{timestamp}': {
    path: { key: 'torc_workflow', timestamp: 'torc_timestamp' },
  },
  'GET /workflows/{key}/dot_graph/{name}': { path: { key: 'torc_workflow', name: 'torc_graph' } },
  'GET /cairn/torc/workflows/{key}/events/stream': ofWorkflow,
  'GET /cairn/torc/workflows/{key}/actions': ofWorkflow,
  'POST /cairn/torc/workflows/{key}/actions/{action}/claim': {
    path: { key: 'torc_acting', action: 'torc_action' },
    ...json(() => ({ worker: 'w' })),
  },
  'POST /cairn/torc/workflows/{key}/actions/{action}/complete': {
    path: { key: 'torc_acting', action: 'torc_action' },
    ...json(() => ({ worker: 'w' })),
  },
  'GET /cairn/torc/workflows/{key}/access': ofWorkflow,
  'PUT /cairn/torc/workflows/{key}/access': {
    path: { key: 'torc_shared' },
    ...json(() => ({ users: [], groups: [] })),
  },
  'GET /cairn/torc/workflows/{workflow}/jobs/{key}/explanation': ofJob,
  'GET /cairn/torc/workflows/{key}/explanation': ofWorkflow,
  'GET /cairn/torc/workflows/{key}/report': ofWorkflow,
  'GET /cairn/torc/workflows/{key}/report.svg': ofWorkflow,
  'POST /cairn/torc/workflows/{key}/restart_jobs': {
    ...ofWorkflow,
    ...json((target) => ({ jobs: [target('torc_jobs')], dry_run: true })),
  },
};
