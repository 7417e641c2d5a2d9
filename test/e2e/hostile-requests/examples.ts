import type { Example, Targets } from './example.js';
import { CONFIG, CREDENTIAL, REDIRECT, WEBHOOK_URL } from './targets.js';
import { TORC_EXAMPLES } from './torc-examples.js';

const first = (targets: Targets, name: string): string => targets[name]?.[0] ?? '';

const json = (value: object) => (): string => JSON.stringify(value);
const ofDataset =
  (value: object) =>
  (targets: Targets): string =>
    JSON.stringify({ dataset_id: first(targets, 'dataset_id'), ...value });

const form = (fields: (targets: Targets) => Readonly<Record<string, string>>): Example => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: (targets) => new URLSearchParams(fields(targets)).toString(),
});

const config = JSON.stringify(CONFIG);
const added = json(CREDENTIAL);
const amended = json({ url: CREDENTIAL.url, type: CREDENTIAL.type, access_key: 'another' });
const exchanged = { query: { client_id: 'another' } };
const request = (action: string): Example => ({ path: { id: `${action}_request` } });
const reported = (action: string): Example => ({
  path: { task_id: `task_to_${action}` },
  body: (targets) => JSON.stringify({ instance_id: first(targets, 'instance_id') }),
});

export const EXAMPLES: Readonly<Record<string, Example>> = {
  ...TORC_EXAMPLES,
  'POST /cairn/webhooks': { body: json({ url: WEBHOOK_URL }) },
  'GET /cairn/events/schemas/{dialect}/{type}/{version}': {
    path: { dialect: 'event_dialect', type: 'event_type', version: 'event_version' },
  },
  'POST /datasets': {
    body: (targets) =>
      JSON.stringify({
        ...{ description: 'd', jobs_submitted: 2, tasks_submitted: 4, tasks_per_job: 2 },
        group: first(targets, 'group'),
      }),
  },
  'PUT /config/{dataset_id}': { body: () => config },
  'PUT /datasets/{dataset_id}/config': { body: () => config },
  'POST /jobs': { body: ofDataset({ job_index: 0 }) },
  'PATCH /jobs/{job_id}': { body: json({ status: 'errors' }) },
  'POST /datasets/{dataset_id}/job_actions/bulk_status/{status}': {
    path: { status: 'job_status' },
    body: ({ jobs }) => JSON.stringify({ jobs }),
  },
  'PUT /datasets/{dataset_id}/jobs/{job_id}/status': {
    path: { dataset_id: 'own_dataset_id' },
    body: json({ status: 'processing' }),
  },
  'PATCH /tasks/{task_id}': { body: json({ site: 'UW' }) },
  'PUT /tasks/{task_id}/status': { path: { task_id: 'task_to_move' }, body: json({ status: 'waiting' }) },
  'PUT /datasets/{dataset_id}/tasks/{task_id}/status': { body: json({ status: 'waiting' }) },
  'POST /task_actions/queue': { body: json({ requirements: {} }) },
  'POST /task_actions/queue_many': { body: json({ num: 1, requirements: {} }) },
  'POST /task_actions/process': { body: json({ requirements: {} }) },
  'POST /tasks/{task_id}/task_actions/processing': reported('processing'),
  'POST /tasks/{task_id}/task_actions/reset': reported('reset'),
  'POST /tasks/{task_id}/task_actions/failed': reported('failed'),
  'POST /tasks/{task_id}/task_actions/complete': reported('complete'),
  'PATCH /datasets/{dataset_id}/task_actions/bulk_requirements/{name}': {
    path: { dataset_id: 'own_dataset_id', name: 'task_name' },
    body: json({ memory: 2 }),
  },
  'POST /datasets/{dataset_id}/task_actions/bulk_requirements/{name}': {
    path: { dataset_id: 'own_dataset_id', name: 'task_name' },
    body: json({ memory: 2 }),
  },
  'POST /datasets/{dataset_id}/files': {
    path: { dataset_id: 'own_dataset_id' },
    body: json({ filename: 'osdf:///a', movement: 'input', job_index: 0, task_name: 'generate' }),
  },
  'POST /datasets/{dataset_id}/files/{task_id}': { body: json({ filename: 'osdf:///a', movement: 'input' }) },
  'PATCH /grids/{grid_id}': { body: json({ version: '2' }) },
  'PATCH /pilots/{pilot_id}': { body: json({ version: '2' }) },
  'PUT /pilots/{pilot_id}/tasks': { body: json({ tasks: [] }) },
  'POST /users': { body: (targets) => JSON.stringify({ username: `${first(targets, 'new_username')}-2` }) },
  'PUT /users/{username}/priority': { body: json({ priority: 0.5 }) },
  'PUT /users/{user_id}/groups': { body: json({ groups: ['users'] }) },
  'PUT /roles/{role_name}': { body: json({}) },
  'PUT /groups/{group_name}': { body: json({}) },
  'POST /groups': { body: (targets) => JSON.stringify({ name: `${first(targets, 'group_name')}-2` }) },
  'POST /create_token': { body: json({}) },
  'PUT /users/{username}': { path: { username: 'new_username' } },
  'PUT /users/{user_id}/roles': { body: json({ roles: ['user'] }) },
  'POST /ldap': { body: json({ username: 'pingu', password: 'noot noot' }) },
  'POST /auths': {
    body: (targets) =>
      JSON.stringify({
        ...{ name: 'dataset_id', value: first(targets, 'dataset_id') },
        ...{ role: 'read', username: first(targets, 'own_username'), groups: [] },
      }),
  },
  'PUT /auths/{dataset_id}': {
    body: (targets) => {
      const groups = [first(targets, 'group')];
      return JSON.stringify({ read_groups: groups, write_groups: groups });
    },
  },
  'POST /actions/submit': {
    sender: 'user',
    body: (targets) => JSON.stringify({ config, description: 'd', jobs_submitted: 1, group: first(targets, 'group') }),
  },
  'POST /actions/materialization': { body: ofDataset({}) },
  'POST /actions/dataset_status': { body: ofDataset({ action: 'reset' }) },
  'POST /actions/job_status': { body: ofDataset({ action: 'reset' }) },
  'POST /actions/task_status': { body: ofDataset({ action: 'reset' }) },
  'POST /actions/edit_config': { body: ofDataset({ config }) },
  'GET /actions/submit/{id}': request('submit'),
  'GET /actions/materialization/{id}': request('materialization'),
  'GET /actions/dataset_status/{id}': request('dataset_status'),
  'GET /actions/job_status/{id}': request('job_status'),
  'GET /actions/task_status/{id}': request('task_status'),
  'GET /actions/edit_config/{id}': request('edit_config'),
  'GET /actions/materialization/datasets/{dataset_id}': { path: { dataset_id: 'own_dataset_id' } },
  'GET /cairn/history/events': { query: { order: 'oldest', after: '1' } },
  'GET /cairn/explain/workloads/{workload_id}': { path: { workload_id: 'own_dataset_id' } },
  'GET /cairn/explain/requests/{request_id}': { path: { request_id: 'materialization_request' } },
  'GET /cairn/history/groups/{group_id}': { path: { group_id: 'job_id' } },
  'GET /cairn/history/workers/{worker}': { path: { worker: 'pilot_id' } },
  'GET /cairn/history/sites/{site}': { path: { site: 'grid_id' } },
  'GET /cairn/history/objects/{object}': { path: { object: 'known_object' } },
  'GET /cairn/history/people/{person}': { path: { person: 'own_username' } },
  'GET /cairn/history/requests/{request}': { path: { request: 'known_request' } },
  // Later than everything, so from now to now.
  'GET /cairn/history/workloads/{workload}/diff': { query: { from: '2100-01-01T00:00:00Z' } },
  'GET /request/{dataset_id}/status': { path: { dataset_id: 'own_dataset_id' } },
  'GET /status/{materialization_id}': { path: { materialization_id: 'materialization_request' } },
  'POST /users/{username}/credentials': { body: added },
  'POST /groups/{groupname}/credentials': { body: added },
  'POST /datasets/{dataset_id}/credentials': { body: added },
  'POST /datasets/{dataset_id}/tasks/{task_name}/credentials': { body: added },
  'PATCH /users/{username}/credentials': { path: { username: 'credential_user' }, body: amended },
  'PATCH /groups/{groupname}/credentials': { path: { groupname: 'credential_group' }, body: amended },
  'PATCH /datasets/{dataset_id}/credentials': { path: { dataset_id: 'credential_dataset' }, body: amended },
  'PATCH /datasets/{dataset_id}/tasks/{task_name}/credentials': {
    path: { dataset_id: 'credential_dataset' },
    body: amended,
  },
  'GET /users/{username}/exchange': exchanged,
  'GET /groups/{groupname}/exchange': exchanged,
  'GET /datasets/{dataset_id}/exchange': exchanged,
  'GET /datasets/{dataset_id}/tasks/{task_name}/exchange': exchanged,
  'POST /create': {
    body: (targets) =>
      JSON.stringify({
        ...{ scope: 's', url: 'https://data.example', transfer_prefix: '' },
        username: first(targets, 'own_username'),
      }),
  },
  'POST /logs': {
    body: (targets) =>
      JSON.stringify({
        ...{ dataset_id: first(targets, 'dataset_id'), task_id: first(targets, 'task_id') },
        ...{ name: 'stdlog', data: 'x' },
      }),
  },
  'POST /tasks/{task_id}/task_stats': { body: ofDataset({ time: 1 }) },
  'POST /cairn/iceprod/datasets/{dataset_id}/tasks': {
    body: json({ first_job_index: 0, count: 2, tasks: [{ name: 'generate' }] }),
  },
  'POST /cairn/iceprod/datasets/{dataset_id}/jobs': { body: json({ count: 2 }) },
  'POST /cairn/iceprod/datasets/{dataset_id}/jobs/tasks': {
    path: { dataset_id: 'own_dataset_id' },
    body: ({ jobs }) => JSON.stringify({ jobs, tasks: [{ name: 'generate' }] }),
  },
  'POST /auth/realms/{realm}/protocol/openid-connect/token': form((targets) => ({
    ...{ grant_type: 'client_credentials', client_id: 'hostile', scope: '' },
    client_secret: first(targets, 'client_secret'),
  })),
  'GET /auth/realms/{realm}/protocol/openid-connect/userinfo': { sender: 'visitor' },
  'POST /auth/realms/{realm}/protocol/openid-connect/auth/device': form(() => ({
    ...{ client_id: 'iceprod-public', scope: 'offline_access' },
  })),
  'GET /auth/realms/{realm}/protocol/openid-connect/auth': {
    query: {
      ...{ client_id: 'hostile-page', response_type: 'code', redirect_uri: REDIRECT, scope: 'openid' },
      ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
    },
  },
};
