import type { Caller } from '#bus/contract.js';
import { ClaimAction, CompleteAction, ListActions } from '#contracts/torc/actions.js';
import { ListDocuments, PutDocument } from '#contracts/torc/documents.js';
import { type DotGraphName, GetDotGraph, InitializeJobs, ResetJobs } from '#contracts/torc/graph.js';
import { AddJobs, ListAddedJobs } from '#contracts/torc/jobs.js';
import {
  CreateFromSpecification,
  ExportSpecification,
  GetJobSpecification,
  ListJobSpecifications,
} from '#contracts/torc/specifications.js';
import { PutWorkflow } from '#contracts/torc/workflows.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const CALLER: Caller = { subject: 'torc', username: 'torc', roles: ['system'], groups: [] };

type Document = Readonly<Record<string, unknown>>;

const SWEEP = {
  name: 'sweep',
  user: 'sim-team',
  files: [
    { name: 'grid', path: 'data/grid.nc', st_mtime: 1772355300.2321782 },
    { name: 'out', path: 'out/field.nc' },
    { path: 'unnamed' },
  ],
  user_data: [{ name: 'params', data: { alpha: 0.5 } }, { name: 'twice' }, { name: 'twice', is_ephemeral: true }],
  resource_requirements: [{ name: 'small', num_cpus: 4, memory: '1g', runtime: 'P0DT30M' }],
  schedulers: { slurm_schedulers: [{ name: 'short', account: 'project1', nodes: 1, walltime: '04:00:00' }] },
  jobs: [
    {
      name: 'make',
      command: 'python make.py',
      key: 'first',
      input_files: ['grid'],
      output_files: ['out'],
      resource_requirements: 'small',
      schedule_compute_nodes: { scheduler_id: 'slurm_schedulers/short', num_jobs: 2 },
    },
    {
      name: 'use it',
      command: 'python use.py',
      input_files: ['out'],
      output_user_data: ['params'],
      scheduler: 'slurm_schedulers/short',
      blocked_by: ['make'],
    },
  ],
  config: { compute_node_resource_stats: { process: true } },
};

