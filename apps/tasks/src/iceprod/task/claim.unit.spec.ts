import type { ClaimTasksRequest } from '#contracts/iceprod/tasks.js';
import { setTasksStatus } from './bulk.js';
import { ClaimMatcher, claimTasks, queueTasks } from './claim.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

const LEASE = { instanceId: 'lease', holder: 'worker-1' };

const claimed = (spec: TaskSpec, request: Partial<ClaimTasksRequest> = {}) => {
  const whole: ClaimTasksRequest = {
    ...{ mode: 'queue_many', num: 1, requirements: '{}', query_params: '{}', dataset_deprio: [] },
    ...request,
  };
  const outcome = spec.when((view, now) => claimTasks(view, new ClaimMatcher(), whole, LEASE, now));
  const { documents = [] } = (outcome.reply ?? {}) as { documents?: readonly string[] };
  return { ...outcome, tasks: documents.map((document) => JSON.parse(document) as Record<string, unknown>) };
};
const ids = ({ tasks }: { tasks: readonly Record<string, unknown>[] }) => tasks.map((task) => task['task_id']);
const waiting = { status: 'waiting' };

describe('a claim', () => {
  it('takes the best waiting task and answers with its new document', () => {
    const spec = new TaskSpec()
      .given('a', waiting)
      .given('b', { ...waiting, priority: 2 })
      .given('c');
    const { tasks } = claimed(spec, { requirements: '{"site":"UW"}' });
    expect(tasks).toMatchObject([{ task_id: 'b', status: 'queued', site: 'UW', instance_id: 'lease' }]);
    expect(spec.task('b')).toMatchObject({
      status: 'queued',
      site: 'UW',
      leaseId: 'lease',
      holder: 'worker-1',
      changedMicros: NOW_MICROS,
    });
    expect(spec.task('a').status).toBe('waiting');
  });

  it('takes the oldest of tasks with equal priority, from any class', () => {
    const spec = new TaskSpec().given('e/1', { ...waiting, requirements: '{"cpu":1}' });
    spec.given('f', { ...waiting, requirements: '{"cpu":2}' }).given('g', waiting);
    expect(ids(claimed(spec, { num: 3 }))).toEqual(['e/1', 'f', 'g']);
  });

  it('gives all its tasks the same lease', () => {
    const spec = new TaskSpec().given('a', waiting).given('e/1', waiting);
    const { events } = claimed(spec, { num: 5 });
    expect(events.map(({ type, stream }) => [type, stream])).toEqual([
      ['UnitsClaimed', 'work-iceprod.main.d'],
      ['UnitsClaimed', 'work-iceprod.main.e'],
    ]);
    expect([spec.task('a').leaseId, spec.task('e/1').leaseId]).toEqual(['lease', 'lease']);
    expect(spec.task('a').site).toBe('unknown');
  });

  it('hands out only tasks of streams whose append has succeeded', () => {
    const spec = new TaskSpec().given('a', waiting).given('e/1', waiting);
    const request: ClaimTasksRequest = {
      ...{ mode: 'queue_many', num: 2, requirements: '{}', query_params: '{}', dataset_deprio: [] },
    };
    const decision = claimTasks(spec.view, new ClaimMatcher(), request, LEASE, NOW_MICROS);
    const reply = 'reply' in decision && typeof decision.reply === 'function' ? decision.reply : undefined;
    const { documents = [] } = reply?.(new Set(['work-iceprod.main.e'])) ?? {};
    expect(documents.map((document) => (JSON.parse(document) as { task_id: string }).task_id)).toEqual(['e/1']);
  });

  it('finds no task when none fits, none waits or none is requested', () => {
    const spec = new TaskSpec().given('a', { ...waiting, requirements: '{"memory":4}' });
    expect(claimed(spec, { requirements: '{"memory":3}' }).error).toBe('Task not found');
    expect(claimed(spec, { num: 0 }).error).toBe('Task not found');
    expect(claimed(spec, { num: -1 }).error).toBe('Task not found');
    expect(claimed(new TaskSpec()).error).toBe('Task not found');
  });

  it('takes no task of a submitted dataset that is not processing', () => {
    const spec = new TaskSpec().dataset('d', { status: 'suspended' }).given('a', waiting).given('e/1', waiting);
    expect(ids(claimed(spec, { num: 5 }))).toEqual(['e/1']);
  });

  it('filters by equality', () => {
    const spec = new TaskSpec()
      .given('a', { ...waiting, priority: 3 })
      .given('b', { ...waiting, site: 'S' })
      .given('c', { ...waiting, requirements: '{"site":"X"}' })
      .given('e/1', { ...waiting, leaseId: 'old' });
    const by = (query_params: string) => ids(claimed(spec, { num: 9, query_params }));
    expect(by('{"dataset_id":"e"}')).toEqual(['e/1']);
    expect(claimed(spec, { query_params: '{"instance_id":"old"}' }).error).toBe('Task not found');
    expect(by('{"site":"S"}')).toEqual(['b']);
    expect(by('{"requirements.site":"X"}')).toEqual(['c']);
    expect(by('{"priority":3}')).toEqual(['a']);
    expect(claimed(spec, { query_params: '{"status":"idle"}' }).error).toBe('param status is not allowed');
  });

  it('gives no task that waits after a failure to pilots that name themselves', () => {
    const spec = new TaskSpec()
      .given('a', { ...waiting, priority: 3 })
      .given('b', waiting)
      .given('c', waiting);
    spec.view.retries.set(spec.task('a').key, NOW_MICROS + 1);
    spec.view.retries.set(spec.task('b').key, NOW_MICROS);
    expect(ids(claimed(spec, { num: 1, pilot_id: 'p' }))).toEqual(['b']);
    expect(ids(claimed(spec, { num: 9, pilot_id: 'p' }))).toEqual(['c']);
    expect(claimed(spec, { num: 1, pilot_id: 'p' }).error).toBe('Task not found');
    expect(ids(claimed(spec, { num: 1 }))).toEqual(['a']);
  });

  it('gives nothing to a pilot that is paused', () => {
    const spec = new TaskSpec().given('a', waiting);
    spec.view.pilots.set('p', { failuresInARow: 5, pausedUntilMicros: NOW_MICROS + 1 });
    expect(claimed(spec, { pilot_id: 'p' }).error).toBe('Task not found');
    spec.view.pilots.set('p', { failuresInARow: 5, pausedUntilMicros: NOW_MICROS });
    expect(ids(claimed(spec, { pilot_id: 'p' }))).toEqual(['a']);
  });

  it('compares sites by value, not by their escapes', () => {
    const spec = new TaskSpec().given('a', { ...waiting, requirements: '{"site":"caf\\u00e9"}' });
    expect(ids(claimed(spec, { query_params: '{"requirements.site":"café"}' }))).toEqual(['a']);
  });

  it('can filter by an earlier lease', () => {
    const spec = new TaskSpec().given('a', waiting).given('b', { ...waiting, leaseId: 'old' });
    expect(ids(claimed(spec, { num: 9, query_params: '{"instance_id":"old"}' }))).toEqual(['b']);
  });

  it('takes deprioritized datasets last, the first of the list at the very end', () => {
    const spec = new TaskSpec();
    for (let at = 0; at < 10; at += 1) spec.given(`d1/${at}`, waiting).given(`d2/${at}`, waiting);
    spec.given('d3/0', waiting).given('d3/1', waiting);
    const taken = ids(claimed(spec, { num: 10, dataset_deprio: ['d1', 'd2'] }));
    expect(taken).toEqual(['d3/0', 'd3/1', ...Array.from({ length: 8 }, (_, at) => `d2/${at}`)]);
    expect(ids(claimed(spec, { num: 10, dataset_deprio: ['d1', 'd2'] }))).toEqual([
      ...['d2/8', 'd2/9'],
      ...Array.from({ length: 8 }, (_, at) => `d1/${at}`),
    ]);
  });

  it('applies both a filter of datasets and the list of deprioritized ones', () => {
    const spec = new TaskSpec().given('d1/0', waiting).given('d2/0', waiting);
    const request = { num: 10, dataset_deprio: ['d1'], query_params: '{"dataset_id":"d1"}' };
    expect(ids(claimed(spec, request))).toEqual(['d1/0']);
  });
});

