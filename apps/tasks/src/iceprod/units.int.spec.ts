import fc from 'fast-check';
import { addTasks, bulkIds } from './task/add.js';
import { amendTask } from './task/amend.js';
import { actOnTasks } from './task/bulk.js';
import { anyStep, grid, single } from './task/testing/arbitrary-steps.js';
import { TaskModel } from './task/testing/task-model.js';

describe('the units of IceProd', () => {
  it('equal the model after any commands, and again after a replay', async () => {
    await fc.assert(
      fc.asyncProperty(
        grid,
        single,
        fc.array(anyStep, { maxLength: 20, size: 'max' }),
        fc.boolean(),
        async (first, second, rest, forgets) => {
          const steps = [first, second, ...rest];
          const model = new TaskModel();
          for (const [at, each] of steps.entries()) {
            model.run(each);
            // A rollback clears all caches. Nothing may depend on them.
            if (forgets && at % 5 === 4) model.forget();
          }
          const shown = model.shown();
          const expected = model.expected();
          expect(shown.documents).toEqual(expected.documents);
          expect(shown.open).toEqual(expected.open);
          expect(shown.touched).toEqual(expected.touched);
          expect(shown.counts).toEqual(expected.counts);
          expect(shown.gpus).toEqual(expected.gpus);
          expect(shown.ready).toEqual(expected.ready);
          expect(await model.statistics()).toEqual(model.expectedStatistics());
          const replayed = model.replayed();
          for (const [key, unit] of model.memory.units) replayed.memory.units.set(key, unit);
          expect(replayed.shown()).toEqual(shown);
          expect(await replayed.statistics()).toEqual(model.expectedStatistics());
          model.database.close();
          replayed.database.close();
        },
      ),
      { numRuns: 250 },
    );
  });

  it('are reset by a hard reset of whole ranges as one by one', () => {
    const model = new TaskModel();
    model.run(() => (view, timeMicros) => {
      const tasks = [{ name: 'n', depends: [], requirements: '{}', status: 'waiting' }];
      const jobs = { streamOf: () => 'work-iceprod.main.d', nextOrdinal: () => 0 };
      return addTasks(view, jobs, { dataset_id: 'd', first_job_index: 0, count: 20, tasks }, bulkIds('d', timeMicros));
    });
    const fields = '{"failures":2,"site":"S","instance_id":"i","walltime_err":1.5}';
    for (const task_id of model.ids()) model.run(() => (view, now) => amendTask(view, { task_id, fields }, now));
    model.run(() => (view) => actOnTasks(view, { dataset_id: 'd', action: 'hard_reset' }));
    const { documents } = model.shown();
    expect(documents).toEqual(model.expected().documents);
    expect(JSON.parse(documents[19] ?? '')).toMatchObject({
      ...{ status: 'idle', failures: 0, site: '', instance_id: '', walltime_err: 1.5 },
    });
  });
});
