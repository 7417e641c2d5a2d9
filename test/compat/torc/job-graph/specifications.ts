import type { ExpectAnswer } from '../../exact-answers.js';
import { type Document, documentIn, idOf, itemsIn, keyOf, list, ok, refused, without } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { DEFAULT_CONFIG, initialized, job, newWorkflow, Workflow } from '../workflow.js';

/** The specification of contract 6.5. */
const SWEEP = {
  ...{ name: 'sweep', user: 'sim-team' },
  files: [
    { name: 'grid', path: 'data/grid.nc' },
    { name: 'out', path: 'out/field.nc' },
  ],
  resource_requirements: [{ name: 'small', num_cpus: 4, memory: '1g', runtime: 'P0DT30M' }],
  schedulers: { slurm_schedulers: [{ name: 'short', account: 'project1', nodes: 1, walltime: '04:00:00' }] },
  user_data: [{ name: 'parameters', data: { alpha: 0.5 } }],
  jobs: [
    {
      ...{ name: 'make', command: 'python make.py', input_files: ['grid'], output_files: ['out'] },
      ...{ resource_requirements: 'small', input_user_data: ['parameters'] },
    },
    { name: 'use', command: 'python use.py', input_files: ['out'], scheduler: 'slurm_schedulers/short' },
  ],
  config: { compute_node_resource_stats: { process: true, interval: 5 }, worker_startup_script: 'bash env.sh' },
};

/** As a job of a specification is answered (contract 6.3). */
const specified = (fields: Document): Document => ({
  ...{ cancel_on_blocking_job_failure: true, supports_termination: false, blocked_by: [] },
  ...{ input_files: [], output_files: [], input_user_data: [], output_user_data: [] },
  ...fields,
});

