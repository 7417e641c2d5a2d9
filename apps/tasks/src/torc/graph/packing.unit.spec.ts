import { WorkflowSpec } from '../testing/workflow-spec.js';

const WHOLE = { num_cpus: 4, memory_gb: 8, num_gpus: 0 };
const PACKED = 'workers that have jobs take what is left';

/** A worker of 4 CPUs runs A (1 CPU), another one runs nothing; B is ready and needs 1 CPU. */
const given = (config: object = { pack_last_jobs_seconds: 60 }): WorkflowSpec => {
  const spec = new WorkflowSpec().jobs('A B').part('config', { ...config });
  const resources = { ...WHOLE, num_nodes: 1, scheduler_config_id: '' };
  for (const name of ['node', 'idle'])
    spec.document('compute_nodes', name, { hostname: name, is_active: true, resources });
  spec.initialize();
  spec.claim(WHOLE, { limit: 1 });
  spec.start('A');
  return spec;
};

describe('packing of the last jobs', () => {
  it('leaves them to workers that have jobs', () => {
    const spec = given();
    expect(spec.claim(WHOLE)).toBe(PACKED);
    expect(spec.claim({ ...WHOLE, num_cpus: 3, memory_gb: 7 })).toEqual(['B']);
  });

  it('is off unless the config turns it on', () => expect(given({}).claim(WHOLE)).toEqual(['B']));

  it('ends after the time that the config gives', () => {
    expect(given().pass(61_000_000).claim(WHOLE)).toEqual(['B']);
  });

  it('does nothing while other jobs are blocked', () => {
    expect(given().jobs('C', { status: 'blocked' }).claim(WHOLE)).toEqual(['B']);
  });

  it('does nothing when they do not fit beside running jobs', () => {
    const spec = given().jobs('C D', { status: 'ready' });
    expect(spec.claim(WHOLE)).toBe(PACKED);
    spec.jobs('F').document('resource_requirements', 'big', { num_cpus: 4, memory: '1g', runtime: 'PT1M' });
    spec.edges('requires', 'F>big').initialize(true);
    expect(spec.claim(WHOLE)).toContain('F');
  });

  it('does nothing when no worker has jobs', () => {
    expect(given().put('compute_nodes', 'node', { is_active: false }).claim(WHOLE)).toEqual(['B']);
  });
});
