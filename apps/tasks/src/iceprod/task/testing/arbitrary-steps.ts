import fc from 'fast-check';
import { newId } from '#contracts/ids.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { addTask, addTasks, bulkIds } from '../add.js';
import { amendTask } from '../amend.js';
import { actOnTasks, setRequirements, setTasksStatus } from '../bulk.js';
import { claimTasks, queueTasks } from '../claim.js';
import { promoteTasks, setTaskStatus } from '../move.js';
import { raiseLimits } from '../../requirement-raise.js';
import { reportTask } from '../report.js';
import type { TaskView } from '../view.js';
import { DATASETS, type Step } from './task-model.js';
import { datasetRef } from '../../streams.js';

/** Picks a task, whatever their ids. */
const number = fc.nat({ max: 30 });
const dataset = fc.constantFrom(...DATASETS);
// What completes and what may be claimed is where the work is.
const status = fc.constantFrom(...TASK_STATUSES, 'complete' as const, 'complete' as const, 'waiting' as const);
const requirements = fc.constantFrom('{}', '{"memory":4.0}', '{"gpu":1,"memory":2.50}', '{"gpu":0}');
const priority = fc.constantFrom(0, 0.5, 1);
const name = fc.constantFrom('n0', 'n1', '__proto__');
const some = fc.array(number, { minLength: 1, maxLength: 12 });
const pick = (ids: readonly string[], at: number): string => ids[at % Math.max(1, ids.length)] ?? 'nobody';
const leaseOf = (view: TaskView, id: string) => view.unit(id)?.leaseId ?? '';

/** Adds one task. */
export const single = fc
  .record({ dataset_id: dataset, name, status, priority, requirements, depends: fc.array(number, { maxLength: 3 }) })
  .map(({ depends, ...given }): Step => (ids) => (view, timeMicros) => {
    const request = { ...given, job_id: `j${depends.length}`, task_index: depends.length, job_index: 0 };
    // Some depend on tasks that are not there, as when another stream is ahead.
    const blockers = depends.map((at) => (at > 25 ? `later-${at}` : pick(ids, at)));
    return addTask(view, { ...request, depends: blockers }, newId(datasetRef(given.dataset_id), timeMicros));
  });

/** Adds many tasks of few shapes. */
export const grid = fc
  .record({ dataset_id: dataset, count: fc.integer({ min: 1, max: 8 }), requirements, status })
  .map(({ dataset_id, count, requirements: wanted, status: start }): Step => () => (view, timeMicros) => {
    const tasks = [
      { name: 'n0', depends: [], requirements: wanted, status: start },
      { name: 'n1', depends: [0], requirements: '{"memory":1}', status: 'waiting' },
      { name: 'n2', depends: [0, 1], requirements: wanted, priority: 0.5 },
    ];
    const jobs = { streamOf: () => `work-iceprod.main.${dataset_id}`, nextOrdinal: () => 0 };
    const request = { dataset_id, first_job_index: 0, count, tasks };
    return addTasks(view, jobs, request, bulkIds(dataset_id, timeMicros));
  });

const claim = fc
  .record({
    mode: fc.constantFrom('queue' as const, 'queue_many' as const, 'process' as const),
    num: fc.integer({ min: 1, max: 6 }),
    requirements: fc.constantFrom('{}', '{"memory":3,"site":"S"}', '{"gpu":1}', '{"gpu":0}'),
    query_params: fc.constantFrom('{}', '{"dataset_id":"d"}', '{"priority":0.5}', '{"instance_id":"given"}'),
    dataset_deprio: fc.subarray(DATASETS),
  })
  .map(
    (request): Step =>
      (_, matcher) =>
      (view, timeMicros) =>
        claimTasks(view, matcher, request, { instanceId: `i${timeMicros}`, holder: 'worker-1' }, timeMicros),
  );

