import { WorkflowSpec } from '../testing/workflow-spec.js';

const GIB = 2 ** 30;

const internalOf = (spec: WorkflowSpec, name: string) => {
  const { unit } = spec.job(name);
  return { ...(JSON.parse(unit.requirements) as object), scheduler: unit.site };
};

describe('initialize_jobs', () => {
  it('writes each job once, with one event for those that get the same', () => {
    const names = Array.from({ length: 50 }, (_, at) => `j${at}`).join(' ');
    const spec = new WorkflowSpec().jobs(names).jobs('last').edges('blocks', 'j0>last');
    const before = spec.rev('j7');
    const { events } = spec.initialize();
    expect(events.map(({ type }) => type)).toEqual(['JobsInitialized', 'JobsInitialized']);
    expect(spec.rev('j7')).not.toBe(before);
  });

  it('copies numbers of groups and ids of schedulers', () => {
    const spec = new WorkflowSpec().jobs('A B C');
    spec.document('resource_requirements', 'big', {
      num_cpus: 4,
      num_gpus: 1,
      num_nodes: 2,
      memory: '1.5g',
      runtime: 'PT90S',
    });
    spec.document('resource_requirements', 'none', {
      num_cpus: 0,
      num_gpus: 0,
      num_nodes: 1,
      memory: '0',
      runtime: 'PT0S',
    });
    spec.document('local_schedulers', 'here').edges('requires', 'A>big B>none').edges('scheduled_bys', 'A>here');
    spec.initialize();
    expect(internalOf(spec, 'A')).toEqual({
      ...{ num_cpus: 4, num_gpus: 1, num_nodes: 2, memory_bytes: 1.5 * GIB, runtime_seconds: 90 },
      scheduler: `local_schedulers__97/${spec.keyOf('here')}`,
    });
    // A 0 of a group means 0 (D36), and no group the default one.
    expect(internalOf(spec, 'B')).toMatchObject({ num_cpus: 0, memory_bytes: 0, runtime_seconds: 0, scheduler: '' });
    expect(internalOf(spec, 'C')).toEqual({
      ...{ num_cpus: 1, num_gpus: 0, num_nodes: 1, memory_bytes: GIB / 1024, runtime_seconds: 60, scheduler: '' },
    });
    // Groups count again only at the next initialization.
    spec.put('resource_requirements', 'big', { num_cpus: 8 });
    expect(internalOf(spec, 'A')).toMatchObject({ num_cpus: 4 });
    spec.initialize();
    expect(internalOf(spec, 'A')).toMatchObject({ num_cpus: 8 });
  });

  it('joins jobs by user data too, each pair once, and never a job with itself', () => {
    const spec = new WorkflowSpec()
      .jobs('A B')
      .document('user_data', 'u')
      .document('files', 'f')
      .document('files', 'g');
    spec.edges('stores', 'A>u').edges('consumes', 'B>u A>u').edges('produces', 'A>f A>g').edges('needs', 'B>f B>g');
    spec.initialize();
    expect(spec.pairs('blocks')).toEqual(['A>B']);
  });

  it('refuses a cycle, and names its jobs', () => {
    const spec = new WorkflowSpec().jobs('A B C D').edges('blocks', 'A>B B>C C>B C>D');
    const { error } = spec.initialize();
    const [b, c] = [spec.keyOf('B'), spec.keyOf('C')];
    expect(error?.kind).toBe('invalid');
    expect([`jobs ${b}, ${c} of`, `jobs ${c}, ${b} of`]).toContain(
      error?.message.slice(0, `jobs ${b}, ${c} of`.length),
    );
    expect(spec.statuses('A B')).toBe('A uninitialized, B uninitialized');
  });

  it('empties ephemeral user data unless told otherwise, and writes nothing where there is none', () => {
    const spec = new WorkflowSpec().document('user_data', 'full', { is_ephemeral: true, data: { a: 1 } });
    spec
      .document('user_data', 'empty', { is_ephemeral: true, data: {} })
      .document('user_data', 'absent', { is_ephemeral: true });
    spec.document('user_data', 'kept', { is_ephemeral: false, data: { a: 1 } });
    const writes = () => [...spec.view.documents(spec.workflow, 'user_data')].map((one) => one.writes);
    spec.initialize(false, false);
    expect(writes()).toEqual([1, 1, 1, 1]);
    spec.initialize();
    expect(writes()).toEqual([2, 1, 1, 1]);
    expect(spec.documentsOf('user_data')[0]).toMatchObject({ data: {} });
    spec.initialize();
    expect(writes()).toEqual([2, 1, 1, 1]);
  });

  it('unblocks what waits only for blockers that are done (D5)', () => {
    const spec = new WorkflowSpec().jobs('A B').set('A', 'blocked').set('B', 'done');
    spec.initialize();
    expect(spec.statuses('A B')).toBe('A ready, B done');
  });

  it('leaves chains of canceled jobs canceled (D31), but not behind a job that will run', () => {
    const spec = new WorkflowSpec().jobs('A B C D E').edges('blocks', 'A>B B>C D>E');
    spec.set('A', 'done').set('B C', 'canceled').set('D', 'terminated').set('E', 'canceled').initialize();
    expect(spec.statuses('A B C D E')).toBe('A done, B canceled, C canceled, D ready, E blocked');
  });

  it('resets whatever comes after an uninitialized job, through disabled ones (D27)', () => {
    const spec = new WorkflowSpec().jobs('A B C').edges('blocks', 'A>B B>C').set('B', 'disabled').set('C', 'done');
    spec.initialize(true);
    expect(spec.statuses('A B C')).toBe('A ready, B disabled, C blocked');
  });
});
