import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { keyOf } from '../compat/torc/answers.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { Workflow } from '../compat/torc/workflow.js';
import { COLLECTIONS, prepareTorcTargets } from '../e2e/hostile-requests/torc-targets.js';
import { MODES } from '../harness/cairn-process.js';
import type { Answer as HttpAnswer, HttpClient } from '../harness/http-client.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { textIn } from '../harness/json-fields.js';

type Answer = Pick<HttpAnswer, 'status' | 'text'>;

const JOBS = 40;

const EDGES = [
  ...['blocks', 'consumes', 'executed', 'needs', 'node_used', 'process_used', 'produces', 'requires', 'returned'],
  ...['scheduled_bys', 'stores'],
];

/** Makes a dataset with jobs and tasks in all statuses, failures, statistics and changed access rules; resolves with routes that show it. */
const fill = async (client: HttpClient): Promise<readonly string[]> => {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const { status, text } = await client.send(method, path, { body: body && JSON.stringify(body) });
    if (status !== 200 && status !== 201) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  };
  const dataset = textIn(
    await ask('POST', '/datasets', {
      description: 'to be rebuilt',
      jobs_submitted: JOBS,
      tasks_submitted: JOBS * 2,
      tasks_per_job: 2,
      group: 'simprod',
      priority: 0.7,
    }),
    'result',
  );
  const config = readFileSync('examples/iceprod/photons-in-ice.json', 'utf8');
  await ask('PUT', `/config/${dataset}`, JSON.parse(config) as object);
  await ask('PUT', `/auths/${dataset}`, { read_groups: ['users'], write_groups: ['simprod'] });
  await ask('PUT', `/datasets/${dataset}/description`, { description: 'rebuilt, ünï — code' });
  const job = textIn(await ask('POST', '/jobs', { dataset_id: dataset, job_index: 0 }), 'result');
  const single = textIn(
    await ask('POST', '/tasks', {
      dataset_id: dataset,
      job_id: job,
      task_index: 0,
      job_index: 0,
      name: 'single',
      depends: [],
      requirements: { memory: 2.5, os: ['RHEL_9_x86_64'] },
      priority: 0.25,
    }),
    'result',
  );
  await ask('POST', `/cairn/iceprod/datasets/${dataset}/tasks`, {
    first_job_index: 1,
    count: JOBS - 1,
    tasks: [
      { name: 'first', depends: [], requirements: { memory: 1.5, gpu: 1 } },
      { name: 'second', depends: [0], requirements: {}, priority: 0.5 },
    ],
  });
  const all = Object.keys((await ask('GET', `/datasets/${dataset}/tasks?keys=task_id`)) as object);
  await ask('POST', '/task_actions/waiting', { task_ids: all.slice(0, 40) });
  for (const action of ['complete', 'reset', 'failed', 'processing', 'complete']) {
    const claimed = await ask('POST', '/task_actions/queue', {
      requirements: { site: 'lab', memory: 8 },
      query_params: { dataset_id: dataset },
    });
    const [id, instance] = [textIn(claimed, 'task_id'), textIn(claimed, 'instance_id')];
    await ask('POST', `/tasks/${id}/task_stats`, { dataset_id: dataset, resources: { cpu: 0.9 } });
    await ask('POST', `/tasks/${id}/task_actions/processing`, { instance_id: instance, site: 'lab' });
    if (action !== 'processing') {
      const body = { instance_id: instance, time_used: 5400, resources: { memory: 3.5, time: 1.5 }, reason: 'why not' };
      await ask('POST', `/tasks/${id}/task_actions/${action}`, body);
    }
  }
  await ask('POST', '/task_actions/queue_many', { num: 3, requirements: {} });
  await ask('PATCH', `/tasks/${single}`, { priority: 0.125, 'requirements.disk': 7.5 });
  await ask('POST', `/datasets/${dataset}/task_actions/bulk_suspend`, { tasks: all.slice(60) });
  await ask('POST', `/datasets/${dataset}/task_actions/bulk_status/failed`, { tasks: all.slice(50, 55) });
  await ask('PATCH', `/datasets/${dataset}/task_actions/bulk_requirements/second`, { memory: 6.5, os: ['x'] });
  await ask('POST', `/datasets/${dataset}/job_actions/bulk_suspend`, { jobs: [job] });
  await ask('PUT', `/datasets/${dataset}/status`, { status: 'suspended' });

  const of = `/datasets/${dataset}`;
  return [
    '/datasets',
    '/datasets?keys=dataset|priority&status=suspended',
    of,
    '/dataset_summaries/status',
    `/config/${dataset}`,
    `${of}/config`,
    `/jobs/${job}`,
    `${of}/jobs`,
    `${of}/jobs/${job}`,
    `${of}/job_summaries/status`,
    `${of}/job_counts/status`,
    '/tasks',
    '/tasks?status=waiting|idle&sort=priority=-1&limit=7&keys=task_id|depends|requirements.gpu',
    `/tasks/${single}`,
    '/task_counts/status',
    '/task_counts/status?gpu=true',
    `${of}/tasks`,
    `${of}/tasks?status=failed|suspended&keys=status_changed|failures|walltime_err`,
    `${of}/tasks/${single}`,
    `${of}/task_summaries/status`,
    `${of}/task_counts/status`,
    `${of}/task_counts/name_status`,
    `${of}/task_stats`,
    ...all.slice(0, 6).map((id) => `${of}/tasks/${id}/task_stats`),
    ...all.slice(0, 6).map((id) => `/cairn/history/units/${id}`),
    `${of}/bulk/task_stats`,
    `/auths/${dataset}`,
    '/users',
  ];
};

