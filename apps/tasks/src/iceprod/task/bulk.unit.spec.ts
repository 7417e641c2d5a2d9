import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { actOnTasks, setRequirements, setTasksStatus } from './bulk.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

const forced = (spec: TaskSpec, request: { dataset_id?: string; tasks: readonly string[]; status: string }) =>
  spec.when((view) => setTasksStatus(view, request));

describe('bulk_status', () => {
  it('forces any change and ends leases', () => {
    const spec = new TaskSpec().given('a', { status: 'complete', leaseId: 'i', failures: 2 }).given('b').given('c');
    const { events } = forced(spec, { tasks: ['a', 'b', 'nobody'], status: 'waiting' });
    expect(events).toEqual([
      {
        stream: 'work-iceprod.main.d',
        type: 'UnitsMoved',
        data: { units: [[0, 1]], status: 'waiting', clears: ['lease'] },
      },
    ]);
    expect(spec.task('a')).toMatchObject({ status: 'waiting', leaseId: '', failures: 2, changedMicros: NOW_MICROS });
  });

  it('records ranges of tasks, in any order of the list and with repeats', () => {
    const spec = new TaskSpec();
    for (let at = 0; at < 8; at += 1) spec.given(`t${at}`);
    const { events } = forced(spec, { tasks: ['t6', 't1', 't0', 't1', 't2', 't7', 't4'], status: 'failed' });
    expect(events[0]?.data).toMatchObject({
      units: [
        [0, 2],
        [4, 4],
        [6, 7],
      ],
    });
  });

  it('reads the legacy word as idle without failures', () => {
    const spec = new TaskSpec().given('a', { status: 'complete', leaseId: 'i', failures: 2 });
    forced(spec, { tasks: ['a'], status: 'reset' });
    expect(spec.task('a')).toMatchObject({ status: 'idle', leaseId: '', failures: 0 });
  });

  it('with a dataset takes only its tasks', () => {
    const spec = new TaskSpec().given('a').given('e/1');
    forced(spec, { dataset_id: 'd', tasks: ['a', 'e/1'], status: 'failed' });
    expect([spec.task('a').status, spec.task('e/1').status]).toEqual(['failed', 'idle']);
  });

  it.each([
    [{ tasks: ['a'], status: 'melted' }, 'Bad status'],
    [{ tasks: [], status: 'idle' }, 'Missing tasks in body'],
    [{ tasks: ['nobody'], status: 'idle' }, 'Tasks not found'],
    [{ tasks: ['a'], dataset_id: 'e', status: 'idle' }, 'Tasks not found'],
    [{ tasks: Array.from({ length: 100_001 }, () => 'a'), status: 'idle' }, 'too many tasks. must be <= 100000'],
  ])('refuses what makes no sense (%#)', (request, error) => {
    expect(forced(new TaskSpec().given('a'), request).error).toBe(error);
  });
});

describe('a bulk action', () => {
  const everyStatus = (fields: object = {}): TaskSpec => {
    const spec = new TaskSpec();
    for (const status of [...TASK_STATUSES, 'melted']) spec.given(status, { status, leaseId: 'i', ...fields });
    return spec;
  };
  const act = (spec: TaskSpec, request: Omit<Parameters<typeof actOnTasks>[1], 'dataset_id'>) =>
    spec.when((view) => actOnTasks(view, { dataset_id: 'd', ...request }));

  it.each([
    ['suspend' as const, ['idle', 'waiting', 'queued', 'processing'], 'suspended'],
    ['reset' as const, ['waiting', 'queued', 'processing', 'suspended', 'failed'], 'idle'],
    ['hard_reset' as const, [...TASK_STATUSES, 'melted'], 'idle'],
  ])('%s takes %j to %s', (action, from, to) => {
    const spec = everyStatus();
    expect(act(spec, { action })).toMatchObject({ reply: {}, error: undefined });
    for (const status of [...TASK_STATUSES, 'melted']) {
      const expected = from.includes(status) ? { status: to, leaseId: '' } : { status, leaseId: 'i' };
      expect(spec.task(status)).toMatchObject(expected);
    }
  });

  it('keeps failures on reset, wipes failures and site on hard_reset, never walltimes', () => {
    const given = { status: 'failed', failures: 3, site: 'S', walltimeHours: 1, walltimeErrHours: 2 };
    const soft = new TaskSpec().given('a', given);
    act(soft, { action: 'reset' });
    expect(soft.task('a')).toMatchObject({ ...given, status: 'idle' });
    const hard = new TaskSpec().given('a', given);
    act(hard, { action: 'hard_reset' });
    expect(hard.task('a')).toMatchObject({ ...given, status: 'idle', failures: 0, site: '' });
  });

  it('prefers jobs to tasks, takes no task from an empty list, and only tasks of the dataset', () => {
    const spec = new TaskSpec().given('a', { group: 'j1' }).given('b', { group: 'j2' }).given('e/1', { group: 'j1' });
    const suspended = () => ['a', 'b', 'e/1'].filter((id) => spec.task(id).status === 'suspended');
    act(spec, { action: 'suspend', jobs: [], tasks: ['a'] });
    act(spec, { action: 'suspend', tasks: [] });
    act(spec, { action: 'suspend', tasks: ['e/1', 'nobody'] });
    expect(suspended()).toEqual([]);
    act(spec, { action: 'suspend', jobs: ['j1'], tasks: ['b'] });
    expect(suspended()).toEqual(['a']);
    act(spec, { action: 'suspend', tasks: ['b'] });
    expect(suspended()).toEqual(['a', 'b']);
    act(spec, { action: 'reset' });
    expect(suspended()).toEqual([]);
  });
});

describe('bulk_requirements', () => {
  const set = (spec: TaskSpec, request: Partial<Parameters<typeof setRequirements>[1]>) =>
    spec.when((view) =>
      setRequirements(view, { ...{ dataset_id: 'd', name: 'n', mode: 'merge', requirements: '{}' }, ...request }),
    );

  it('changes every task of the name in any status, and no status', () => {
    const spec = new TaskSpec()
      .given('a', { requirements: '{"memory":4.0}', status: 'complete', changedMicros: 7 })
      .given('b', { name: 'other' })
      .given('c', { requirements: '{"site":"x"}' });
    set(spec, { requirements: '{"memory":6,"site":9}' });
    expect(['a', 'b', 'c'].map((id) => spec.task(id).requirements)).toEqual([
      ...['{"memory":6,"site":"9"}', '{}', '{"site":"9","memory":6}'],
    ]);
    expect(spec.task('a')).toMatchObject({ status: 'complete', changedMicros: 7 });
  });

  it('finds no task of another name', () => {
    expect(set(new TaskSpec().given('a'), { name: 'other' }).error).toBe('Tasks not found');
  });
});
