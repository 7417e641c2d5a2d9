import { type FinalStatus, isFinal, JOB_STATUSES } from '#contracts/torc/statuses.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { enableAutoTune, processAutoTune } from './auto-tune.js';
import { cancelWorkflow } from './cancel.js';
import { claimJobs, claimNextJobs, scheduleJobs } from './claim.js';
import { manageStatus } from './manage-status.js';
import { resetJobs } from './reset.js';

const one = (status: string): WorkflowSpec => new WorkflowSpec().jobs('A', { status });
const others = (...excepted: string[]): string[] => JOB_STATUSES.filter((status) => !excepted.includes(status));

const manage = (spec: WorkflowSpec, name: string, status: string, options: { rev?: string; run_id?: number } = {}) => {
  const request = { workflow: WORKFLOW, key: spec.keyOf(name), status, rev: spec.rev(name), run_id: 1, ...options };
  return spec.when((view, now) => manageStatus(view, request, now));
};

// Contract 4, row by row.
describe('the status machine of Torc jobs', () => {
  it.each(others('disabled'))('initialize_jobs: %s becomes ready or blocked, or stays complete', (status) => {
    const spec = one(status).jobs('B', { status: 'uninitialized' }).jobs('C').edges('blocks', 'B>C');
    spec.initialize();
    const stays = status === 'done' || status === 'canceled';
    expect(spec.statuses('A B C')).toBe(`A ${stays ? status : 'ready'}, B ready, C blocked`);
  });

  it('initialize_jobs: disabled stays', () => {
    const spec = one('disabled');
    spec.initialize();
    expect(spec.statuses('A')).toBe('A disabled');
  });

  it.each(JOB_STATUSES)('a claim takes only what is ready or scheduled, not %s', (status) => {
    const isReady = status === 'ready' || status === 'scheduled';
    expect(one(status).claim()).toEqual(isReady ? ['A'] : 'no job of workflow 97 is ready');
    const spec = one(status);
    const request = { workflow: WORKFLOW, limit: 1 };
    const { reply } = spec.when((view, now) => claimNextJobs(view, request, now));
    expect([reply?.documents.length, spec.statuses('A')]).toEqual(
      isReady ? [1, 'A submitted_pending'] : [0, `A ${status}`],
    );
  });

  it.each(JOB_STATUSES)('prepare_jobs_for_scheduling takes only what is ready, not %s', (status) => {
    const asks = { schedule_compute_nodes: { scheduler_id: 'slurm_schedulers__97/1', num_jobs: 1 } };
    const spec = new WorkflowSpec().jobs('A', { status, fields: asks }).jobs('B', { status });
    const { reply } = spec.when((view, now) => scheduleJobs(view, WORKFLOW, now));
    const isReady = status === 'ready';
    expect(reply?.schedulers).toEqual(isReady ? [JSON.stringify(asks.schedule_compute_nodes)] : []);
    expect(spec.statuses('A B')).toBe(`A ${isReady ? 'scheduled' : status}, B ${status}`);
    expect(spec.when((view, now) => scheduleJobs(view, WORKFLOW, now)).reply?.schedulers).toEqual([]);
  });

  it.each(JOB_STATUSES)('start_job takes only what was claimed, not %s', (status) => {
    const spec = one(status);
    const { error } = spec.start('A');
    expect(error?.kind).toBe(status === 'submitted_pending' ? undefined : 'state');
    expect(spec.statuses('A')).toBe(`A ${error === undefined ? 'submitted' : status}`);
  });

  it.each(JOB_STATUSES.flatMap((from) => ['done', 'terminated', 'canceled'].map((to) => [from, to] as const)))(
    'complete_job: %s becomes %s',
    (from, to) => {
      const spec = one(from).jobs('B', { status: 'blocked' }).edges('blocks', 'A>B');
      spec.complete('A', 0, to);
      // Only what was not complete before has an effect on others.
      expect(spec.statuses('A B')).toBe(`A ${to}, B ${isFinal(from) ? 'blocked' : 'ready'}`);
    },
  );

  it.each(others('blocked'))('a completion leaves a dependent that is %s alone', (status) => {
    const spec = one('submitted').jobs('B', { status }).edges('blocks', 'A>B');
    spec.complete('A', 1);
    expect(spec.statuses('B')).toBe(`B ${status}`);
  });

  it.each<FinalStatus>(['done', 'terminated', 'canceled'])('at run time a blocker that is %s unblocks', (status) => {
    const spec = one('submitted').jobs('B', { status }).jobs('C', { status: 'blocked' }).edges('blocks', 'A>C B>C');
    spec.complete('A');
    expect(spec.statuses('C')).toBe('C ready');
  });

  it.each(others('ready'))('a failure leaves another blocker that is %s to finish', (status) => {
    const spec = one('submitted').jobs('B', { status }).jobs('C', { status: 'blocked' }).edges('blocks', 'A>C B>C');
    spec.complete('A', 1);
    expect(spec.statuses('B C')).toBe(`B ${status}, C canceled`);
  });

  it.each(JOB_STATUSES)('cancel stops what is claimed or runs, not %s', (status) => {
    const spec = one(status);
    const [isStopped, before] = [status === 'submitted' || status === 'submitted_pending', spec.rev('A')];
    spec.when((view, now) => cancelWorkflow(view, WORKFLOW, now));
    expect([spec.statuses('A'), spec.rev('A') !== before]).toEqual([`A ${isStopped ? 'canceled' : status}`, isStopped]);
    expect(spec.when((view, now) => cancelWorkflow(view, WORKFLOW, now)).events).toEqual([]);
  });

  it.each(JOB_STATUSES)('manage_status_change resets dependents only of what was complete: %s', (status) => {
    const spec = one(status).jobs('B C').jobs('D', { status: 'disabled' }).edges('blocks', 'A>B B>D D>C');
    spec.set('B', 'done').set('C', 'canceled');
    manage(spec, 'A', 'uninitialized');
    expect(spec.statuses('A B C D')).toBe(
      isFinal(status)
        ? 'A uninitialized, B uninitialized, C uninitialized, D disabled'
        : 'A uninitialized, B done, C canceled, D disabled',
    );
  });

  it('manage_status_change checks in this order', () => {
    const spec = one('ready');
    expect(manage(spec, 'A', 'ready', { rev: 'old', run_id: 7 }).events).toEqual([]);
    expect(manage(spec, 'A', 'blocked', { rev: 'old' }).error?.message).toMatch('revision');
    expect(manage(spec, 'A', 'blocked', { run_id: 7 }).error?.message).toMatch('run 7');
    for (const status of ['done', 'canceled', 'terminated', 'melted']) {
      expect(manage(spec, 'A', status).error?.kind).toBe('invalid');
    }
    const { reply } = manage(spec, 'A', 'blocked');
    expect(JSON.parse(reply?.document ?? '')).toMatchObject({ status: 'blocked', _rev: spec.rev('A') });
  });

  it.each(JOB_STATUSES)('reset_job_status resets all, also %s', (status) => {
    const spec = one(status);
    spec.when((view, now) => resetJobs(view, { workflow: WORKFLOW, failed_only: false }, now));
    expect(spec.statuses('A')).toBe('A uninitialized');
  });

  it('auto_tune disables all but the first of each group, and switches them on again afterwards', () => {
    const spec = new WorkflowSpec().jobs('A B C D', { status: 'ready' }).jobs('E', { status: 'blocked' });
    spec.document('resource_requirements', 'big', { num_cpus: 4, memory: '8g', runtime: 'PT1H' });
    spec.edges('requires', 'B>big C>big').edges('blocks', 'A>E');
    const enable = () => spec.when((view, now) => enableAutoTune(view, WORKFLOW, now));
    expect(enable().error?.kind).toBe('state');
    spec.part('config', { compute_node_resource_stats: { process: true } });
    enable();
    expect(spec.statuses('A B C D E')).toBe('A ready, B ready, C disabled, D disabled, E blocked');
    const tuned = [spec.keyOf('A'), spec.keyOf('B')];
    expect(JSON.parse(spec.workflow.status)).toMatchObject({ auto_tune_status: { enabled: true, job_keys: tuned } });
    expect(enable().error?.message).toMatch('is disabled already');

    const process = () => spec.when((view, now) => processAutoTune(view, WORKFLOW, now));
    expect(process().error?.message).toMatch('has no process stats');
    for (const [at, name] of ['A', 'B'].entries()) {
      const measured = { job_key: spec.keyOf(name), max_cpu_percent: 250.5, max_rss: 1.5 * 2 ** 30 };
      spec.document('job_process_stats', `old ${at}`, { ...measured, run_id: 1, max_rss: 2 ** 35 });
      spec.document('job_process_stats', `new ${at}`, { ...measured, run_id: 2 });
    }
    expect(process().error?.message).toMatch('has no result of run 1');
    spec.complete('A');
    spec.complete('B');
    expect(process().error?.message).toMatch('was not measured');
    expect(spec.documentsOf('events')).toHaveLength(2);
    spec.set('E', 'disabled');
    process();
    expect(spec.statuses('A B C D E')).toBe('A done, B done, C uninitialized, D uninitialized, E uninitialized');
    const [big] = spec.documentsOf('resource_requirements');
    expect(big).toEqual({ name: 'big', num_cpus: 3, memory: '2g', runtime: 'P0DT0H6M' });
    expect(spec.documentsOf('events')[2]).toMatchObject({
      ...{ category: 'resource_requirements', type: 'update', name: 'big', message: 'Updated group big' },
      ...{ old: { num_cpus: 4, _key: spec.keyOf('big') }, new: { num_cpus: 3, runtime: 'P0DT0H6M' } },
    });
    expect(JSON.parse(spec.workflow.status)).toMatchObject({ auto_tune_status: { enabled: false, job_keys: tuned } });
  });

  it('claims of a canceled workflow get nothing', () => {
    const spec = one('ready').part('status', { is_canceled: true });
    expect(spec.claim()).toBe('workflow 97 is canceled');
    const next = spec.when((view, now) => claimNextJobs(view, { workflow: WORKFLOW, limit: 1 }, now));
    expect(next.reply?.documents).toEqual([]);
    expect(spec.when((view, now) => scheduleJobs(view, WORKFLOW, now)).reply?.schedulers).toEqual([]);
    expect(spec.statuses('A')).toBe('A ready');
  });

  it('unknown workflows are not found', () => {
    const { view, nowMicros: now } = new WorkflowSpec();
    const resources = { num_cpus: 1, memory_gb: 1, num_gpus: 0, num_nodes: 1, scheduler_config_id: '' };
    const claim = { workflow: 'x', resources, limit: 1, sort_method: 'none' as const };
    const works = [
      ...[claimJobs(view, claim, now), claimNextJobs(view, { workflow: 'x', limit: 1 }, now)],
      ...[scheduleJobs(view, 'x', now), cancelWorkflow(view, 'x', now), enableAutoTune(view, 'x', now)],
      ...[processAutoTune(view, 'x', now), resetJobs(view, { workflow: 'x', failed_only: true }, now)],
    ];
    for (const work of works) expect(finished<unknown>(work)).toMatchObject({ kind: 'not-found' });
  });
});
