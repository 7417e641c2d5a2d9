import type { SortMethod, WorkerResources } from '#contracts/torc/jobs.js';
import { inTables } from '../testing/table-store.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { inMemory, WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { cancelWorkflow } from './cancel.js';
import { processChangedInputs } from './changed-inputs.js';
import { readCompletion } from './completion.js';
import { missingUserData } from './missing-inputs.js';
import { resetJobs, resetStatus } from './reset.js';

const resetFailed = (spec: WorkflowSpec) =>
  spec.when((view, now) => resetJobs(view, { workflow: WORKFLOW, failed_only: true }, now));

const changedInputs = (spec: WorkflowSpec, dryRun: boolean): readonly string[] => {
  const decide = { workflow: WORKFLOW, dry_run: dryRun };
  const { reply } = spec.when((view, now) => processChangedInputs(view, decide, now));
  return (reply?.keys ?? []).map((key) => (spec.job('A').key === key ? 'A' : spec.job('B').key === key ? 'B' : key));
};

const isComplete = (spec: WorkflowSpec) => readCompletion(spec.view, WORKFLOW, spec.nowMicros);

// The cases of contract 5.19, by their numbers.
describe.each([
  ['in memory', inMemory],
  ['in tables', inTables],
])('the worked cases of Torc %s', (_, store) => {
  const workflow = (): WorkflowSpec => new WorkflowSpec(store());

  it('1: files make edges at initialization', () => {
    const spec = workflow().jobs('make use').document('files', 'g', { path: 'g' });
    spec.edges('produces', 'make>g').edges('needs', 'use>g');
    expect(spec.pairs('blocks')).toEqual([]);
    expect(spec.statuses('make use')).toBe('make uninitialized, use uninitialized');
    spec.initialize();
    expect(spec.pairs('blocks')).toEqual(['make>use']);
    expect(spec.statuses('make use')).toBe('make ready, use blocked');
    const revisions = ['make', 'use'].map((name) => spec.rev(name));
    spec.initialize();
    expect(spec.pairs('blocks')).toEqual(['make>use']);
    expect(spec.statuses('make use')).toBe('make ready, use blocked');
    expect(['make', 'use'].map((name) => spec.rev(name) === revisions[0] || spec.rev(name) === revisions[1])).toEqual([
      false,
      false,
    ]);
  });

  it('2: a diamond is released step by step', () => {
    const spec = workflow().jobs('A B C D').edges('blocks', 'A>B A>C B>D C>D');
    spec.initialize();
    expect(spec.statuses('A B C D')).toBe('A ready, B blocked, C blocked, D blocked');
    spec.complete('A');
    expect(spec.statuses('A B C D')).toBe('A done, B ready, C ready, D blocked');
    spec.complete('B');
    expect(spec.statuses('D')).toBe('D blocked');
    spec.complete('C');
    expect(spec.statuses('D')).toBe('D ready');
  });

  it('3: a failure cancels the whole chain, until the failed jobs are reset', () => {
    const spec = workflow().jobs('A B C').edges('blocks', 'A>B B>C');
    spec.initialize();
    spec.complete('A', 1);
    const failed = 'A done, B canceled, C canceled';
    expect(spec.statuses('A B C')).toBe(failed);
    expect(isComplete(spec)).toMatchObject({ is_canceled: false, is_complete: true });
    expect(spec.documentsOf('results')).toHaveLength(1);
    expect(spec.documentsOf('events')).toMatchObject([{ category: 'job', type: 'complete', job_name: 'A' }]);
    spec.initialize();
    expect(spec.statuses('A B C')).toBe(failed);
    resetFailed(spec);
    expect(spec.statuses('A B C')).toBe('A uninitialized, B uninitialized, C uninitialized');
    spec.initialize();
    expect(spec.statuses('A B C')).toBe('A ready, B blocked, C blocked');
  });

  it('4: a job that does not mind a failed blocker becomes ready', () => {
    const spec = workflow().jobs('A C').jobs('B', { cancels: false }).edges('blocks', 'A>B B>C');
    spec.initialize();
    spec.complete('A', 1);
    expect(spec.statuses('B C')).toBe('B ready, C blocked');
  });

  it('5: a ready blocker is canceled only if nobody wants its output any more', () => {
    const both = (): WorkflowSpec => workflow().jobs('A B D E').edges('blocks', 'A>D B>D');
    const alone = both();
    alone.initialize();
    alone.complete('A', 1);
    expect(alone.statuses('B D')).toBe('B canceled, D canceled');

    const wanted = both().edges('blocks', 'B>E');
    wanted.initialize();
    wanted.complete('A', 1);
    expect(wanted.statuses('B D E')).toBe('B ready, D canceled, E blocked');
    wanted.complete('B');
    expect(wanted.statuses('D E')).toBe('D canceled, E ready');

    const running = both().set('E', 'done');
    running.initialize();
    running.set('B', 'submitted').complete('A', 1);
    expect(running.statuses('B D')).toBe('B submitted, D canceled');
    running.complete('B');
    expect(running.statuses('B D')).toBe('B done, D canceled');
  });

  it('6: what was terminated runs again without a reset, and what it canceled too', () => {
    const spec = workflow().jobs('A B').edges('blocks', 'A>B');
    spec.initialize();
    spec.complete('A', -15, 'terminated');
    expect(spec.statuses('A B')).toBe('A terminated, B canceled');
    spec.initialize();
    expect(spec.statuses('A B')).toBe('A ready, B blocked');
  });

  it('7: a changed file makes its consumers run again, and what comes after them', () => {
    const done = (): WorkflowSpec => {
      const spec = workflow().jobs('A B').document('files', 'f').document('files', 'g');
      spec.edges('needs', 'A>f B>g').edges('produces', 'A>g').initialize();
      spec.complete('A');
      spec.complete('B');
      return spec;
    };
    const first = done().put('files', 'f', { st_mtime: 2.5 });
    expect(changedInputs(first, true)).toEqual(['A', 'B']);
    expect(first.statuses('A B')).toBe('A done, B done');
    expect(changedInputs(first, false)).toEqual(['A', 'B']);
    expect(first.statuses('A B')).toBe('A uninitialized, B uninitialized');
    expect(changedInputs(first, false)).toEqual([]);
    first.initialize();
    expect(first.statuses('A B')).toBe('A ready, B blocked');

    const second = done().put('files', 'g', { st_mtime: 2.5 });
    expect(changedInputs(second, false)).toEqual(['B']);
    second.initialize();
    expect(second.statuses('A B')).toBe('A done, B ready');
  });

  it('8: ephemeral user data is emptied, and made again', () => {
    const spec = workflow().jobs('A B C').document('user_data', 'u', { is_ephemeral: true });
    spec.edges('stores', 'A>u').edges('consumes', 'B>u').initialize();
    spec.put('user_data', 'u', { data: { alpha: 1 } });
    for (const name of ['A', 'B', 'C']) spec.complete(name);
    expect(changedInputs(spec, false)).toEqual(['A', 'B']);
    expect(spec.documentsOf('user_data')).toEqual([{ name: 'u', is_ephemeral: true, data: {} }]);
    expect(spec.statuses('C')).toBe('C done');
    const { writes } = [...spec.view.documents(spec.workflow, 'user_data')][0] ?? {};
    spec.initialize();
    expect(spec.statuses('A B C')).toBe('A ready, B blocked, C done');
    expect([...spec.view.documents(spec.workflow, 'user_data')][0]?.writes).toBe(writes);
    expect(finished(missingUserData(spec.view, WORKFLOW))).toEqual({ keys: [] });
  });

  it('9: only uninitialized jobs are touched if so wished', () => {
    const spec = workflow().jobs('A B C D').edges('blocks', 'A>C');
    spec.set('A', 'done').set('B', 'submitted').set('D', 'terminated').initialize(true);
    expect(spec.statuses('A B C D')).toBe('A done, B submitted, C ready, D terminated');
    spec.initialize();
    expect(spec.statuses('A B C D')).toBe('A done, B ready, C ready, D ready');
  });

  const claimable = (): WorkflowSpec => {
    const spec = workflow().jobs('j1 j2 j3');
    spec.document('resource_requirements', 'one', { num_cpus: 4, memory: '8g', runtime: 'PT1H' });
    spec.document('resource_requirements', 'two', { num_cpus: 4, memory: '8g', runtime: 'PT2H' });
    spec.document('resource_requirements', 'three', { num_cpus: 2, memory: '2g', runtime: 'PT3H' });
    spec.edges('requires', 'j1>one j2>two j3>three').initialize();
    return spec;
  };
  it.each<[string, Partial<WorkerResources>, { limit?: number; sort?: SortMethod }, readonly string[]]>([
    ['by runtime', {}, {}, ['j3', 'j2']],
    ['by memory', {}, { sort: 'gpus_memory_runtime' }, ['j2', 'j1']],
    ['in order of creation', {}, { sort: 'none' }, ['j1', 'j2']],
    ['what ends in time', { time_limit: 'PT2H' }, {}, ['j2', 'j1']],
    ['up to a limit', {}, { limit: 1 }, ['j3']],
  ])('10: a worker gets jobs %s', (__, offer, options, names) => {
    expect(claimable().claim({ num_cpus: 8, memory_gb: 16, num_gpus: 0, ...offer }, options)).toEqual(names);
  });

  it('10: a worker gets nothing that needs more than it has', () => {
    expect(claimable().claim({ time_limit: '-PT5S' })).toMatch('time keeps out 3');
    expect(claimable().claim({ num_cpus: 3, memory_gb: 1, num_gpus: 0 })).toBe(
      'no ready job fits 3 CPUs, 0 GPUs, 1 GiB, 1 node, no time limit, no scheduler: of 3 ready jobs, CPUs keep out 2, memory keeps out 3',
    );
  });

  it('11: jobs of a scheduler go to its workers only', () => {
    const given = (): { readonly spec: WorkflowSpec; readonly id: string } => {
      const spec = workflow().jobs('s p').document('slurm_schedulers', 'short').document('aws_schedulers', 'x');
      spec.edges('scheduled_bys', 's>short').initialize();
      return { spec, id: `slurm_schedulers__${WORKFLOW}/${spec.keyOf('short')}` };
    };
    expect(given().spec.claim()).toEqual(['p']);
    const { spec, id } = given();
    expect(spec.claim({ scheduler_config_id: id })).toEqual(['s', 'p']);
    expect(given().spec.claim({ scheduler_config_id: 'slurm_schedulers__97/0' })).toEqual(['p']);
  });

  it('12: a job goes to one worker only', () => {
    const spec = workflow().jobs('A', { status: 'ready' });
    expect(spec.claim()).toEqual(['A']);
    expect(spec.claim()).toBe('no job of workflow 97 is ready');
  });

  it('13: a canceled workflow ends, and what ran can be reset', () => {
    const spec = workflow().jobs('A B C').edges('blocks', 'A>C');
    spec.initialize();
    spec.set('A', 'submitted');
    const before = spec.rev('A');
    spec.when((view, now) => cancelWorkflow(view, WORKFLOW, now));
    expect(spec.statuses('A B C')).toBe('A canceled, B ready, C blocked');
    expect(isComplete(spec)).toMatchObject({ is_canceled: true, is_complete: true });
    expect(spec.claim()).toMatch('is canceled');
    expect(spec.complete('A', 0, 'done', { rev: before }).error?.kind).toBe('conflict');
    expect(spec.complete('A', -9, 'canceled').error).toBeUndefined();
    expect(spec.documentsOf('results')).toMatchObject([{ return_code: -9 }]);
    expect(spec.statuses('A B C')).toBe('A canceled, B ready, C blocked');
    const again = { ...{ is_canceled: false, run_id: 1 } };
    spec.when((view, now) => resetStatus(view, WORKFLOW, now));
    expect(JSON.parse(spec.workflow.status)).toMatchObject(again);
    spec.initialize();
    expect(spec.statuses('A B C')).toBe('A canceled, B ready, C blocked');
    resetFailed(spec);
    spec.initialize();
    expect(spec.statuses('A B C')).toBe('A ready, B ready, C blocked');
  });

  it('14: what changes a claimed job fences its worker off', () => {
    const spec = workflow().jobs('A', { status: 'ready' });
    spec.claim();
    const claimed = spec.rev('A');
    spec.when((view, now) => cancelWorkflow(view, WORKFLOW, now));
    expect(spec.start('A', { rev: claimed }).error?.kind).toBe('state');

    const other = workflow().jobs('A', { status: 'ready' });
    other.claim();
    const rev = other.rev('A');
    other.set('A', 'submitted_pending');
    expect(other.start('A', { rev }).error?.kind).toBe('conflict');
  });

  it('15: a disabled job keeps what comes after it blocked', () => {
    const spec = workflow().jobs('A B C D').edges('blocks', 'A>B B>C').set('B D', 'disabled');
    spec.initialize();
    expect(spec.statuses('A B C D')).toBe('A ready, B disabled, C blocked, D disabled');
    spec.complete('A');
    expect(spec.statuses('B C')).toBe('B disabled, C blocked');
    expect(isComplete(spec)).toMatchObject({ is_complete: false });
    expect(isComplete(workflow().jobs('D', { status: 'disabled' }))).toMatchObject({ is_complete: true });
  });

  it('16: results belong to a run', () => {
    const spec = workflow().jobs('A', { status: 'ready' });
    spec.complete('A');
    spec.part('status', { run_id: 2 });
    expect(spec.complete('A', 0, 'done', { run_id: 1 }).error?.kind).toBe('state');
  });
});
