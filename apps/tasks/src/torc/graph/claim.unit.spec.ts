import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { claimNextJobs } from './claim.js';

const group = (spec: WorkflowSpec, name: string, fields: object) =>
  spec.document('resource_requirements', name, { num_cpus: 1, memory: '1g', runtime: 'PT1H', ...fields });

/** Jobs of one group each: `A` of group `a`, and so on. */
const given = (groups: Readonly<Record<string, object>>): WorkflowSpec => {
  const spec = new WorkflowSpec();
  for (const [name, fields] of Object.entries(groups)) {
    group(spec.jobs(name.toUpperCase()), name, fields).edges('requires', `${name.toUpperCase()}>${name}`);
  }
  spec.initialize();
  return spec;
};

const repeated = (spec: WorkflowSpec, count: number, fields: object): WorkflowSpec => {
  group(spec, 'g', fields);
  for (let at = 0; at < count; at += 1) spec.jobs(`j${at}`).edges('requires', `j${at}>g`);
  spec.initialize();
  return spec;
};

describe('a claim of Torc jobs', () => {
  // Contract 5.2.
  it.each([
    [{ num_cpus: 36, memory_gb: 92 }, 9],
    [{ num_cpus: 200, memory_gb: 82 }, 20],
  ])('fits as many jobs of 4 CPUs and 4 GiB into %j as there is room for', (offer, count) => {
    expect(repeated(new WorkflowSpec(), 30, { num_cpus: 4, memory: '4g' }).claim(offer)).toHaveLength(count);
  });

  it('answers documents with the new revision and with what they need', () => {
    const spec = given({ a: { num_cpus: 4 } });
    const rev = spec.rev('A');
    const { reply } = spec.when((view, now) => claimNextJobs(view, { workflow: WORKFLOW, limit: 1 }, now));
    expect(reply?.documents.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      {
        ...{
          _key: spec.keyOf('A'),
          _id: `jobs__97/${spec.keyOf('A')}`,
          _rev: spec.rev('A'),
          status: 'submitted_pending',
        },
        internal: { num_cpus: 4, num_gpus: 0, num_nodes: 1, memory_bytes: 2 ** 30, runtime_seconds: 3600, hash: 0 },
      },
    ]);
    expect(spec.rev('A')).not.toBe(rev);
  });

  it('takes GPUs first, and goes on with smaller jobs when a large one does not fit', () => {
    const spec = given({ a: { num_cpus: 2 }, b: { num_cpus: 5, runtime: 'PT9H' }, c: { num_cpus: 4, num_gpus: 1 } });
    expect(spec.claim({ num_cpus: 6, num_gpus: 1 })).toEqual(['C', 'A']);
  });

  it('compares nodes and time, but does not use them up', () => {
    expect(given({ a: { num_nodes: 2 }, b: { num_nodes: 2 } }).claim({ num_nodes: 2 })).toEqual(['A', 'B']);
    expect(given({ a: { num_nodes: 2 } }).claim({ num_nodes: 1 })).toMatch('of 1 ready job, nodes keep out 1');
  });

  it('ends when CPUs or memory are used up, also for jobs that need none', () => {
    const none = { num_cpus: 0, memory: '0', runtime: 'PT1M' };
    expect(given({ a: {}, b: none }).claim({ num_cpus: 1 })).toEqual(['A']);
    expect(given({ a: {}, b: none }).claim({ num_cpus: 2 })).toEqual(['A', 'B']);
  });

  it('takes scheduled jobs as well as ready ones, in order of creation where they need the same', () => {
    const spec = new WorkflowSpec().jobs('A B C').set('A', 'ready').set('B', 'scheduled').set('C', 'ready');
    expect(spec.claim()).toEqual(['A', 'B', 'C']);
  });

  it('takes higher priorities first', () => {
    const spec = new WorkflowSpec()
      .jobs('A', { status: 'ready' })
      .jobs('B', { status: 'ready', fields: { priority: 5 } });
    expect(spec.jobs('C', { status: 'ready', fields: { priority: 1 } }).claim()).toEqual(['B', 'C', 'A']);
  });

  it('hands a claimed job out again if nobody starts it in the time that the config gives (D24)', () => {
    const spec = new WorkflowSpec().jobs('A B C', { status: 'ready' });
    expect(spec.claim({}, { limit: 2 })).toEqual(['A', 'B']);
    spec.start('B');
    spec.pass(3_600_000_000);
    // Off by default.
    expect(spec.claim({}, { limit: 1 })).toEqual(['C']);
    expect(spec.claim()).toMatch('no job');
    spec.part('config', { claim_timeout_seconds: 60 });
    const rev = spec.rev('A');
    expect(spec.claim({ num_cpus: 0, memory_gb: 0 }, { limit: 0 })).toMatch('limit');
    expect(spec.claim()).toEqual(['A']);
    expect(spec.start('A', { rev }).error?.kind).toBe('conflict');
    expect(spec.start('A').error).toBeUndefined();
    expect(spec.pass(58_000_000).claim()).toEqual(['C']);
    expect(spec.claim()).toMatch('no job');
  });

  it('hands out nothing with limit 0, and says why', () => {
    const spec = new WorkflowSpec().jobs('A', { status: 'ready' });
    expect(spec.claim({}, { limit: 0 })).toBe('the limit is 0');
    expect(spec.statuses('A')).toBe('A ready');
  });

  it('never hands out more than was offered', () => {
    const spec = repeated(new WorkflowSpec(), 10, { memory: '3355443' });
    // 0.1 GiB are not a whole number of bytes.
    const names = spec.claim({ memory_gb: 0.1 });
    expect(names.length * 3_355_443).toBeLessThanOrEqual(0.1 * 2 ** 30);
  });
});
