import { promoteTasks, setTaskStatus } from './move.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

describe('PUT status of a task', () => {
  const put = (spec: TaskSpec, command: Partial<Parameters<typeof setTaskStatus>[1]>) =>
    spec.when((view) => setTaskStatus(view, { task_id: 't', status: 'idle', ...command }));

  it('moves it and keeps the lease', () => {
    const spec = new TaskSpec().given('t', { status: 'processing', leaseId: 'i' });
    expect(put(spec, { status: 'queued', instance_id: 'i' })).toMatchObject({ reply: {}, error: undefined });
    expect(spec.task('t')).toMatchObject({ status: 'queued', leaseId: 'i', changedMicros: NOW_MICROS });
  });

  it('on the route of its dataset ends the lease', () => {
    const spec = new TaskSpec().given('t', { status: 'processing', leaseId: 'i', failures: 2 });
    put(spec, { status: 'queued', dataset_id: 'd' });
    expect(spec.task('t')).toMatchObject({ status: 'queued', leaseId: '', failures: 2 });
  });

  it.each([
    [{ status: 'queued', instance_id: 'other' }, 'processing', 'Bad state transition for status'],
    [{ status: 'processing', instance_id: 'other' }, 'processing', undefined],
    [{ status: 'complete' }, 'waiting', 'Bad state transition for status'],
    [{ status: 'idle' }, 'complete', 'Bad state transition for status'],
    [{ status: 'idle' }, 'melted', 'Bad state transition for status'],
    [{ status: 'melted' }, 'idle', 'Bad status'],
    [{ status: 'waiting', dataset_id: 'e' }, 'idle', 'Task not found'],
    [{ status: 'waiting', task_id: 'nobody' }, 'idle', 'Task not found'],
  ])('%j of a task that is %s: %s', (command, status, error) => {
    const spec = new TaskSpec().given('t', { status, leaseId: 'i' });
    const before = spec.task('t');
    expect(put(spec, command)).toMatchObject({ error, events: [] });
    expect(spec.task('t')).toEqual(before);
  });

  it.each([
    ['waiting', 'processing', { ended_lease_id: 'i' }],
    ['idle', 'queued', { ended_lease_id: 'i' }],
    ['queued', 'processing', {}],
    ['idle', 'waiting', {}],
  ])('to %s of a task that is %s names the run that it ends', (target, status, ended) => {
    const spec = new TaskSpec().given('t', { status, leaseId: 'i' });
    expect(put(spec, { status: target }).events[0]?.data).toEqual({ units: [[0, 0]], status: target, ...ended });
  });

  it('is refused without the instance of the run that it ends, where that is required', () => {
    const spec = new TaskSpec().given('t', { status: 'processing', leaseId: 'i' }).given('u', { status: 'processing' });
    const putStrictly = (command: Partial<Parameters<typeof setTaskStatus>[1]>) =>
      spec.when((view) => setTaskStatus(view, { task_id: 't', status: 'waiting', ...command }, true));
    expect(putStrictly({}).error).toBe('Missing instance_id in body');
    expect(putStrictly({ instance_id: 'other' }).error).toBe('Bad state transition for status');
    expect(putStrictly({ status: 'queued' }).error).toBeUndefined();
    expect(putStrictly({ task_id: 'u' }).error).toBeUndefined();
    expect(putStrictly({ instance_id: 'i' }).error).toBeUndefined();
  });

  it('reads the legacy word as idle', () => {
    const given = { status: 'failed', leaseId: 'i', failures: 3 };
    const spec = new TaskSpec().given('t', given);
    put(spec, { status: 'reset' });
    expect(spec.task('t')).toMatchObject({ status: 'idle', leaseId: '', failures: 3 });
    const ruled = new TaskSpec().given('t', given);
    put(ruled, { status: 'reset', dataset_id: 'd' });
    expect(ruled.task('t')).toMatchObject({ status: 'idle', leaseId: '', failures: 0 });
    const complete = new TaskSpec().given('t', { status: 'complete' });
    expect(put(complete, { status: 'reset' }).error).toBe('Bad state transition for status');
    const idle = new TaskSpec().given('t', { status: 'idle', failures: 3 });
    expect(put(idle, { status: 'reset' })).toMatchObject({ error: undefined, events: [] });
  });
});

describe('promotion to waiting', () => {
  it('takes idle tasks once each, whatever they depend on, and keeps their leases', () => {
    const spec = new TaskSpec()
      .given('a', { leaseId: 'i', depends: '["nobody"]' })
      .given('e/1')
      .given('b', { status: 'suspended' });
    const ids = ['a', 'e/1', 'b', 'a', 'nobody'];
    expect(spec.when((view) => promoteTasks(view, { task_ids: ids })).reply).toEqual({ waiting: 2 });
    expect(['a', 'e/1', 'b'].map((id) => spec.task(id).status)).toEqual(['waiting', 'waiting', 'suspended']);
    expect(spec.task('a')).toMatchObject({ leaseId: 'i', changedMicros: NOW_MICROS });
  });

  it('takes at most 100 and may find none', () => {
    const spec = new TaskSpec();
    const ids = Array.from({ length: 101 }, () => 'x');
    expect(spec.when((view) => promoteTasks(view, { task_ids: ids })).error).toBe('too many tasks. must be <= 100');
    expect(spec.when((view) => promoteTasks(view, { task_ids: [] })).reply).toEqual({ waiting: 0 });
  });
});