describe('specifications', () => {
  let host: ServiceHost;

  const ask: <Request, Reply>(
    contract: Parameters<typeof host.request<Request, Reply>>[0],
    request: Request,
  ) => Promise<Reply> = (contract, request) => host.request(contract, request, CALLER);

  const parsed = ({ document }: { readonly document: string }): Document => JSON.parse(document) as Document;

  const create = async (specification: unknown): Promise<string> =>
    String(parsed(await ask(CreateFromSpecification, { body: JSON.stringify(specification) }))['_key']);

  /** Entries of all pages of an answer. */
  const all = async <Request extends object>(
    contract: Parameters<typeof host.request<Request, { entries: readonly string[]; next?: string }>>[0],
    request: Request,
  ): Promise<readonly string[]> => {
    const entries: string[] = [];
    for (let cursor: string | undefined, isLast = false; !isLast;) {
      const page = await ask(contract, { ...request, ...(cursor !== undefined && { cursor }) });
      entries.push(...page.entries);
      cursor = page.next;
      isLast = cursor === undefined;
    }
    return entries;
  };

  const list = async (workflow: string, collection: 'jobs' | 'files' | 'blocks'): Promise<readonly Document[]> =>
    (await all(ListDocuments, { workflow, collection, skip: 0, limit: 100_000, filters: {} })).map(
      (entry) => JSON.parse(entry) as Document,
    );

  const exported = async (workflow: string): Promise<Document> =>
    JSON.parse((await all(ExportSpecification, { workflow })).join('')) as Document;

  /** A specification without what names documents in a database, which clients take out before they send it. */
  const withoutIdentity = (specification: Document): Document =>
    JSON.parse(JSON.stringify(specification), (name, value: unknown) =>
      ['_key', '_id', '_rev'].includes(name) ? undefined : value,
    ) as Document;

  const dot = async (workflow: string, name: DotGraphName): Promise<readonly string[]> =>
    all(GetDotGraph, { workflow, name });

  beforeAll(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });
  afterAll(() => host.end());

  it('create workflows that export the same specification again, posted as it is or without keys', async () => {
    const workflow = await create(SWEEP);
    const first = await exported(workflow);
    expect(withoutIdentity(first)).toMatchObject({
      ...SWEEP,
      description: '',
      is_archived: false,
      files: SWEEP.files,
      jobs: [
        {
          ...SWEEP.jobs[0],
          cancel_on_blocking_job_failure: true,
          schedule_compute_nodes: {
            scheduler_id: 'slurm_schedulers/short',
            num_jobs: 2,
            start_one_worker_per_node: false,
          },
        },
        { ...SWEEP.jobs[1], input_user_data: [], output_files: [] },
      ],
      config: { compute_node_resource_stats: { process: true, cpu: true } },
    });
    expect(first['files']).toMatchObject([{ _key: '1', _id: `files__${workflow}/1`, _rev: '1-1' }, {}, {}]);
    for (const again of [first, withoutIdentity(first)]) {
      expect(withoutIdentity(await exported(await create(again)))).toEqual(withoutIdentity(first));
    }
  });

  it('give what has no name of its own a name when they are exported', async () => {
    const workflow = await create({
      files: [{ path: 'a' }, { name: 'f', path: 'b' }],
      jobs: [{ name: 'j', command: 'c' }],
    });
    const add = (job: object): Promise<unknown> => ask(AddJobs, { workflow, body: JSON.stringify({ jobs: [job] }) });
    const [unnamed, named] = await list(workflow, 'files');
    await add({ name: 'j', command: 'd', input_files: [unnamed?.['_id'], named?.['_id']] });
    await add({ command: 'e' });
    const [, second] = await list(workflow, 'jobs');
    await add({ command: 'f', blocked_by: [second?.['_id']] });
    const specification = await exported(workflow);
    const name = `j-${String(second?.['_key'])}`;
    const key = String(unnamed?.['_key']);
    expect(specification['files']).toMatchObject([{ name: key }, { name: 'f' }]);
    expect(specification['jobs']).toMatchObject([
      { name: 'j' },
      { name, input_files: [key, 'f'] },
      { command: 'e' },
      { blocked_by: [name] },
    ]);
    expect(await exported(await create(specification))).toMatchObject({ jobs: specification['jobs'] as object[] });
  });

  it('show one job, or all of them page by page', async () => {
    const workflow = await create(SWEEP);
    const use = {
      ...{
        name: 'use it',
        command: 'python use.py',
        cancel_on_blocking_job_failure: true,
        supports_termination: false,
      },
      ...{ blocked_by: ['make'], input_files: ['out'], output_files: [], input_user_data: [] },
      ...{ output_user_data: ['params'], scheduler: 'slurm_schedulers/short' },
    };
    const [, second] = await list(workflow, 'jobs');
    const key = String(second?.['_key']);
    expect(parsed(await ask(GetJobSpecification, { workflow, key }))).toEqual(use);
    const page = await ask(ListJobSpecifications, { workflow, skip: 1, limit: 5 });
    expect([page.entries.map((entry) => JSON.parse(entry) as Document), page.total_count]).toEqual([[use], 2]);
    await expect(ask(GetJobSpecification, { workflow, key: '99' })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(ask(GetJobSpecification, { workflow: 'none', key })).rejects.toMatchObject({ kind: 'not-found' });
    await expect(ask(ExportSpecification, { workflow: 'none' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('are drawn as graphs of jobs with files, user data and each other', async () => {
    const workflow = await create({ ...SWEEP, jobs: [...SWEEP.jobs, { name: 'a "b" \\', command: 'c' }] });
    const [make, use, odd] = (await list(workflow, 'jobs')).map((job) => String(job['_id']));
    const [grid, out] = (await list(workflow, 'files')).map((file) => String(file['_id']));
    const jobs = [
      'node [label="\\N"];',
      `"${make}" [label=make];`,
      `"${use}" [label="use it"];`,
      `"${odd}" [label="a \\"b\\" \\\\"];`,
    ];
    const end = (title: string): string[] => ['labelloc="t";', `label="${title}";`, '}'];
    expect(await dot(workflow, 'job_file_dependencies')).toEqual([
      'strict digraph "job_file_dependencies" {',
      ...jobs,
      `"${grid}" [label=grid];`,
      `"${out}" [label=out];`,
      `"${make}" -> "${out}" [label=produces];`,
      `"${make}" -> "${grid}" [label=needs];`,
      `"${use}" -> "${out}" [label=needs];`,
      ...end('Job - File Dependencies'),
    ]);
    expect(await dot(workflow, 'job_job_dependencies')).toEqual([
      'strict digraph "job_job_dependencies" {',
      ...jobs,
      `"${make}" -> "${use}" [label=blocks];`,
      ...end('Job - Job Dependencies'),
    ]);
    expect((await dot(workflow, 'job_user_data_dependencies')).slice(5, 7)).toEqual([
      expect.stringMatching(/ \[label=params\];$/),
      expect.stringMatching(/ \[label=stores\];$/),
    ]);
  });

  it('leave nothing behind when they are refused, and nothing twice when they are repeated', async () => {
    const body = JSON.stringify({ key: 'once', jobs: [{ name: 'a', command: 'c', blocked_by: ['a'] }] });
    await expect(ask(CreateFromSpecification, { body })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(ask(ExportSpecification, { workflow: 'once' })).rejects.toMatchObject({ kind: 'not-found' });
    const right = JSON.stringify({ key: 'once' });
    const [one, other] = [0, 1].map(() => host.request(CreateFromSpecification, { body: right }, CALLER, 'command'));
    expect(await one).toEqual(await other);
    await expect(ask(CreateFromSpecification, { body: right })).rejects.toMatchObject({ details: { errorNum: 1210 } });
  });

  it('may be so large that they need several appends, and many jobs may follow in one call', async () => {
    const count = 3_000;
    const moreCount = 10_001;
    const workflow = await create({
      files: Array.from({ length: count }, (_, at) => ({ name: `f${at}`, path: `out/${'x'.repeat(100)}${at}` })),
      jobs: Array.from({ length: count }, (_, at) => ({
        name: `j${at}`,
        command: `work ${'y'.repeat(200)} ${at}`,
        output_files: [`f${at}`],
        input_files: at === 0 ? [] : [`f${at - 1}`],
        blocked_by: at === 0 ? [] : [`j${at - 1}`],
      })),
    });
    const files = await list(workflow, 'files');
    expect(files).toHaveLength(count);
    const jobs = await list(workflow, 'jobs');
    expect(jobs.map((job) => job['name'])).toEqual(Array.from({ length: count }, (_, at) => `j${at}`));
    expect(await list(workflow, 'blocks')).toHaveLength(count - 1);

    const more = Array.from({ length: moreCount }, (_, at) => ({
      ...{ name: `more${at}`, command: 'm', input_files: [files[at % count]?.['_id']], blocked_by: [jobs[0]?.['_id']] },
      ...(at === 0 && { _key: 'chosen', internal: { num_cpus: 2 }, status: 'ready' }),
    }));
    const bulk = (body: object): Promise<{ readonly first: number; readonly last: number }> =>
      ask(AddJobs, { workflow, body: JSON.stringify(body) });
    const added = (await all(ListAddedJobs, { workflow, ...(await bulk({ jobs: more })) })).map(
      (entry) => JSON.parse(entry) as Document,
    );
    expect(added.map((job) => job['name'])).toEqual(more.map(({ name }) => name));
    expect(added[0]).toEqual({
      ...{ name: 'more0', command: 'm', cancel_on_blocking_job_failure: true, supports_termination: false },
      status: 'ready',
      internal: {
        ...{ memory_bytes: 0, num_cpus: 2, num_gpus: 0, num_nodes: 0, runtime_seconds: 0 },
        ...{ scheduler_config_id: '', hash: 0 },
      },
      _key: 'chosen',
      _id: `jobs__${workflow}/chosen`,
      _rev: expect.stringMatching(/-1$/) as unknown,
    });
    expect(await list(workflow, 'blocks')).toHaveLength(count - 1 + moreCount);

    const wrong = [
      { command: 'c', blocked_by: [`jobs__${workflow}/none`] },
      { command: 'c', _key: 'chosen' },
    ];
    await expect(bulk({ jobs: [{ command: 'c' }, ...wrong] })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(
        /^jobs\[2\]: job chosen exists already; jobs\[1\]: blocked_by: .* does not exist$/,
      ) as unknown,
    });
    await expect(bulk({ jobs: [1] })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(bulk({ jobs: [], more: 1 })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(bulk({})).rejects.toMatchObject({ kind: 'invalid' });
    expect(await list(workflow, 'jobs')).toHaveLength(count + moreCount);
    expect(await all(ListAddedJobs, { workflow, ...(await bulk({ jobs: [] })) })).toEqual([]);
  });

  it('have actions, which one worker takes in each run when they are due', async () => {
    const actions = [
      { trigger_type: 'on_workflow_start', action_type: 'run_commands', commands: ['echo begin'] },
      { trigger_type: 'on_jobs_complete', action_type: 'run_commands', commands: ['echo a'], jobs: ['a'] },
      { trigger_type: 'on_jobs_ready', action_type: 'schedule_nodes', scheduler: 'slurm_schedulers/s', jobs: ['b'] },
      { trigger_type: 'on_workflow_complete', action_type: 'run_commands', commands: ['echo end'] },
    ];
    const workflow = await create({
      schedulers: { slurm_schedulers: [{ name: 's', account: 'a', nodes: 1 }] },
      jobs: [
        { name: 'a', command: 'c' },
        { name: 'b', command: 'c', blocked_by: ['a'] },
      ],
      actions,
    });
    expect(await exported(workflow)).toMatchObject({ actions });
    const states = async (): Promise<readonly unknown[]> =>
      (await ask(ListActions, { workflow })).documents.map((text) => (JSON.parse(text) as Document)['state']);
    const claim = (action: number, worker: string): Promise<Document> =>
      ask(ClaimAction, { workflow, action, worker }).then(parsed);
    const run = async (runId: number): Promise<void> => {
      const fields = `{"run_id":${runId},"is_canceled":false}`;
      await ask(PutWorkflow, { workflow, part: 'status', fields, key: workflow, request_digest: String(runId) });
      await ask(ResetJobs, { workflow, failed_only: false });
      await ask(InitializeJobs, { workflow, only_uninitialized: false, clear_ephemeral_user_data: true });
    };
    const put = async (name: string, status: string): Promise<void> => {
      const job = (await list(workflow, 'jobs')).find((one) => one['name'] === name) ?? {};
      const [key, rev] = [String(job['_key']), String(job['_rev'])];
      const fields = `{"command":"c","status":"${status}"}`;
      await ask(PutDocument, { workflow, collection: 'jobs', key, rev, fields, request_digest: `${rev}${status}` });
    };

    expect(await states()).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    await expect(claim(1, 'w')).rejects.toMatchObject({ kind: 'state' });
    await run(1);
    expect(await states()).toEqual(['due', 'waiting', 'waiting', 'waiting']);
    expect(await claim(1, 'w')).toMatchObject({ number: 1, commands: ['echo begin'], state: 'claimed', worker: 'w' });
    expect(await claim(1, 'w')).toMatchObject({ state: 'claimed' });
    await expect(claim(1, 'other')).rejects.toMatchObject({ kind: 'conflict' });
    await expect(claim(5, 'w')).rejects.toMatchObject({ kind: 'not-found' });
    await put('a', 'done');
    await put('b', 'ready');
    expect(await states()).toEqual(['claimed', 'due', 'due', 'waiting']);
    expect(await claim(3, 'w')).toMatchObject({
      scheduler: expect.stringMatching(`^slurm_schedulers__${workflow}/\\d+$`) as string,
      jobs: [expect.any(String)],
    });
    await put('b', 'done');
    expect(await states()).toEqual(['claimed', 'due', 'claimed', 'due']);
    const both = await Promise.allSettled([claim(4, 'x'), claim(4, 'y')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await host.rebuild();
    expect(await states()).toEqual(['claimed', 'due', 'claimed', 'claimed']);
    await run(2);
    expect(await states()).toEqual(['due', 'waiting', 'waiting', 'waiting']);
  });

  it('have actions that each worker takes for itself', async () => {
    const of = { action_type: 'run_commands', commands: ['c'] };
    const actions = ['on_worker_start', 'on_worker_complete'].map((trigger_type) => ({ trigger_type, ...of }));
    const workflow = await create({ jobs: [{ name: 'a', command: 'c' }], actions });
    const listed = async (): Promise<readonly unknown[]> =>
      (await ask(ListActions, { workflow })).documents.map((text) => {
        const { state, worker } = JSON.parse(text) as Document;
        return [state, worker];
      });
    const request = (action: number, worker: string): { workflow: string; action: number; worker: string } => ({
      ...{ workflow, action, worker },
    });
    const claim = (action: number, worker: string): Promise<Document> =>
      ask(ClaimAction, request(action, worker)).then(parsed);
    const complete = (action: number, worker: string, successful = true): Promise<Document> =>
      ask(CompleteAction, { ...request(action, worker), successful }).then(parsed);

    await expect(claim(1, 'w')).rejects.toMatchObject({ kind: 'state' });
    const fields = '{"run_id":1,"is_canceled":false}';
    await ask(PutWorkflow, { workflow, part: 'status', fields, key: workflow, request_digest: 'd' });
    await ask(InitializeJobs, { workflow, only_uninitialized: false, clear_ephemeral_user_data: true });
    for (const worker of ['w', 'x', 'w']) {
      expect(await claim(1, worker)).toMatchObject({ state: 'claimed', worker });
    }
    await expect(complete(1, 'y')).rejects.toMatchObject({ kind: 'conflict' });
    expect(await complete(1, 'w')).toMatchObject({ state: 'done', worker: 'w' });
    await host.rebuild();
    expect(await complete(1, 'x', false)).toMatchObject({ state: 'failed', worker: 'x' });
    expect(await claim(1, 'w')).toMatchObject({ state: 'done', worker: 'w' });
    expect(await claim(2, 'w')).toMatchObject({ state: 'claimed', worker: 'w' });
    // They are due for any other worker.
    expect(await listed()).toEqual([
      ['due', null],
      ['due', null],
    ]);
    // A worker may end when its workflow is canceled, or start before the jobs of a new run are initialized.
    const later = '{"run_id":2,"is_canceled":true}';
    await ask(PutWorkflow, { workflow, part: 'status', fields: later, key: workflow, request_digest: 'e' });
    expect(await claim(2, 'w')).toMatchObject({ state: 'claimed', run_id: 2 });
  });

  it('have keys that no other workflow has', async () => {
    const keys: unknown[] = [];
    for (let at = 0; at < 3; at += 1) {
      const workflow = await create({ jobs: [{ name: 'a', command: 'c' }], files: [{ name: 'f', path: 'f' }] });
      for (const collection of ['jobs', 'files'] as const) {
        keys.push(...(await list(workflow, collection)).map(({ _key: key }) => `${collection} ${String(key)}`));
      }
    }
    expect(new Set(keys).size).toBe(6);
  });

  it('are the same when the tables are made from the ledger', async () => {
    const workflow = await create({
      ...SWEEP,
      user_data: [...SWEEP.user_data, { data: { long: 'x'.repeat(500_000) } }],
    });
    const before = await exported(workflow);
    expect(JSON.stringify(before).length).toBeGreaterThan(500_000);
    await host.rebuild();
    expect(await exported(workflow)).toEqual(before);
  });
});
