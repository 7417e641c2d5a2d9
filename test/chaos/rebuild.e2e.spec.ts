import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { eventually } from '#platform/testing/eventually.js';
import { keyOf } from '../compat/torc/answers.js';
import { type Envelope, identified, PANDA_VARIABLES, PandaClient, PRODUCTION } from '../compat/panda/panda-client.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { Workflow } from '../compat/torc/workflow.js';
import { COLLECTIONS, prepareTorcTargets } from '../e2e/hostile-requests/torc-targets.js';
import { MODES } from '../harness/cairn-process.js';
import type { Answer as HttpAnswer, HttpClient } from '../harness/http-client.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';
import { fillOddly } from './iceprod-oddities.js';
import { reportOf, taskDocument } from './panda-worker.js';
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

const SITE = 'LOCAL';

/** Makes tasks with jobs in all statuses, files, workers and requests; resolves with routes that show it. */
const fillPanda = async (user: PandaClient, production: PandaClient): Promise<readonly string[]> => {
  const done = async (answer: Promise<Envelope>): Promise<unknown> => {
    const { success, message, data } = await answer;
    if (!success) throw new Error(message);
    return data;
  };
  const submit = async (name: string): Promise<number> =>
    Number(await done(user.post('task/submit', { task_parameters: taskDocument(name) })));
  const tasks = [await submit('user.demo.one'), await submit('user.demo.two'), await submit('user.demo.three')];
  const [first = 0, second = 0, third = 0] = tasks;
  const statusOf = async (task_id: number): Promise<unknown> => (await user.get('task/get_status', { task_id })).data;
  for (const task of tasks) await eventually(() => statusOf(task), 'running');
  const acquired = await done(
    production.post('pilot/acquire_jobs', { site_name: SITE, task_id: first, n_jobs: 8, prod_source_label: 'user' }),
  );
  const { jobs } = acquired as { readonly jobs: readonly { readonly PandaID: number; readonly outFiles: string }[] };
  const report = (job_id: number, job_status: string, more: object = {}): Promise<unknown> =>
    done(production.post('pilot/update_job', { job_id, job_status, site_name: SITE, ...more }));
  const ends = ['starting', 'running', 'finished', 'finished', 'failed', 'holding', 'finished'];
  for (const [index, end] of ends.entries()) {
    const { PandaID: id = 0, outFiles = '' } = jobs[index] ?? {};
    if (end !== 'starting') await report(id, 'running', { core_count: 1, max_rss: 1000.5, stdout: 'ünï — code' });
    const files = { trans_exit_code: 0, job_output_report: reportOf(outFiles.split(',')), meta_data: '{"a": 1}' };
    if (end !== 'running') await report(id, end, end === 'finished' ? files : { trans_exit_code: 7 });
  }
  const ids = jobs.map(({ PandaID }) => String(PandaID));
  await done(production.post('job/kill', { job_ids: [Number(ids.at(-1))] }));
  await done(production.post('task/pause', { task_id: second }));
  await done(user.post('task/kill', { task_id: third }));
  await done(production.post('task/change_priority', { task_id: second, priority: 777 }));
  await eventually(() => statusOf(second), 'paused');
  await eventually(() => statusOf(third), 'aborted');
  const shownStatus = async (index: number): Promise<unknown> => {
    const { data } = await user.get('job/get_status', { job_ids: [ids[index] ?? ''] });
    return (data as readonly { readonly status: string }[])[0]?.status;
  };
  for (const [index, end] of ends.entries()) await eventually(() => shownStatus(index), end);

  await done(user.upload('file_server/upload_cache_file', 'jobO.rebuilt.tar.gz', 'a sandbox'));
  await done(user.post('file_server/touch_cache_file', { file_name: 'jobO.rebuilt.tar.gz' }));
  await done(production.upload('file_server/update_jedi_log', 'rebuilt.log', deflateSync('one\n')));
  await done(production.upload('file_server/update_jedi_log', 'rebuilt.log', deflateSync('two\n')));
  await done(production.upload('file_server/upload_jedi_log', 'worker.log', 'a log'));
  await done(user.post('creds/set_user_secrets', { key: 'key', value: 'value' }));
  await done(user.post('file_server/upload_event_picking_request', { run_event_list: '1 2' }));
  const task = `task_id=${String(first)}`;
  const each = ids.map((id) => `job_ids=${id}`).join('&');
  return [
    ...['get_status', 'get_details', 'get_detailed_info', 'get_job_ids', 'get_task_parameters'].flatMap((name) =>
      tasks.map((id) => `/api/v1/task/${name}?task_id=${String(id)}`),
    ),
    ...[`/api/v1/task/get_datasets_and_files?${task}`, `/api/v1/task/get_job_descriptions?${task}`],
    ...['/api/v1/task/get_tasks_detailed_info_since?since=2020-01-01+00:00:00'],
    ...[`/api/v1/job/get_status?${each}`, `/api/v1/job/get_description?${each}`],
    ...[`/api/v1/job/get_description_incl_archive?${each}`, `/api/v1/pilot/get_job_status?${each}`],
    ...[
      ...['job_stats_by_cloud', 'production_job_stats_by_cloud_and_processing_type', 'active_job_stats_by_site'],
      ...['job_stats_by_site_and_resource_type', 'job_stats_by_site_share_and_resource_type'],
      ...['active_job_detailed_stats_by_site'],
    ].map((name) => `/api/v1/statistics/${name}`),
    ...[
      '/api/v1/creds/get_user_secrets',
      '/cache/jobO.rebuilt.tar.gz',
      '/cache/rebuilt.log',
      '/cache/jedilog/worker.log',
    ],
    ...['/api/v1/file_server/download_jedi_log?log_name=rebuilt.log&offset=2'],
    ...ids.slice(0, 3).map((id) => `/cairn/history/units/${id}`),
  ];
};

/** A route and who may read it. */
type Question = readonly [route: string, ask: (route: string) => Promise<Answer>];

describe.each(MODES)('read models ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({ ...VARIABLES, ...PANDA_VARIABLES }));
  let questions: readonly Question[];

  beforeAll(async () => {
    const { cairn, anonymous } = cluster();
    const client = anonymous.as(await cairn.token({ username: 'system', roles: ['system', 'admin'] }));
    const user = new PandaClient(anonymous, identified('Demo User'));
    const production = new PandaClient(anonymous, identified('Prod Manager', PRODUCTION));
    const ofPanda = await fillPanda(user, production);
    const ofOthers = [...(await fill(client)), ...(await fillOddly(client)), ...(await fillTorc(client))];
    questions = [
      ...ofOthers.map((route): Question => [route, (path) => client.send('GET', path)]),
      // The history is of Cairn's own API, whose callers have tokens.
      ...ofPanda.map((route): Question => {
        const reader = route.startsWith('/cairn/history/') ? client : user;
        return [route, (path) => reader.send('GET', path)];
      }),
      ['/cairn/panda/requests', (path) => production.send('GET', path)],
    ];
  });

  const answers = async (): Promise<Readonly<Record<string, Answer>>> =>
    Object.fromEntries(
      await Promise.all(
        questions.map(async ([route, ask]): Promise<[string, Answer]> => {
          const { status, text } = await ask(route);
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
