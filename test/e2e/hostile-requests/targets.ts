import { runCommand } from '../../harness/cairn-command.js';
import type { HttpClient } from '../../harness/http-client.js';
import { logInByDevice, refresh, wordIn } from '../../harness/device-login.js';
import { type TestCluster } from '../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../../compat/iceprod/fixtures.js';
import type { Targets } from './example.js';
import { prepareTorcTargets } from './torc-targets.js';

export const CONFIG = {
  version: 3.2,
  description: 'd',
  tasks: [{ name: 'generate', trays: [{ modules: [{}] }] }],
};
export const CREDENTIAL = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'k', secret_key: 's' };
/** Redirect URI of the OpenID client. */
export const REDIRECT = 'http://web.example.org/login';

/** How many objects of a kind are created where requests delete them. */
const DELETED_MAX = 3;

const resultOf = (json: unknown): string => String((json as { result?: unknown } | null)?.result).replace(/^.*\//, '');

const several = async (make: () => Promise<string>): Promise<readonly string[]> => {
  const made: string[] = [];
  for (let index = 0; index < DELETED_MAX; index += 1) made.push(await make());
  return made;
};

/** There is no such host. */
export const WEBHOOK_URL = 'https://hooks.invalid/cairn';

const newWebhook = async (client: HttpClient): Promise<string> =>
  String(((await client.post('/cairn/webhooks', { url: WEBHOOK_URL })).json as { webhook_id?: string }).webhook_id);

let count = 0;
const fresh = (word: string): string => `${word}${(count += 1)}`;

/** Clients of the OpenID provider, which are created once. */
export const prepareClients = async ({ cairn }: TestCluster): Promise<Targets> => {
  const secret = await runCommand(cairn, ['client', 'add', 'hostile', '--system']);
  await runCommand(cairn, ['client', 'add', 'hostile-page', '--public', '--redirect-uri', REDIRECT]);
  return { client_secret: [secret] };
};

/** A user who has logged in by browser: only such tokens may read /userinfo. */
export const logVisitorIn = async ({ cairn, anonymous }: TestCluster): Promise<HttpClient> => {
  const [username, password] = ['visitor', 'noot noot'];
  await runCommand(cairn, ['user', 'add', username], `${password}\n`);
  const refreshed = await refresh(cairn, await logInByDevice(cairn, username, password));
  return anonymous.as(wordIn(refreshed, 'access_token'));
};

/** The dataset that the objects belong to. */
interface Owner {
  /** Submits the dataset and makes the requests about it. */
  readonly client: HttpClient;
  readonly username: string;
  /** One of the groups of the client. */
  readonly group: string;
  /** Members of the dataset besides those that it must have. */
  readonly dataset?: object;
  /** Whatever text is stored. */
  readonly text: string;
}

const requestsAbout = async ({ client, group, text }: Owner, datasetId: string): Promise<Targets> => {
  const config = JSON.stringify({ ...CONFIG, description: text });
  const bodies = {
    submit: { config, description: text, jobs_submitted: 1, group },
    materialization: { dataset_id: datasetId },
    dataset_status: { dataset_id: datasetId, action: 'reset' },
    job_status: { dataset_id: datasetId, action: 'reset' },
    task_status: { dataset_id: datasetId, action: 'reset' },
    edit_config: { dataset_id: datasetId, config },
  };
  const made: Record<string, readonly string[]> = {};
  for (const [action, body] of Object.entries(bodies)) {
    made[`${action}_request`] = [resultOf((await client.post(`/actions/${action}`, body)).json)];
  }
  return made;
};

const tasksFor = async ({ system }: TestCluster, datasetId: string): Promise<Targets> => {
  const held = { status: 'queued', instance_id: 'i' };
  const targets: Record<string, readonly string[]> = {};
  for (const word of ['processing', 'reset', 'failed', 'complete', 'move']) {
    targets[`task_to_${word}`] = [await newTask(system, datasetId, held)];
  }
  // Tasks that can be claimed; a dataset that was never submitted is never suspended.
  for (const status of ['queued', 'queued', 'waiting', 'waiting', 'waiting'])
    await newTask(system, fresh('nobodys'), { status });
  return targets;
};

const credentialsOf = async ({ admin }: TestCluster, owner: string): Promise<Targets> => {
  for (const path of [
    `/users/${owner}`,
    `/groups/${owner}`,
    `/datasets/${owner}`,
    `/datasets/${owner}/tasks/generate`,
  ]) {
    await admin.post(`${path}/credentials`, CREDENTIAL);
  }
  return { credential_user: [owner], credential_group: [owner], credential_dataset: [owner] };
};

/** Creates one object of each kind, and more of those that requests delete, so that requests get past "not found". */
export const prepareTargets = async (
  cluster: TestCluster,
  owner: Owner = { client: cluster.alice, username: 'alice', group: 'simprod', text: 'x' },
): Promise<Targets> => {
  const { admin, system } = cluster;
  const { client, username, group, dataset, text } = owner;
  const submission = { group, description: text, ...dataset };
  const datasets = [await newDataset(client, submission), await newDataset(admin, submission)];
  const [datasetId = ''] = datasets;
  const jobs = [await newJob(system, datasetId), await newJob(system, datasetId, { job_index: 1 })];
  const [jobId = ''] = jobs;
  const tasks = await several(() =>
    newTask(system, datasetId, { job_id: jobId, status: 'queued', instance_id: 'i', requirements: { memory: 1 } }),
  );
  const [taskId = ''] = tasks;
  await admin.put(`/config/${datasetId}`, { ...CONFIG, description: text });
  const of = { dataset_id: datasetId, task_id: taskId };
  const made = async (path: string, body: object): Promise<string> => resultOf((await admin.post(path, body)).json);
  const checkpoint = (await admin.post('/cairn/history/checkpoints')).json as { readonly number: number };
  const role = fresh('role');
  await admin.put(`/roles/${role}`);
  const request = fresh('request');
  const described = {
    body: JSON.stringify({ description: `${text} again` }),
    headers: { 'x-correlation-id': request },
  };
  await admin.send('PUT', `/datasets/${datasetId}/description`, described);
  const users = await several(async () => {
    const name = fresh('pingu');
    await made('/users', { username: name, roles: ['user'] });
    return name;
  });
  return {
    ...(await requestsAbout(owner, datasetId)),
    ...(await tasksFor(cluster, datasetId)),
    ...(await credentialsOf(cluster, fresh('owner'))),
    ...(await prepareTorcTargets(admin)),
    dataset_id: datasets,
    own_dataset_id: [datasetId],
    job_id: jobs,
    jobs,
    job_status: ['suspended', 'errors'],
    task_id: tasks,
    unit_id: tasks,
    workload: [datasetId],
    known_request: [request],
    checkpoint: [String(checkpoint.number)],
    known_object: [`checkpoint/${checkpoint.number}`],
    tasks,
    task_ids: tasks,
    task_stat_id: await several(() => made(`/tasks/${taskId}/task_stats`, { dataset_id: datasetId, a: text })),
    log_id: await several(() => made('/logs', { data: text, ...of })),
    grid_id: [await made('/grids', { host: 'h', queues: {}, version: '1' })],
    pilot_id: await several(() => made('/pilots', { queue_host: 'h', queue_version: '1', resources: { cpu: 1 } })),
    group_id: await several(() => made('/groups', { name: fresh('group') })),
    group_name: [fresh('group')],
    groupname: ['simprod', 'users'],
    group: [group, 'users'],
    own_username: [username],
    user_id: users,
    username: users,
    new_username: [fresh('newcomer')],
    role: ['admin', 'user'],
    role_name: [role],
    status: ['idle', 'waiting', 'queued', 'processing', 'complete', 'suspended', 'errors', 'failed', 'reset'],
    name: ['generate', 'simprod'],
    task_name: ['generate'],
    instance_id: ['i', ''],
    realm: ['IceCube'],
    webhook_id: await several(() => newWebhook(client)),
    event_dialect: ['iceprod'],
    event_type: ['UnitsClaimed', 'UnitFailed'],
    event_version: ['1'],
  };
};