describe('a claim of a pilot', () => {
  it('takes the best queued task without a lease, and fills in defaults for legacy pilots', () => {
    const spec = new TaskSpec()
      .given('held', { status: 'queued', leaseId: 'i', priority: 9 })
      .given('waits', { ...waiting, priority: 9 })
      .given('t', { status: 'queued', requirements: '{"memory":4.0}' });
    const { tasks } = claimed(spec, { mode: 'process', requirements: '{"site":"UW"}' });
    expect(tasks).toMatchObject([
      {
        ...{ task_id: 't', status: 'processing', site: 'UW', instance_id: '' },
        requirements: { cpu: 1, gpu: 0, memory: 4, disk: 10, time: 1 },
      },
    ]);
    expect(spec.task('t')).toMatchObject({ status: 'processing', requirements: '{"memory":4.0}', site: 'UW' });
    expect(claimed(spec, { mode: 'process' }).error).toBe('Task not found');
  });
});

describe('a task whose dependency was reset after it had been promoted', () => {
  it.each(['queue', 'queue_many', 'process'] as const)(
    'is not handed out by %s until that is complete again',
    (mode) => {
      const promoted = { status: mode === 'process' ? 'queued' : 'waiting', depends: '["parent"]' };
      const spec = new TaskSpec().given('parent', { status: 'complete' }).given('child', promoted);
      spec.when((view) => setTasksStatus(view, { tasks: ['parent'], status: 'reset' }));
      expect(claimed(spec, { mode }).error).toBe('Task not found');
      spec.when((view) => setTasksStatus(view, { tasks: ['parent'], status: 'complete' }));
      expect(claimed(spec, { mode }).tasks).toMatchObject([{ task_id: 'child' }]);
    },
  );
});

describe('the legacy queueing', () => {
  const queued = (spec: TaskSpec, num_tasks: number, dataset_prio = {}) =>
    spec.when((view) => queueTasks(view, { num_tasks, dataset_prio })).reply;

  it('moves waiting tasks whose dependencies are complete', () => {
    const spec = new TaskSpec()
      .given('done', { status: 'complete' })
      .given('free', { ...waiting, depends: '["done"]' })
      .given('open', { ...waiting, depends: '["free"]' })
      .given('lost', { ...waiting, depends: '["nobody"]' });
    expect(queued(spec, 10)).toEqual({ queued: 1 });
    expect(spec.task('free')).toMatchObject({ status: 'queued', leaseId: '' });
    expect([spec.task('open').status, spec.task('lost').status]).toEqual(['waiting', 'waiting']);
  });

  it('orders by weight of the dataset, then by priority, up to the requested number', () => {
    const spec = new TaskSpec()
      .given('a', { ...waiting, priority: 9 })
      .given('e/1', { ...waiting, priority: 1 })
      .given('e/2', { ...waiting, priority: 2 });
    expect(queued(spec, 1, { e: 5 })).toEqual({ queued: 1 });
    expect(spec.task('e/2').status).toBe('queued');
    expect(queued(spec, 2, { e: 5 })).toEqual({ queued: 2 });
    expect(queued(spec, 2)).toEqual({ queued: 0 });
  });
});
