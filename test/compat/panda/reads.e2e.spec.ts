import { JOB_ATTRIBUTES, type JobAttribute } from '../../../libs/contracts/src/panda/job-attributes.js';
import { MODES } from '../../harness/cairn-process.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { identified, ok, PANDA_VARIABLES, PandaClient, PRODUCTION } from './panda-client.js';
import { taskIs } from './story.js';

const template = (kind: 'output' | 'log', value: string, dataset: string) => ({
  ...{ type: 'template', param_type: kind, value, dataset, container: dataset },
  ...(kind === 'output' && { hidden: true }),
});

/** A task of three jobs without inputs, as prun makes it. */
const noInputTask = (name: string) => ({
  ...{ taskName: name, uniqueTaskName: true, vo: 'wlcg', prodSourceLabel: 'user', taskType: 'anal' },
  ...{ processingType: 'panda-client-1.6-jedi-run', architecture: '', transUses: '', transHome: null },
  ...{ transPath: 'https://localhost/trf/user/runGen-00-00-02', noInput: true, nEvents: 3, nEventsPerJob: 1 },
  ...{ skipScout: true, cliParams: 'prun --exec x' },
  jobParameters: [
    { type: 'constant', value: '-p "echo hello"' },
    template('output', `${name}.$JEDITASKID._\${SN/P}.out.txt`, `${name}_out.txt/`),
  ],
  log: template('log', `${name}.log.$JEDITASKID.\${SN}.log.tgz`, `${name}.log/`),
});

const serialized = (values: Readonly<Partial<Record<JobAttribute, unknown>>>): unknown[] => [
  ...JOB_ATTRIBUTES.map((name) => values[name] ?? 'NULL'),
  [],
];

