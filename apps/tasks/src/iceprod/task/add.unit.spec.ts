import { addTask, addTasks, bulkIds } from './add.js';
import { taskDocument } from './document.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

describe('new tasks', () => {
  const request = {
    ...{ dataset_id: 'd', job_id: 'j', task_index: 1, job_index: 17, name: 'detector', depends: ['c0'] },
    requirements: '{"memory": 4.0, "gpu": 1}',
  };

  it('start with the given values and the defaults', () => {
    const spec = new TaskSpec();
    spec.when((view) => addTask(view, request, 't'));
    expect(taskDocument(spec.task('t'))).toBe(
      '{"task_id":"t","dataset_id":"d","job_id":"j","name":"detector","task_index":1,"job_index":17,"depends":["c0"]' +
        ',"requirements":{"memory": 4.0, "gpu": 1},"status":"idle","site":"","priority":1,"instance_id":"","failures":0' +
        ',"evictions":0,"walltime":0,"walltime_err":0,"walltime_err_n":0,"status_changed":"2026-01-01T00:00:00.000123"}',
    );
  });

  it('may start with any known status', () => {
    const spec = new TaskSpec();
    const given = { ...request, status: 'complete', priority: 0, instance_id: 'i' };
    spec.when((view) => addTask(view, given, 't'));
    expect(spec.task('t')).toMatchObject({ status: 'complete', priority: 0, leaseId: 'i' });
    expect(spec.when((view) => addTask(view, { ...request, status: 'reset' }, 'u')).error).toBe('invalid status');
  });

  it('are added in bulk by two events, with ids, jobs and dependencies', () => {
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
    [{ first_job_index: Number.MAX_SAFE_INTEGER }, 'first_job_index must be an integer from 0 on'],
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