/** Contract 2.19, 2.20, 5.14, 5.18, 6.3, 6.5. */
export const specifications = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('a specification is exported as it can be imported again', async () => {
    const workflow = await initialized(torc(), SWEEP);
    const make = specified({ ...SWEEP.jobs[0] });
    const use = specified({ ...SWEEP.jobs[1], blocked_by: ['make'] });
    const exported = await torc().get(`/workflow_specifications/${workflow.key}`);
    const config = documentIn(await workflow.get('/config'));
    expect(config).toMatchObject({
      ...{ worker_startup_script: 'bash env.sh', prepare_jobs_sort_method: 'gpus_runtime_memory' },
      compute_node_resource_stats: { ...DEFAULT_CONFIG.compute_node_resource_stats, process: true, interval: 5 },
    });
    const expected = {
      ...{ name: 'sweep', user: 'sim-team', description: '', is_archived: false, jobs: [make, use], config },
      files: await workflow.documents('files'),
      user_data: await workflow.documents('user_data'),
      resource_requirements: await workflow.documents('resource_requirements'),
      schedulers: {
        ...{ aws_schedulers: [], local_schedulers: [] },
        slurm_schedulers: await workflow.documents('slurm_schedulers'),
      },
    };
    // The workflow's own key may be there, too.
    expectAnswer(
      { json: without(documentIn(exported), 'key', '_key', '_id', '_rev', 'timestamp') },
      { json: expected },
    );
    expectAnswer(await workflow.get('/job_specifications'), list([make, use]));
    const keys = (await workflow.documents('jobs')).map(keyOf);
    expectAnswer(await workflow.get('/job_specifications?skip=1&limit=1'), list([use], { skip: 1, total: 2 }));
    expectAnswer(await workflow.get(`/job_specifications/${keys[0]}`), ok(make));
    expectAnswer(await workflow.get(`/job_specifications/${keys[1]}`), ok(use));
    expectAnswer(await workflow.get('/job_specifications/nobodys'), refused(404));

    // The client strips what the database added and posts it again.
    const stripped = JSON.parse(JSON.stringify(expected), (name, value: unknown) =>
      ['_key', '_id', '_rev'].includes(name) ? undefined : value,
    ) as Document;
    const copy = await newWorkflow(torc(), stripped);
    const exportOfCopy = documentIn(await torc().get(`/workflow_specifications/${copy.key}`));
    const comparable = (of: unknown): unknown =>
      JSON.parse(JSON.stringify(of), (name, value: unknown) =>
        ['_key', '_id', '_rev', 'key', 'timestamp'].includes(name) ? undefined : value,
      ) as unknown;
    expectAnswer({ json: comparable(exportOfCopy) }, { json: comparable(expected) });
    await copy.initialize();
    expectAnswer(await copy.statuses(), { make: 'ready', use: 'blocked' });
  });

  it('the example can be posted as it is, the template has everything empty', async () => {
    expectAnswer(
      await torc().get('/workflow_specifications/template'),
      ok({
        ...{ name: '', description: '', user: '', files: [], jobs: [], user_data: [], resource_requirements: [] },
        ...{ schedulers: { aws_schedulers: [], local_schedulers: [], slurm_schedulers: [] }, config: DEFAULT_CONFIG },
      }),
    );
    const example = documentIn(await torc().get('/workflow_specifications/example'));
    const workflow = await initialized(torc(), example);
    const jobs = await workflow.documents('jobs');
    expect(jobs.length).toBeGreaterThanOrEqual(1);
    expect(jobs.some(({ status }) => status === 'ready')).toBe(true);
  });

  it('a specification keeps keys, resolves schedulers and stores equal documents once', async () => {
    const grid = { name: 'grid', path: 'grid' };
    const workflow = await newWorkflow(torc(), {
      files: [grid, { ...grid, _id: 'files__1/1', _rev: 'r' }, { name: 'kept', path: 'k', _key: 'my-file' }],
      schedulers: { slurm_schedulers: [{ name: 'short', account: 'a', nodes: 1 }] },
      jobs: [
        // `blocked_by` may name later jobs.
        job('first', { blocked_by: ['second'], input_files: ['grid'], scheduler: '' }),
        job('second', { key: 'my-job', scheduler: null, invocation_script: null, schedule_compute_nodes: null }),
        job('stages', {
          _key: 'my-stages',
          schedule_compute_nodes: { scheduler_id: 'slurm_schedulers/short', num_jobs: 1 },
        }),
        job('elsewhere', { schedule_compute_nodes: { scheduler_id: 'free text', num_jobs: 1 } }),
      ],
    });
    const files = await workflow.documents('files');
    expect(files.map(({ name }) => name)).toEqual(['grid', 'kept']);
    expect(files[1]).toMatchObject({ _key: 'my-file', _id: workflow.id('files', 'my-file') });
    expectAnswer(await workflow.get('/jobs/my-job'), ok(await workflow.job('second')));
    expectAnswer(await workflow.get('/jobs/my-stages'), ok(await workflow.job('stages')));
    const short = idOf(await workflow.named('slurm_schedulers', 'short'));
    const jobs = await workflow.documents('jobs');
    const asked = jobs.map((each) => (each['schedule_compute_nodes'] as Document | null | undefined)?.['scheduler_id']);
    expect(asked).toEqual([undefined, undefined, short, 'free text']);
    expectAnswer(
      await workflow.get('/edges/blocks'),
      list([workflow.stored('blocks', { _from: workflow.id('jobs', 'my-job'), _to: idOf(jobs[0] ?? {}) })]),
    );
    const chosen = `spec-${Date.now()}`;
    const keyed = await torc().post('/workflow_specifications', { key: chosen, jobs: [job('a')], is_archived: true });
    expect(keyed).toMatchObject({ status: 200, json: { _key: chosen, _id: `workflows/${chosen}`, is_archived: true } });
    expectAnswer(await torc().post('/workflow_specifications', { key: chosen, jobs: [] }), refused(400, 1210));
    const emptyAnswer = await torc().post('/workflow_specifications', {});
    expect(emptyAnswer).toMatchObject({ status: 200, json: { name: '', user: '', description: '' } });
    const empty = new Workflow(torc(), keyOf(documentIn(emptyAnswer)));
    expectAnswer(await empty.get('/jobs'), list([]));
  });

  it('a specification that is wrong anywhere leaves nothing behind', async () => {
    const user = `wrong-${Date.now()}`;
    const f = { name: 'f', path: 'f' };
    for (const [what, specification] of Object.entries<Document>({
      'no such file': { jobs: [job('a', { input_files: ['f'] })] },
      'no such output': { jobs: [job('a', { output_files: ['f'] })] },
      'no such user data': { jobs: [job('a', { input_user_data: ['f'] })], files: [f] },
      'no such group': { jobs: [job('a', { resource_requirements: 'f' })], files: [f] },
      'no such scheduler': { jobs: [job('a', { scheduler: 'slurm_schedulers/short' })] },
      'scheduler of no collection': { jobs: [job('a', { scheduler: 'short' })] },
      'no such job': { jobs: [job('a', { blocked_by: ['b'] })] },
      'two files of one name': { files: [f, { ...f, path: 'g' }], jobs: [job('a', { input_files: ['f'] })] },
      'two jobs of one name': { jobs: [job('a'), job('a'), job('b', { blocked_by: ['a'] })] },
      itself: { jobs: [job('a', { blocked_by: ['a'] })] },
      'a cycle': {
        jobs: [job('a', { blocked_by: ['c'] }), job('b', { blocked_by: ['a'] }), job('c', { blocked_by: ['b'] })],
      },
      'a job without a command': { jobs: [{ name: 'a' }] },
      'a file without a path': { files: [{ name: 'f' }] },
      'an unknown field': { color: 'red' },
      'an unknown field of a job': { jobs: [job('a', { color: 'red' })] },
      'an unknown field of the config': { config: { color: 'red' } },
      'an unknown collection of schedulers': { schedulers: { pbs_schedulers: [] } },
      'jobs that are no list': { jobs: {} },
      'a wrong memory': { resource_requirements: [{ name: 'g', memory: 'much' }] },
      'a wrong runtime': { resource_requirements: [{ name: 'g', runtime: 'P1Y' }] },
    })) {
      expectAnswer(await torc().post('/workflow_specifications', { user, ...specification }), refused(400), what);
    }
    const jobs = [job('a', { key: 'k' }), job('b', { key: 'k' })];
    expectAnswer(await torc().post('/workflow_specifications', { user, jobs }), refused(400, 1210), 'a key twice');
    for (const illegal of [{ jobs: [job('a', { key: 'a/b' })] }, { key: 'a b' }, { files: [{ ...f, _key: 'ä' }] }]) {
      const answer = await torc().post('/workflow_specifications', { user, ...illegal });
      expectAnswer(answer, refused(400, 1221), JSON.stringify(illegal));
    }
    expectAnswer(await torc().get(`/workflows?user=${user}`), list([]));
    const named = await torc().post('/workflow_specifications', {
      jobs: [job('this job', { input_files: ['that file'] })],
    });
    expect(documentIn(named)['errorMessage']).toMatch(/this job[\s\S]*that file|that file[\s\S]*this job/);
    // Different documents of one name are an error only if something refers to them.
    const different = await newWorkflow(torc(), { files: [f, { ...f, path: 'g' }], jobs: [job('a'), job('a')] });
    expect(await different.documents('files')).toHaveLength(2);
    expect(await different.documents('jobs')).toHaveLength(2);
  });

  it('graphs are text that Graphviz reads', async () => {
    const workflow = await initialized(torc(), {
      files: ['grid', 'out'].map((name) => ({ name, path: name })),
      user_data: [{ name: 'first "u"' }],
      jobs: [
        job('make', { input_files: ['grid'], output_files: ['out'], output_user_data: ['first "u"'] }),
        job('use it', { input_files: ['out'], input_user_data: ['first "u"'] }),
        job('a\\b', { blocked_by: ['make'] }),
      ],
    });
    await workflow.added('jobs', { command: 'nameless' });
    await workflow.added('jobs', { command: 'c', name: '9lives' });
    const jobs = await workflow.documents('jobs');
    const [make = '', use = '', other = '', nameless = '', lives = ''] = jobs.map(idOf);
    const [grid = '', out = ''] = (await workflow.documents('files')).map(idOf);
    const [data = ''] = (await workflow.documents('user_data')).map(idOf);
    const nodes = [
      `"${make}" [label=make];`,
      `"${use}" [label="use it"];`,
      `"${other}" [label="a\\\\b"];`,
      `"${nameless}" [label=${keyOf(jobs[3] ?? {})}];`,
      `"${lives}" [label="9lives"];`,
    ];
    const graphOf = (name: string, title: string, lines: readonly string[]): object =>
      ok({
        graph: [
          ...[`strict digraph "${name}" {`, 'node [label="\\N"];', ...nodes, ...lines],
          ...['labelloc="t";', `label="${title}";`, '}'],
        ].join('\n'),
      });
    const edge = (from: string, to: string, label: string): string => `"${from}" -> "${to}" [label=${label}];`;
    const blocks = (await workflow.edges('blocks')).map((each) =>
      edge(String(each['_from']), String(each['_to']), 'blocks'),
    );
    expect(blocks).toHaveLength(2);
    expectAnswer(
      await workflow.get('/dot_graph/job_job_dependencies'),
      graphOf('job_job_dependencies', 'Job - Job Dependencies', blocks),
    );
    expectAnswer(
      await workflow.get('/dot_graph/job_file_dependencies'),
      graphOf('job_file_dependencies', 'Job - File Dependencies', [
        ...(await fileNodes(workflow, [out, grid])),
        ...[edge(make, out, 'produces'), edge(make, grid, 'needs'), edge(use, out, 'needs')],
      ]),
    );
    expectAnswer(
      await workflow.get('/dot_graph/job_user_data_dependencies'),
      graphOf('job_user_data_dependencies', 'Job - User Data Dependencies', [
        ...[`"${data}" [label="first \\"u\\""];`, edge(make, data, 'stores'), edge(use, data, 'consumes')],
      ]),
    );
    for (const name of ['nothing', 'job_job', 'Job_Job_Dependencies']) {
      expectAnswer(await workflow.get(`/dot_graph/${name}`), refused(400), name);
    }
  });

  it('a workflow of many jobs and files is created in one request', async () => {
    const count = 2000;
    const numbers = Array.from({ length: count }, (_, index) => index);
    const workflow = await initialized(torc(), {
      files: numbers.map((number) => ({ name: `f${number}`, path: `${number}` })),
      jobs: [
        ...numbers.map((number) => job(`j${number}`, { output_files: [`f${number}`] })),
        job('last', { input_files: numbers.map((number) => `f${number}`) }),
      ],
    });
    expectAnswer(await workflow.get('/edges/blocks?limit=0'), list([], { total: count }));
    expectAnswer(await workflow.get('/jobs/find_by_status/ready?limit=0'), list([], { total: count }));
    const blocked = itemsIn(await workflow.get('/jobs/find_by_status/blocked'));
    expect(blocked.map(({ name }) => name)).toEqual(['last']);
  });
};

/** Lines of files in creation order: the contract leaves their order open, its example has creation order. */
const fileNodes = async (workflow: Workflow, ids: readonly string[]): Promise<readonly string[]> => {
  const files = await workflow.documents('files');
  return files
    .filter((file) => ids.includes(idOf(file)))
    .map((file) => `"${idOf(file)}" [label=${String(file['name'])}];`);
};
