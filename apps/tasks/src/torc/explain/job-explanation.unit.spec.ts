import type { WorkerResources } from '#contracts/torc/jobs.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { explainJob } from './job-explanation.js';
import { SeenOffers } from './seen-offers.js';
import { explainWorkflow } from './workflow-explanation.js';

const OFFER: WorkerResources = { num_cpus: 4, memory_gb: 8, num_gpus: 0, num_nodes: 1, scheduler_config_id: '' };

interface Explanation {
  readonly reason: string;
  readonly blockers: { readonly open: number; readonly jobs: readonly object[]; readonly origins: readonly object[] };
  readonly offers: readonly { readonly fits: boolean; readonly misfits: readonly object[] }[];
}

const explain = (spec: WorkflowSpec, name: string, ...offers: readonly Partial<WorkerResources>[]): Explanation => {
  const seen = new SeenOffers();
  for (const offer of offers) seen.remember(WORKFLOW, { ...OFFER, ...offer }, 0, false);
  return explainJob(spec.view, spec.workflow, spec.job(name), seen.of(WORKFLOW)) as unknown as Explanation;
};

const chain = (): WorkflowSpec =>
  new WorkflowSpec()
    .jobs('make use show')
    .document('files', 'grid')
    .document('user_data', 'params')
    .edges('produces', 'make>grid')
    .edges('needs', 'use>grid')
    .edges('stores', 'use>params')
    .edges('consumes', 'show>params');

describe('the explanation of a job', () => {
  it('names what blocks it, by which documents, and where that begins', () => {
    const spec = chain();
    expect(explain(spec, 'show').reason).toContain('It is not initialized');
    spec.initialize();
    const [make, use] = ['make', 'use'].map((name) => `jobs__97/${spec.keyOf(name)}`);
    expect(explain(spec, 'use').reason).toBe(
      `It waits for make (${make ?? ''}) to make grid; of what it waits for, make (${make ?? ''}) is ready.`,
    );
    const { blockers, reason } = explain(spec, 'show');
    expect(blockers).toEqual({
      open: 1,
      jobs: [{ job_id: use, name: 'use', status: 'blocked', files: [], user_data: ['params'] }],
      origins: [{ job_id: make, name: 'make', status: 'ready' }],
    });
    expect(reason).toContain(`make (${make ?? ''}) is ready`);
    spec.set('make', 'disabled');
    expect(explain(spec, 'show').reason).toContain('is disabled, so that nothing unblocks it');
  });

  it('says that no worker fits, and by how much', () => {
    const group = { num_cpus: 6, num_gpus: 0, num_nodes: 1, memory: '12g', runtime: 'PT1H' };
    const spec = new WorkflowSpec()
      .jobs('A')
      .document('resource_requirements', 'big', group)
      .edges('requires', 'A>big');
    spec.initialize();
    expect(explain(spec, 'A').reason).toContain('no worker has asked');
    const { reason, offers } = explain(
      spec,
      'A',
      {},
      { num_cpus: 5 },
      { num_cpus: 8, memory_gb: 16, time_limit: 'PT59M59.5S' },
    );
    expect(reason).toBe(
      'It is ready, but fits none of the offers last seen (3): it needs 6 CPUs and at most 5 were offered; ' +
        'it needs 12 GiB of memory and at most 8 were offered; it runs for 3600 s and at most 3599.5 s were left.',
    );
    expect(offers.map(({ fits }) => fits)).toEqual([false, false, false]);
    expect(offers[0]?.misfits).toEqual([{ name: 'runtime_seconds', asked: 3600, offered: 3599.5 }]);
    expect(explain(spec, 'A', {}, { num_cpus: 6, memory_gb: 12, time_limit: 'PT1H' }).reason).toContain(
      'waits for its turn',
    );
    spec.part('status', { is_canceled: true });
    expect(explain(spec, 'A').reason).toContain('is canceled');
  });

  it('names the scheduler that a job is for', () => {
    const spec = new WorkflowSpec().jobs('A').document('slurm_schedulers', 'short').edges('scheduled_bys', 'A>short');
    spec.initialize();
    const id = `slurm_schedulers__97/${spec.keyOf('short')}`;
    expect(explain(spec, 'A', {}).reason).toContain(`it is for the scheduler ${id}`);
    expect(explain(spec, 'A', { scheduler_config_id: id }).offers[0]?.fits).toBe(true);
  });

  it('tells what became of it', () => {
    const spec = new WorkflowSpec().jobs('A').document('compute_nodes', 'node', { hostname: 'node-07' });
    spec.initialize();
    spec.claim();
    expect(explain(spec, 'A').reason).toContain('has claimed it');
    spec.start('A', { compute_node: spec.keyOf('node') });
    expect(explain(spec, 'A').reason).toBe('It is running on node-07.');
    spec.complete('A', 3, 'done', { compute_node: spec.keyOf('node') });
    expect(explain(spec, 'A').reason).toBe('It has failed with the return code 3 on node-07.');
    for (const [status, text] of [
      ['canceled', 'It is canceled'],
      ['terminated', 'time was up'],
      ['disabled', 'It is disabled'],
    ] as const) {
      expect(explain(spec.set('A', status), 'A').reason).toContain(text);
    }
  });
});