const report = fc
  .record({
    at: number,
    report: fc.constantFrom('processing' as const, 'reset' as const, 'failed' as const, 'complete' as const),
    site: fc.option(fc.constantFrom('S', 'T'), { nil: undefined }),
    resources: fc.option(fc.constantFrom('{"time":1.5,"memory":5}', '{"cpu":3.5}'), { nil: undefined }),
    time_used: fc.option(fc.nat(9000), { nil: undefined }),
  })
  .map(({ at, ...rest }): Step => (ids) => (view) => {
    const id = pick(ids, at);
    const request = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return reportTask(
      view,
      {
        ...(request as typeof rest & object),
        task_id: id,
        instance_id: leaseOf(view, id),
      } as never,
      raiseLimits([]),
    );
  });

const amend = fc
  .tuple(
    number,
    fc.constantFrom(
      '{"status":"melted"}',
      '{"dataset_id":"e","priority":0.25}',
      '{"dataset_id":"d"}',
      '{"requirements.gpu":2,"note.a":{"b":1.0}}',
      '{"instance_id":"given","status":"waiting"}',
      '{"depends":[]}',
      '{"name":"n9","task_index":7}',
      '{"status":"complete","status_changed":"2026-01-01T00:00:00.000001"}',
      '{"job_id":"moved","failures":3}',
      '{"walltime":2.1,"walltime_err":0.1}',
      '{"status":"complete","walltime":0.3}',
    ),
  )
  .map(
    ([at, fields]): Step =>
      (ids) =>
      (view, timeMicros) =>
        amendTask(view, { task_id: pick(ids, at), fields }, timeMicros),
  );

const depend = fc.tuple(number, some).map(
  ([at, blockers]): Step =>
    (ids) =>
    (view, timeMicros) =>
      amendTask(
        view,
        { task_id: pick(ids, at), fields: JSON.stringify({ depends: blockers.map((b) => pick(ids, b)) }) },
        timeMicros,
      ),
);

const put = fc.tuple(number, status).map(
  ([at, to]): Step =>
    (ids) =>
    (view) =>
      setTaskStatus(view, { task_id: pick(ids, at), status: to }),
);

const promote = some.map(
  (at): Step =>
    (ids) =>
    (view) =>
      promoteTasks(view, { task_ids: at.map((a) => pick(ids, a)) }),
);

const force = fc
  .tuple(fc.array(number, { minLength: 1, maxLength: 40 }), fc.constantFrom(...TASK_STATUSES, 'reset'))
  .map(
    ([at, to]): Step =>
      (ids) =>
      (view) =>
        setTasksStatus(view, { tasks: at.map((a) => pick(ids, a)), status: to }),
  );

const act = fc
  .record({
    dataset_id: dataset,
    action: fc.constantFrom('suspend' as const, 'reset' as const, 'hard_reset' as const),
    jobs: fc.option(fc.constant(['j1', 'moved']), { nil: undefined, freq: 4 }),
  })
  .map(
    ({ jobs, ...request }): Step =>
      () =>
      (view) =>
        actOnTasks(view, { ...request, ...(jobs && { jobs }) }),
  );

const everything = fc.tuple(dataset, status).map(
  ([datasetId, to]): Step =>
    (ids) =>
    (view) =>
      setTasksStatus(view, { dataset_id: datasetId, tasks: ids.length === 0 ? ['nobody'] : ids, status: to }),
);

const require = fc
  .record({
    dataset_id: dataset,
    name,
    mode: fc.constantFrom('merge' as const, 'replace' as const),
    requirements: fc.constantFrom('{"gpu":1}', '{"memory":3,"os":["a"]}', '{"os":[],"gpu":0}'),
  })
  .map(
    (request): Step =>
      () =>
      (view) =>
        setRequirements(view, request),
  );

const queue = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom({}, { d: 2, e: 5 })).map(
  ([num_tasks, dataset_prio]): Step =>
    () =>
    (view) =>
      queueTasks(view, { num_tasks, dataset_prio }),
);

/** Any command about tasks. */
export const anyStep = fc.oneof(
  { arbitrary: single, weight: 5 },
  { arbitrary: grid, weight: 3 },
  { arbitrary: claim, weight: 4 },
  { arbitrary: report, weight: 4 },
  { arbitrary: everything, weight: 6 },
  { arbitrary: act, weight: 4 },
  ...[amend, depend, put, promote, force, require, queue].map((arbitrary) => ({
    arbitrary,
    weight: 2,
  })),
);