/** Makes a workflow with documents, edges and jobs of all kinds; resolves with routes that show it. */
const fillTorc = async (client: HttpClient): Promise<readonly string[]> => {
  const { workflow: [key = ''] = [], torc_finished: [job = ''] = [] } = await prepareTorcTargets(client);
  const at = `/workflows/${key}`;
  const workflow = new Workflow(new TorcClient(client, ''), key);
  const [first = {}, second = {}] = await workflow.documents('files');
  await workflow.written(`/files/${keyOf(first)}`, { ...first, name: 'ünï — code', st_mtime: 0.1 + 0.2 });
  expect((await workflow.delete(`/files/${keyOf(second)}`)).status).toBe(200);
  expect((await workflow.delete('/slurm_schedulers')).status).toBe(200);
  await workflow.initialize();
  expect((await workflow.put('/cancel')).status).toBe(200);
  return [
    ...['/workflows', at, `/workflow_specifications/${key}`, `${at}/config`, `${at}/status`, `${at}/is_complete`],
    ...COLLECTIONS.flatMap((collection) => [`${at}/${collection}`, `${at}/${collection}?limit=2&skip=1`]),
    ...EDGES.map((edge) => `${at}/edges/${edge}`),
    ...[`${at}/job_keys`, `${at}/job_specifications`, `${at}/required_existing_files`, `${at}/missing_user_data`],
    ...[`${at}/jobs?status=ready`, `${at}/jobs?sort_by=status&reverse_sort=true`, `${at}/results/find_by_job/${job}`],
    ...[`${at}/dot_graph/job_file_dependencies`, `${at}/ready_job_requirements`, `${at}/latest_event_timestamp`],
    ...[`/cairn/history/units/${encodeURIComponent(workflow.id('jobs', job))}`],
  ];
};

describe.each(MODES)('read models ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  let client: HttpClient;
  let routes: readonly string[];

  beforeAll(async () => {
    const { cairn, anonymous } = cluster();
    client = anonymous.as(await cairn.token({ username: 'system', roles: ['system', 'admin'] }));
    routes = [...(await fill(client)), ...(await fillTorc(client))];
  });

  const answers = async (): Promise<Readonly<Record<string, Answer>>> =>
    Object.fromEntries(
      await Promise.all(
        routes.map(async (route): Promise<[string, Answer]> => {
          const { status, text } = await client.send('GET', route);
          return [route, { status, text }];
        }),
      ),
    );

  it('give byte-identical answers after being deleted and rebuilt', async () => {
    const { cairn } = cluster();
    const before = await answers();
    expect(Object.entries(before).filter(([, { status }]) => status !== 200)).toEqual([]);
    await cairn.restart({ meanwhile: () => rm(join(cairn.dataDir, 'read-models'), { recursive: true }) });
    expect(await answers()).toEqual(before);
  });

  it('give byte-identical answers after a kill', async () => {
    const before = await answers();
    await cluster().cairn.restart({ signal: 'SIGKILL' });
    expect(await answers()).toEqual(before);
  });
});