describe('the explanation of a workflow', () => {
  const offers = (...given: readonly Partial<WorkerResources>[]) => {
    const seen = new SeenOffers();
    for (const offer of given) seen.remember(WORKFLOW, { ...OFFER, ...offer }, 0, false);
    return seen.of(WORKFLOW);
  };
  const reason = (spec: WorkflowSpec, ...given: readonly Partial<WorkerResources>[]): string =>
    explainWorkflow(spec.view, spec.workflow, offers(...given)).reason;

  it('says what would have to change', () => {
    const group = { num_cpus: 6, num_gpus: 0, num_nodes: 1, memory: '1g', runtime: 'PT1H' };
    const spec = chain().document('resource_requirements', 'big', group).edges('requires', 'make>big');
    expect(reason(spec)).toContain('not initialized');
    spec.initialize();
    expect(reason(spec)).toBe('1 job is ready, but no worker has asked since Cairn started.');
    expect(reason(spec, {})).toMatch(
      /^Of 1 job that is ready, none fits .* Of make .*it needs 6 CPUs and at most 4 were/,
    );
    expect(explainWorkflow(spec.view, spec.workflow, offers({}))).toMatchObject({
      jobs: { ready: 1, blocked: 2 },
      job: { reason: expect.stringContaining('6 CPUs') as unknown },
    });
    expect(reason(spec, { num_cpus: 6 })).toContain('waits for workers to ask again');
    expect(reason(spec.set('make', 'submitted_pending'))).toContain('1 job was claimed and is not started yet');
    expect(reason(spec.set('make', 'submitted'))).toBe('1 job runs; nothing else is ready.');
    expect(reason(spec.set('make', 'disabled'))).toMatch(
      /^What is left is blocked\. Of use .* is disabled, so that nothing/,
    );
    expect(reason(spec.set('make use show', 'done'))).toBe('All its jobs are complete or disabled.');
    expect(reason(spec.part('status', { is_canceled: true }))).toContain('It is canceled');
  });
});

describe('offers that were seen', () => {
  it('are the latest of each kind', () => {
    const seen = new SeenOffers();
    for (let cpus = 1; cpus <= 30; cpus += 1) seen.remember('97', { ...OFFER, num_cpus: cpus }, cpus, false);
    seen.remember('97', { ...OFFER, num_cpus: 12, time_limit: 'PT1S' }, 99, true);
    expect(seen.of('97')).toHaveLength(20);
    expect(seen.of('97')[0]).toMatchObject({ seenMicros: 99, found: true, resources: { time_limit: 'PT1S' } });
    for (let other = 0; other < 1_000; other += 1) seen.remember(`w${other}`, OFFER, 0, false);
    expect(seen.of('97')).toEqual([]);
  });
});
