import type { ExpectAnswer } from '../../exact-answers.js';
import {
  carriedOut,
  type Document,
  documentIn,
  idOf,
  jobsIn,
  keyOf,
  list,
  ok,
  refused,
  revisionOf,
  someText,
} from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, LARGE_WORKER, newWorkflow, type Workflow } from '../workflow.js';

const GIB = 1024 ** 3;
const complete = (isCanceled = false): object =>
  ok({ is_canceled: isCanceled, is_complete: true, needs_to_run_completion_script: false });
const incomplete = ok({ is_canceled: false, is_complete: false, needs_to_run_completion_script: false });

const names = (jobs: readonly Document[]): readonly unknown[] => jobs.map(({ name }) => name);
const after = (name: string, ...blockers: readonly string[]): Document => job(name, { blocked_by: blockers });

/** The table of contract 5.19, row by row. */
export const workedCases = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  const expectStatuses = async (workflow: Workflow, expected: object, of: string): Promise<void> =>
    expectAnswer(await workflow.statuses(), expected, of);
  const graph = (...jobs: readonly Document[]): Promise<Workflow> => initialized(torc(), { jobs });

  it('1: initialization links jobs through files', async () => {
    const workflow = await newWorkflow(torc(), {
      files: [{ name: 'g', path: 'g' }],
      jobs: [job('make', { output_files: ['g'] }), job('use', { input_files: ['g'] })],
    });
    expectAnswer(await workflow.get('/edges/blocks'), list([]));
    await expectStatuses(workflow, { make: 'uninitialized', use: 'uninitialized' }, 'fresh');
    expectAnswer(await workflow.post('/initialize_jobs'), carriedOut);
    const [make, use] = [await workflow.job('make'), await workflow.job('use')];
    const blocks = list([workflow.stored('blocks', { _from: idOf(make), _to: idOf(use) })]);
    expectAnswer(await workflow.get('/edges/blocks'), blocks);
    await expectStatuses(workflow, { make: 'ready', use: 'blocked' }, 'initialized');
    const edges = await workflow.edges('blocks');
    await workflow.initialize();
    expect(await workflow.edges('blocks')).toEqual(edges);
    await expectStatuses(workflow, { make: 'ready', use: 'blocked' }, 'initialized again');
    expect(revisionOf(await workflow.job('make'))).not.toBe(revisionOf(make));
    expect(revisionOf(await workflow.job('use'))).not.toBe(revisionOf(use));
  });

  it('2: a diamond', async () => {
    const workflow = await graph(job('A'), after('B', 'A'), after('C', 'A'), after('D', 'B', 'C'));
    await expectStatuses(workflow, { A: 'ready', B: 'blocked', C: 'blocked', D: 'blocked' }, 'initialize');
    await workflow.completed('A');
    await expectStatuses(workflow, { A: 'done', B: 'ready', C: 'ready', D: 'blocked' }, 'A(0)');
    await workflow.completed('B');
    await expectStatuses(workflow, { A: 'done', B: 'done', C: 'ready', D: 'blocked' }, 'B(0)');
    await workflow.completed('C');
    await expectStatuses(workflow, { A: 'done', B: 'done', C: 'done', D: 'ready' }, 'C(0)');
    expectAnswer(await workflow.get('/is_complete'), incomplete);
    await workflow.completed('D');
    expectAnswer(await workflow.get('/is_complete'), complete());
  });

  it('3: a failure cancels the whole chain', async () => {
    const workflow = await graph(job('A'), after('B', 'A'), after('C', 'B'));
    await workflow.completed('A', 1);
    const failed = { A: 'done', B: 'canceled', C: 'canceled' };
    await expectStatuses(workflow, failed, 'A(1)');
    expectAnswer(await workflow.get('/is_complete'), complete());
    expect(await workflow.documents('results')).toHaveLength(1);
    expectAnswer(
      {
        events: (await workflow.documents('events')).map(({ category, type }) => `${String(category)}/${String(type)}`),
      },
      { events: ['job/complete'] },
    );
    await workflow.initialize();
    await expectStatuses(workflow, failed, 'restart without reset');
    await workflow.act('/reset_job_status?failed_only=true');
    await expectStatuses(workflow, { A: 'uninitialized', B: 'uninitialized', C: 'uninitialized' }, 'failed_only');
    await workflow.initialize();
    await expectStatuses(workflow, { A: 'ready', B: 'blocked', C: 'blocked' }, 'initialize');
  });

  it('4: a dependent that runs whatever its blocker returned', async () => {
    const tolerant = { ...after('B', 'A'), cancel_on_blocking_job_failure: false };
    const workflow = await graph(job('A'), tolerant, after('C', 'B'));
    await workflow.completed('A', 1);
    await expectStatuses(workflow, { A: 'done', B: 'ready', C: 'blocked' }, 'A(1)');
  });

  it('5: work that is not wanted any more is canceled', async () => {
    const one = await graph(job('A'), job('B'), after('D', 'A', 'B'));
    await one.completed('A', 1);
    await expectStatuses(one, { A: 'done', B: 'canceled', D: 'canceled' }, 'A(1) while B is ready');

    const two = await graph(job('A'), job('B'), after('D', 'A', 'B'), after('E', 'B'));
    await two.completed('A', 1);
    await expectStatuses(two, { A: 'done', B: 'ready', D: 'canceled', E: 'blocked' }, 'B→E: A(1)');
    await two.completed('B');
    await expectStatuses(two, { A: 'done', B: 'done', D: 'canceled', E: 'ready' }, 'B→E: B(0)');

    const three = await graph(job('A'), job('B'), after('D', 'A', 'B'));
    const claimed = jobsIn(await three.claim());
    expect(names(claimed)).toEqual(['A', 'B']);
    expect((await three.start(claimed[1] ?? {})).status).toBe(200);
    await three.completed('A', 1);
    await expectStatuses(three, { A: 'done', B: 'submitted', D: 'canceled' }, 'B submitted: A(1)');
    await three.completed('B');
    await expectStatuses(three, { A: 'done', B: 'done', D: 'canceled' }, 'B submitted: B(0)');
  });

  it('6: a terminated job runs again without a reset', async () => {
    const workflow = await graph(job('A'), after('B', 'A'));
    await workflow.completed('A', -15, { status: 'terminated' });
    await expectStatuses(workflow, { A: 'terminated', B: 'canceled' }, 'A(-15)');
    await workflow.initialize();
    await expectStatuses(workflow, { A: 'ready', B: 'blocked' }, 'initialize');
  });

  it('7: changed inputs', async () => {
    const build = async (): Promise<Workflow> => {
      const workflow = await initialized(torc(), {
        files: [
          { name: 'f', path: 'f' },
          { name: 'g', path: 'g' },
        ],
        jobs: [job('A', { input_files: ['f'], output_files: ['g'] }), job('B', { input_files: ['g'] })],
      });
      await workflow.completed('A');
      await workflow.completed('B');
      return workflow;
    };
    const one = await build();
    await one.change('files', 'f', { st_mtime: 5.25 });
    const keys = (await one.documents('jobs')).map(keyOf);
    const before = await one.documents('jobs');
    expectAnswer(
      await one.post('/process_changed_job_inputs?dry_run=true'),
      ok({ reinitialized_jobs: keys }),
      'dry run',
    );
    expect(await one.documents('jobs')).toEqual(before);
    expectAnswer(await one.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: keys }));
    await expectStatuses(one, { A: 'uninitialized', B: 'uninitialized' }, 'f changed');
    expectAnswer(await one.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [] }), 'called again');
    await one.initialize();
    await expectStatuses(one, { A: 'ready', B: 'blocked' }, 'initialize');

    const two = await build();
    await two.change('files', 'g', { st_mtime: 5.25 });
    const b = keyOf(await two.job('B'));
    expectAnswer(await two.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [b] }), 'g changed');
    await two.initialize();
    await expectStatuses(two, { A: 'done', B: 'ready' }, 'g changed');
  });

  it('8: ephemeral user data', async () => {
    const workflow = await initialized(torc(), {
      user_data: [{ name: 'u', is_ephemeral: true }],
      jobs: [job('A', { output_user_data: ['u'] }), job('B', { input_user_data: ['u'] }), job('C')],
    });
    await workflow.change('user_data', 'u', { data: { x: 1 } });
    for (const name of ['A', 'B', 'C']) await workflow.completed(name);
    const keys = [await workflow.job('A'), await workflow.job('B')].map(keyOf);
    expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: keys }));
    const cleared = await workflow.named('user_data', 'u');
    expect(cleared).toMatchObject({ data: {} });
    await expectStatuses(workflow, { A: 'uninitialized', B: 'uninitialized', C: 'done' }, 'changed');
    await workflow.initialize();
    await expectStatuses(workflow, { A: 'ready', B: 'blocked', C: 'done' }, 'initialize');
    expectAnswer(await workflow.named('user_data', 'u'), cleared);
    expectAnswer(await workflow.get('/missing_user_data'), ok({ user_data: [] }));
  });

  it('9: initialization of uninitialized jobs only', async () => {
    const workflow = await graph(job('A'), job('B'), after('C', 'A'), job('D'));
    await workflow.completed('A');
    await workflow.setStatus('B', 'submitted');
    await workflow.setStatus('C', 'uninitialized');
    await workflow.setStatus('D', 'terminated');
    await workflow.initialize('?only_uninitialized=true');
    await expectStatuses(workflow, { A: 'done', B: 'submitted', C: 'ready', D: 'terminated' }, 'only_uninitialized');
    await workflow.initialize();
    await expectStatuses(workflow, { A: 'done', B: 'ready', C: 'ready', D: 'ready' }, 'initialize');
  });

  it('10: what a worker takes', async () => {
    const group = (name: string, cpus: number, memory: string, runtime: string): Document => ({
      ...{ name, num_cpus: cpus, memory, runtime },
    });
    const workflow = await initialized(torc(), {
      resource_requirements: [group('g1', 4, '8g', 'PT1H'), group('g2', 4, '8g', 'PT2H'), group('g3', 2, '2g', 'PT3H')],
      jobs: [1, 2, 3].map((number) => job(`j${number}`, { resource_requirements: `g${number}` })),
    });
    const worker = { num_cpus: 8, memory_gb: 16 };
    for (const [resources, query, expected] of [
      [worker, '', ['j3', 'j2']],
      [worker, '?sort_method=gpus_runtime_memory', ['j3', 'j2']],
      [worker, '?sort_method=gpus_memory_runtime', ['j2', 'j1']],
      [worker, '?sort_method=none', ['j1', 'j2']],
      [{ ...worker, time_limit: 'PT2H' }, '', ['j2', 'j1']],
      [{ ...worker, time_limit: '-PT5S' }, '', []],
      [worker, '?limit=1', ['j3']],
      [worker, '?limit=0', []],
      [{ num_cpus: 3, memory_gb: 1 }, '', []],
      [{ ...worker, num_nodes: 0 }, '', []],
      [{ ...worker, time_limit: null }, '', ['j3', 'j2']],
    ] as const) {
      const answer = await workflow.claim(resources, query);
      const of = `${JSON.stringify(resources)} ${query}`;
      const taken = await Promise.all(expected.map((name) => workflow.job(name)));
      expectAnswer(answer, ok({ jobs: taken, reason: expected.length > 0 ? '' : someText }), of);
      expect(taken.map(({ status }) => status)).toEqual(expected.map(() => 'submitted_pending'));
      await workflow.initialize();
    }
  });

  it('11: schedulers of jobs and workers', async () => {
    const build = (): Promise<Workflow> =>
      initialized(torc(), {
        schedulers: {
          slurm_schedulers: [
            { name: 'short', account: 'a', nodes: 1 },
            { name: 'long', account: 'a', nodes: 1 },
          ],
        },
        jobs: [job('s', { scheduler: 'slurm_schedulers/short' }), job('p')],
      });
    const one = await build();
    expect(names(jobsIn(await one.claim()))).toEqual(['p']);
    const short = { ...LARGE_WORKER, scheduler_config_id: idOf(await one.named('slurm_schedulers', 'short')) };
    expect(names(jobsIn(await one.claim(short)))).toEqual(['s']);
    const two = await build();
    const shortOfTwo = { ...LARGE_WORKER, scheduler_config_id: idOf(await two.named('slurm_schedulers', 'short')) };
    expect(names(jobsIn(await two.claim(shortOfTwo)))).toEqual(['s', 'p']);
    const three = await build();
    const long = { ...LARGE_WORKER, scheduler_config_id: idOf(await three.named('slurm_schedulers', 'long')) };
    expect(names(jobsIn(await three.claim(long)))).toEqual(['p']);
  });

  it('12: two workers and one job', async () => {
    const workflow = await graph(job('A'));
    const answers = await Promise.all([workflow.claim(), workflow.claim(), workflow.claim()]);
    expect(answers.flatMap(jobsIn).map(({ name }) => name)).toEqual(['A']);
    for (const answer of answers) {
      expectAnswer(answer, ok({ jobs: jobsIn(answer), reason: jobsIn(answer).length > 0 ? '' : someText }));
    }
  });

  it('13: cancel', async () => {
    const workflow = await graph(job('A'), job('B'), after('C', 'A'));
    const [claimed = {}] = jobsIn(await workflow.claim({ ...LARGE_WORKER, num_cpus: 1 }));
    const started = documentIn(await workflow.start(claimed));
    await expectStatuses(workflow, { A: 'submitted', B: 'ready', C: 'blocked' }, 'given');
    expectAnswer(await workflow.put('/cancel'), carriedOut);
    const canceled = { A: 'canceled', B: 'ready', C: 'blocked' };
    await expectStatuses(workflow, canceled, 'cancel');
    expectAnswer(await workflow.get('/is_complete'), complete(true));
    expectAnswer(await workflow.claim(), ok({ jobs: [], reason: someText }));
    expectAnswer(await workflow.complete('A', 0, { revision: revisionOf(started) }), refused(409));
    await workflow.completed('A', -9, { status: 'canceled' });
    expect(await workflow.documents('results')).toHaveLength(1);
    await expectStatuses(workflow, canceled, 'completed as canceled');
    await workflow.act('/reset_status');
    await workflow.initialize();
    await expectStatuses(workflow, canceled, 'reset_status, initialize');
    await workflow.act('/reset_job_status?failed_only=true');
    await workflow.initialize();
    await expectStatuses(workflow, { A: 'ready', B: 'ready', C: 'blocked' }, 'failed_only, initialize');
  });

  it('14: a start that comes too late', async () => {
    const one = await graph(job('A'));
    const [claimed = {}] = jobsIn(await one.claim());
    await one.put('/cancel');
    expectAnswer(await one.start(claimed), refused(400));
    const two = await graph(job('A'));
    const [other = {}] = jobsIn(await two.claim());
    await two.change('jobs', 'A', {});
    expectAnswer(await two.start(other), refused(409));
  });

  it('15: disabled jobs', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('A'), after('B', 'A'), after('C', 'B'), job('D')] });
    await workflow.setStatus('B', 'disabled');
    await workflow.setStatus('D', 'disabled');
    await workflow.initialize();
    await expectStatuses(workflow, { A: 'ready', B: 'disabled', C: 'blocked', D: 'disabled' }, 'initialize');
    await workflow.completed('A');
    await expectStatuses(workflow, { A: 'done', B: 'disabled', C: 'blocked', D: 'disabled' }, 'A(0)');
    expectAnswer(await workflow.get('/is_complete'), incomplete);
    const alone = await newWorkflow(torc(), { jobs: [job('D')] });
    await alone.setStatus('D', 'disabled');
    expectAnswer(await alone.get('/is_complete'), complete());
    expectAnswer(await (await newWorkflow(torc())).get('/is_complete'), complete(), 'without jobs');
  });

  it('16: results of an earlier run', async () => {
    const workflow = await graph(job('A'));
    await workflow.startRun(1);
    await workflow.completed('A');
    await workflow.startRun(2);
    const a = await workflow.job('A');
    expectAnswer(await workflow.get(`/results/find_by_job/${keyOf(a)}`), refused(404));
    expectAnswer(await workflow.get(`/results?job_key=${keyOf(a)}`), list(await workflow.documents('results')));
    expect(await workflow.documents('results')).toHaveLength(1);
    expectAnswer(await workflow.complete('A', 0, { runId: 1 }), refused(400));
  });

  it('claims fill a worker as the worked values of 5.2 say', async () => {
    for (const [worker, count] of [
      [{ num_cpus: 36, memory_gb: 92 }, 9],
      [{ num_cpus: 200, memory_gb: 82 }, 20],
      [{ num_cpus: 4, memory_gb: 4 }, 1],
      [{ num_cpus: 4, memory_gb: 3.999 }, 0],
    ] as const) {
      const workflow = await initialized(torc(), {
        resource_requirements: [{ name: 'g', num_cpus: 4, memory: '4g' }],
        jobs: Array.from({ length: 25 }, (_, index) => job(String(index), { resource_requirements: 'g' })),
      });
      const taken = jobsIn(await workflow.claim(worker));
      expect(names(taken)).toEqual(Array.from({ length: count }, (_, index) => String(index)));
      const bytes = taken.map(({ internal }) => (internal as { memory_bytes: number }).memory_bytes);
      expect(bytes.every((each) => each === 4 * GIB)).toBe(true);
    }
  });
};
