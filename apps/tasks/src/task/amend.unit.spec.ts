import { addTask, addTasks, bulkIds } from './add.js';
import { amendTask } from './amend.js';
import { taskDocument } from './document.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

const amended = (spec: TaskSpec, fields: string, task_id = 't') =>
  spec.when((view, now) => amendTask(view, { task_id, fields }, now));
const documentOf = (spec: TaskSpec) => JSON.parse(taskDocument(spec.task('t'))) as Record<string, unknown>;

describe('PATCH of a task', () => {
  it('merges any fields and answers with the document after it', () => {
    const spec = new TaskSpec().given('t', { requirements: '{"memory":4.0}' });
    const { reply, events } = amended(
      spec,
      '{"requirements.gpu":1,"grid_id":"g","note.a":1.0,"priority":2,"site":"S"}',
    );
    expect((reply as { document: string }).document).toBe(taskDocument(spec.task('t')));
    expect(documentOf(spec)).toMatchObject({
      requirements: { memory: 4, gpu: 1 },
      grid_id: 'g',
      priority: 2,
      site: 'S',
    });
    expect(taskDocument(spec.task('t'))).toContain('"note":{"a":1.0}');
    expect(events).toHaveLength(1);
  });

  it('passes every state rule and keeps words outside the vocabulary', () => {
    const spec = new TaskSpec().given('t', { status: 'complete' });
    amended(spec, '{"status":"melted"}');
    expect(spec.task('t')).toMatchObject({ status: 'melted', changedMicros: NOW_MICROS });
  });

  it('leaves the time of the status alone unless it changes or is given', () => {
    const spec = new TaskSpec().given('t', { changedMicros: 1_000_000 });
    amended(spec, '{"status":"idle","failures":2}');
    expect(spec.task('t')).toMatchObject({ changedMicros: 1_000_000, failures: 2 });
    amended(spec, '{"status":"failed","status_changed":"2026-01-01T00:00:00.000009"}');
    expect(documentOf(spec)).toMatchObject({ status: 'failed', status_changed: '2026-01-01T00:00:00.000009' });
  });

  it('moves the task to another dataset, but not its home', () => {
    const spec = new TaskSpec().given('t');
    amended(spec, '{"dataset_id":"e"}');
    expect(spec.task('t').workload).toBe('e');
    expect(spec.view.streamOf(spec.task('t').key)).toBe('work-iceprod.main.d');
  });

  it.each([
    ['{}', 'Missing update data'],
    ['{"task_id":"other"}', 'invalid value for task_id'],
    ['{"failures":-1}', 'invalid value for failures'],
    ['{"status_changed":"yesterday"}', 'invalid value for status_changed'],
    ['{"name.x":1}', 'Cannot set field name.x'],
  ])('refuses %s', (fields, error) => {
    const spec = new TaskSpec().given('t');
    expect(amended(spec, fields)).toMatchObject({ error, events: [] });
  });

  it('finds no unknown task', () => {
    expect(amended(new TaskSpec(), '{"priority":1}').error).toBe('Task not found');
  });
});

describe('new tasks', () => {
  const request = {
    ...{ dataset_id: 'd', job_id: 'j', task_index: 1, job_index: 17, name: 'detector', depends: ['c0'] },
    requirements: '{"memory": 4.0, "gpu": 1}',
  };

  it('start with what they are given and the defaults', () => {
    const spec = new TaskSpec();
    spec.when((view) => addTask(view, request, 't'));
    expect(taskDocument(spec.task('t'))).toBe(
      '{"task_id":"t","dataset_id":"d","job_id":"j","name":"detector","task_index":1,"job_index":17,"depends":["c0"]' +
        ',"requirements":{"memory": 4.0, "gpu": 1},"status":"idle","site":"","priority":1,"instance_id":"","failures":0' +
        ',"evictions":0,"walltime":0,"walltime_err":0,"walltime_err_n":0,"status_changed":"2026-01-01T00:00:00.000123"}',
    );
  });

  it('may start with any status of the vocabulary', () => {
    const spec = new TaskSpec();
    const given = { ...request, status: 'complete', priority: 0, instance_id: 'i' };
    spec.when((view) => addTask(view, given, 't'));
    expect(spec.task('t')).toMatchObject({ status: 'complete', priority: 0, instance: 'i' });
    expect(spec.when((view) => addTask(view, { ...request, status: 'reset' }, 'u')).error).toBe('invalid status');
  });

  it('come in bulk as two facts, with ids, jobs and dependencies', () => {
    const spec = new TaskSpec();
    const jobs = { streamOf: () => 'work-iceprod.main.d', nextOrdinal: () => 0 };
    const tasks = [
      { name: 'a', depends: [], requirements: '{}' },
      { name: 'b', depends: [0], requirements: '{"gpu":1}', status: 'waiting', priority: 0.5 },
    ];
    const ids = bulkIds('d', NOW_MICROS);
    const { events, reply } = spec.when((view) =>
      addTasks(view, jobs, { dataset_id: 'd', first_job_index: 5, count: 3, tasks }, ids),
    );
    expect(reply).toEqual({ jobs: 3, tasks: 6 });
    expect(events.map(({ type }) => type)).toEqual(['GroupsAdded', 'UnitsAdded']);
    expect(JSON.stringify(events[1]?.data).length).toBeLessThan(500);
    const units = [...spec.view.units.values()];
    expect(units.map(({ name, index, groupIndex }) => [name, index, groupIndex])).toEqual([
      ...[
        ['a', 0, 5],
        ['b', 1, 5],
        ['a', 0, 6],
      ],
      ...[
        ['b', 1, 6],
        ['a', 0, 7],
        ['b', 1, 7],
      ],
    ]);
    expect(units[3]).toMatchObject({
      depends: JSON.stringify([units[2]?.id]),
      group: units[2]?.group,
      status: 'waiting',
    });
    expect(new Set(units.map(({ id }) => id)).size).toBe(6);
  });

  it.each([
    [{ count: 0 }, 'count must be a positive integer'],
    [{ count: 1_000_001 }, 'too many tasks. must be <= 1000000'],
    [{ tasks: [] }, 'Missing tasks in body'],
    [{ tasks: [{ name: 'a', depends: [0], requirements: '{}' }] }, 'depends must name earlier tasks'],
    [{ tasks: [{ name: 'a', depends: [], requirements: '{}', status: 'melted' }] }, 'invalid status'],
    [{ first_job_index: -1 }, 'first_job_index must be an integer from 0 on'],
  ])('in bulk are refused with %j', (change, error) => {
    const spec = new TaskSpec();
    const jobs = { streamOf: () => '', nextOrdinal: () => 0 };
    const given = {
      dataset_id: 'd',
      first_job_index: 0,
      count: 1,
      tasks: [{ name: 'a', depends: [], requirements: '{}' }],
    };
    const outcome = spec.when((view) => addTasks(view, jobs, { ...given, ...change }, bulkIds('d', NOW_MICROS)));
    expect(outcome.error).toBe(error);
  });
});