describe.each(MODES)('what is read of tasks and jobs ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({ ...VARIABLES, ...PANDA_VARIABLES }));
  const as = (name: string, ...fqans: readonly string[]) =>
    new PandaClient(cluster().anonymous, identified(name, ...fqans));
  const data = async <Data>(answer: Promise<{ readonly data: unknown }>): Promise<Data> => (await answer).data as Data;

  const submit = async (client: PandaClient, name: string): Promise<number> => {
    const { success, message, data: id } = await client.post('task/submit', { task_parameters: noInputTask(name) });
    if (!success) throw new Error(message);
    return Number(id);
  };

  it('tells of a task and its jobs, in each form', async () => {
    const user = as('Demo User');
    const task_id = await submit(user, 'user.demo.reads');
    await taskIs(user, task_id, 'running');
    const ids = await data<number[]>(user.get('task/get_job_ids', { task_id }));
    expect(ids).toHaveLength(3);
    expect(await user.get('task/get_details', { task_id, include_status: true })).toEqual({
      ...{ success: true, message: '' },
      data: {
        ...{ inDS: '', outDS: 'user.demo.reads_out.txt/,user.demo.reads.log/', statistics: 'activated*3' },
        ...{ PandaID: ids, mergeStatus: null, mergePandaID: [], status: 'running' },
      },
    });
    const descriptions = await data<(Record<string, unknown> | null)[]>(
      user.get('job/get_description', { job_ids: [...ids.map(String), '999999'] }),
    );
    expect(descriptions.map((job) => job?.['PandaID'] ?? null)).toEqual([...ids, null]);
    expect(Object.keys(descriptions[0] ?? {})).toEqual([...JOB_ATTRIBUTES, 'Files']);
    expect(descriptions[0]).toMatchObject({
      ...{ jobStatus: 'activated', jediTaskID: task_id, creationTime: { __datetime__: expect.any(String) as string } },
      ...{ pilotErrorCode: 0, pilotErrorDiag: null },
    });
    expect(await data(user.get('task/get_job_descriptions', { task_id }))).toMatchObject(
      ids.map((PandaID) => ({ PandaID, jobDuration: null, extendedProdSourceLabel: 'user_normal' })),
    );
    expect(await data(user.get('task/get_detailed_info', { task_id }))).toMatchObject({
      ...{ jediTaskID: task_id, splitRule: 'nEventsPerJob=1,useScout=no_use', nFiles: 3, pctFinished: 0 },
      ...{ task_creation_arguments: 'prun --exec x', raw_task_params: { nEventsPerJob: 1 } },
    });
    expect(
      Object.keys(await data(user.get('task/get_tasks_modified_since', { since: '2020-01-01 00:00:00', full: true }))),
    ).toContain(String(task_id));
    const filters = JSON.stringify({ taskName: '^user\\.demo\\.re', jediTaskID: String(task_id), site: 'NULL' });
    expect(await data(user.get('task/get_tasks_detailed_info_since', { filters }))).toMatchObject([
      { jediTaskID: task_id },
    ]);
    expect(await data(as('Else').get('task/get_tasks_detailed_info_since'))).toEqual([]);
  });

  it('tells why something cannot be told', async () => {
    const user = as('Demo User');
    const messageOf = async (name: string, query: Readonly<Record<string, string>>) => {
      const { success, message } = await user.get(name, query);
      return success ? undefined : message;
    };
    const task_id = '99';
    expect(await messageOf('task/get_status', { task_id })).toBe('Task not found');
    expect(await messageOf('task/get_details', { task_id })).toBe('Task not found or error retrieving the details');
    expect(await messageOf('task/get_detailed_info', { task_id })).toBe('Task not found or error retrieving task info');
    expect(await messageOf('task/get_parent_detailed_info', { task_id })).toBe('Child task not found');
    expect(await messageOf('task/get_datasets_and_files', { task_id })).toBe('No data found for the task');
    for (const name of ['task/get_status', 'task/get_datasets_and_files']) {
      expect(await messageOf(name, { task_id: '12.5' })).toBe('jediTaskID must be an integer');
    }
    expect(await messageOf('task/get_task_parameters', { task_id })).toBe('Task not found');
    const since = 'task/get_tasks_detailed_info_since';
    expect(await messageOf(since, { filters: '{' })).toBe('filters is not valid JSON');
    expect(await messageOf(since, { filters: '[]' })).toBe('filters must be a JSON object');
    expect(await messageOf(since, { filters: '{"nothing":1}' })).toBe('Failed to retrieve task IDs');
    expect(await messageOf(since, { since: 'yesterday' })).toBe('Failed to retrieve task IDs');
    const { status, headers, text } = await user.send(
      'GET',
      '/api/v1/job/generate_offline_execution_script?job_id=999999',
    );
    const noJob = 'ERROR: Cannot get PandaID=999999 in DB for the last 30 days. You may add &days=N to the URL';
    expect([status, headers['content-type'], text]).toEqual([200, 'application/json', JSON.stringify(noJob)]);
    expect(await user.get('task/get_job_ids', { task_id })).toEqual(ok([]));
    expect(await user.get('task/get_tasks_modified_since', { since: 'yesterday' })).toEqual(ok({}));
  });

  it('takes jobs without a task, counts them, and tells of them', async () => {
    const user = as('Submitter');
    const job = serialized({
      prodSourceLabel: 'user',
      computingSite: 'SITE_X',
      jobName: 'a',
      transformation: 'https://localhost/t',
    });
    const [[first], [second]] = await data<[[number], [number]]>(
      user.post('job/submit', { jobs: JSON.stringify([job, job]) }),
    );
    expect(second).toBe(first + 1);
    const job_ids = [String(first), '999999'];
    expect(await data(user.get('job/get_status', { job_ids }))).toEqual([
      { status: 'activated', command: null },
      { status: 'unknown', command: 'tobekilled' },
    ]);
    expect(await data(user.get('pilot/get_job_status', { job_ids }))).toEqual([
      { job_id: first, status: 'activated', attempt_number: 0 },
      { job_id: 999_999, status: 'not found', attempt_number: 0 },
    ]);
    expect(await new PandaClient(cluster().anonymous).legacy('getStatus', { ids: job_ids.join(',') })).toEqual({
      ...{ StatusCode: 0, status: 'activated+notfound', attemptNr: '0+0' },
    });
    expect(await data(user.get('statistics/active_job_stats_by_site'))).toMatchObject({
      SITE_X: { assigned: 0, activated: 2, running: 0 },
    });
    expect(
      await data(user.get('statistics/job_stats_by_site_share_and_resource_type', { time_window: 0 })),
    ).toMatchObject({ SITE_X: { user: { SCORE: { activated: 2 } } } });
    const { text } = await user.send('GET', '/server/panda/getJobStatisticsPerSite');
    expect(text).toContain('VSITE_X\n(dVassigned\nI0\nsVactivated\nI2\nsVrunning\nI0\nss');
    expect(await user.post('job/submit', { jobs: '[[1]]' })).toMatchObject({
      ...{ success: false, message: 'Failed to deserialize jobs: a job has 1 values instead of 127' },
    });
  });

  it('explains tasks and jobs, and keeps their history', async () => {
    const user = as('Demo User');
    const task_id = await submit(user, 'user.demo.explained');
    await taskIs(user, task_id, 'running');
    const [job_id = 0] = await data<number[]>(user.get('task/get_job_ids', { task_id }));
    const explained = async (name: string, query: Readonly<Record<string, number>>) => {
      const search = new URLSearchParams(
        Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
      );
      const { text } = await user.send('GET', `/cairn/panda/${name}?${search.toString()}`);
      return (JSON.parse(text) as { readonly data: Record<string, unknown> }).data;
    };
    expect(await explained('explain_job', { job_id })).toMatchObject({ status: 'activated', task_id, errors: [] });
    expect(await explained('explain_task', { task_id })).toMatchObject({
      reason: 'Its jobs are made and run: 0 of 3 inputs are finished, 0 have failed for good.',
      jobs: { activated: 3 },
      steps: expect.arrayContaining([expect.objectContaining({ status: 'registered' })]) as unknown,
    });
    const { json } = await cluster().admin.get(`/cairn/explain/units/${job_id}`);
    expect(json).toMatchObject({ panda_id: job_id, status: 'activated', phase: 'ready' });
    const history = await cluster().admin.get(`/cairn/history/units/${job_id}`);
    expect(history.json).toMatchObject({ unit_id: String(job_id), events: [{ event: 'JobsCreated' }] });
  });

  it('finds and retries all failed tasks of a user at once', async () => {
    const user = as('Unlucky');
    const task_id = await submit(user, 'user.unlucky.t');
    await taskIs(user, task_id, 'running');
    await user.post('task/finish', { task_id });
    await taskIs(user, task_id, 'failed');
    const failed = async (method: string, client = user, query = '') => {
      const { text } = await client.send(method, `/cairn/panda/failed_tasks${query}`);
      return JSON.parse(text) as { readonly success: boolean; readonly data: unknown };
    };
    const task = { task_id, status: 'failed', files: 3, can_retry: true };
    expect((await failed('GET')).data).toMatchObject({ dry_run: true, retried: 0, tasks: [task] });
    expect((await failed('GET', as('Else'), '?user=Unlucky')).success).toBe(false);
    const operator = as('Operator', PRODUCTION);
    expect((await failed('GET', operator, '?user=Unlucky')).data).toMatchObject({ tasks: [task] });
    expect((await failed('POST')).data).toMatchObject({ dry_run: false, retried: 1, tasks: [task] });
    await taskIs(user, task_id, 'running');
    expect((await failed('GET')).data).toMatchObject({ tasks: [] });
  });
});
