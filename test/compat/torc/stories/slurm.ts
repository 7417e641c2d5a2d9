import type { ExpectAnswer } from '../../exact-answers.js';
import { aRevision, documentIn, idOf, jobsIn, keyOf, list, ok, refused } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { job, newWorkflow } from '../workflow.js';

/** The records that clients keep about Slurm (contract 7.4, 5.8, 5.17). */
export const slurm = (torc: () => TorcClient, otherAddress: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('nodes are scheduled, activated by one of their workers and given jobs', async () => {
    const workflow = await newWorkflow(torc(), {
      schedulers: { slurm_schedulers: [{ name: 'short', account: 'project1', nodes: 1, walltime: '04:00:00' }] },
      resource_requirements: [
        { name: 'big', num_cpus: 4, memory: '8g', runtime: 'P0DT12H' },
        { name: 'small', num_cpus: 1, num_gpus: 1, num_nodes: 2, memory: '1536m', runtime: 'p0dt1m' },
      ],
      jobs: [
        job('on short', { scheduler: 'slurm_schedulers/short', resource_requirements: 'big' }),
        job('anywhere', { resource_requirements: 'small' }),
        job('stages', {
          blocked_by: ['anywhere'],
          schedule_compute_nodes: { scheduler_id: 'slurm_schedulers/short', num_jobs: 2 },
        }),
      ],
    });
    const short = await workflow.named('slurm_schedulers', 'short');
    expectAnswer(
      await workflow.get(`/slurm_schedulers/${keyOf(short)}`),
      ok(
        workflow.stored('slurm_schedulers', {
          ...{ name: 'short', account: 'project1', nodes: 1, walltime: '04:00:00', qos: 'normal' },
        }),
      ),
    );
    await workflow.startRun(1);
    await workflow.initialize();

    // recommend-nodes: the slash of an id in a query is not encoded, and may be.
    const needs = {
      ...{ num_jobs: 2, num_cpus: 5, num_gpus: 1, memory_gb: 9.5, max_num_nodes: 2, max_runtime: 'P0DT12H' },
    };
    const anywhere = {
      ...{ num_jobs: 1, num_cpus: 1, num_gpus: 1, memory_gb: 1.5, max_num_nodes: 2, max_runtime: 'P0DT1M' },
    };
    const of = '/ready_job_requirements';
    expectAnswer(await workflow.get(of), ok(needs));
    expectAnswer(await workflow.get(`${of}?scheduler_config_id=${idOf(short)}`), ok(needs));
    expectAnswer(await workflow.get(`${of}?scheduler_config_id=${encodeURIComponent(idOf(short))}`), ok(needs));
    expectAnswer(await workflow.get(`${of}?scheduler_config_id=slurm_schedulers__1/none`), ok(anywhere));
    expectAnswer(await workflow.get(`${of}?scheduler_config_id=`), ok(anywhere), 'given but empty');

    // schedule-nodes
    expectAnswer(await workflow.get('/jobs?limit=1&status=scheduled'), list([]));
    const requested = { scheduler_config_id: idOf(short), status: 'uninitialized' };
    const posted = await workflow.post('/scheduled_compute_nodes', requested);
    expectAnswer(posted, ok(workflow.stored('scheduled_compute_nodes', requested)));
    const at = `/scheduled_compute_nodes/${keyOf(documentIn(posted))}`;
    const pending = await workflow.put(at, { ...documentIn(posted), scheduler_id: '880123', status: 'pending' });
    expectAnswer(pending, ok({ ...documentIn(posted), scheduler_id: '880123', status: 'pending', _rev: aRevision }));
    const failed = documentIn(await workflow.post('/scheduled_compute_nodes', requested));
    expectAnswer(await workflow.delete(`/scheduled_compute_nodes/${keyOf(failed)}`), ok(failed), 'sbatch failed');
    const submit = { category: 'scheduler', type: 'submit', num_jobs: 1, job_ids: ['880123'], message: 'Submitted' };
    expectAnswer(
      await workflow.post('/events', submit),
      ok(workflow.stored('events', { ...submit, timestamp: expect.any(Number) as unknown })),
    );

    // Two nodes of the allocation: the first one activates it, the second one is told so by a conflict.
    const found = await workflow.get('/scheduled_compute_nodes?scheduler_id=880123');
    expectAnswer(found, list([documentIn(pending)]));
    expectAnswer(await workflow.get('/scheduled_compute_nodes?scheduler_id=1'), list([]));
    const activation = { ...documentIn(pending), status: 'active' };
    const active = await workflow.put(at, activation);
    expectAnswer(active, ok({ ...activation, _rev: aRevision }));
    expectAnswer(await workflow.through(otherAddress()).put(at, activation), refused(409), 'the second node');
    expectAnswer(await workflow.get(at), active);

    // A worker with the scheduler also gets jobs without one; one without gets only those.
    const resources = { num_cpus: 36, memory_gb: 92, num_gpus: 2, num_nodes: 2, time_limit: 'PT23H59M59.98765S' };
    const claimed = await workflow.claim({ ...resources, scheduler_config_id: idOf(short) });
    expect(jobsIn(claimed).map(({ name }) => name)).toEqual(['anywhere', 'on short']);
    expect(jobsIn(claimed).map(({ internal }) => internal)).toEqual([
      {
        ...{ memory_bytes: 1536 * 1024 ** 2, num_cpus: 1, num_gpus: 1, num_nodes: 2, runtime_seconds: 60 },
        ...{ scheduler_config_id: '', hash: 0 },
      },
      {
        ...{ memory_bytes: 8 * 1024 ** 3, num_cpus: 4, num_gpus: 0, num_nodes: 1, runtime_seconds: 43_200 },
        ...{ scheduler_config_id: idOf(short), hash: 0 },
      },
    ]);
    await workflow.completed('anywhere');
    // A ready job asks for nodes once; any worker may take it.
    const schedulers = [{ scheduler_id: idOf(short), num_jobs: 2, start_one_worker_per_node: false }];
    expectAnswer(await workflow.post('/prepare_jobs_for_scheduling'), ok({ schedulers }));
    expectAnswer(await workflow.post('/prepare_jobs_for_scheduling'), ok({ schedulers: [] }));
    expect(await workflow.job('stages')).toMatchObject({ status: 'scheduled' });
    expectAnswer(
      await workflow.get(of),
      ok({
        ...anywhere,
        ...{ num_jobs: 0, num_cpus: 0, num_gpus: 0 },
        ...{ memory_gb: 0, max_num_nodes: 0, max_runtime: '' },
      }),
    );
    const staged = await workflow.claim({ num_cpus: 1, memory_gb: 1 });
    expect(jobsIn(staged).map(({ name, status }) => [name, status])).toEqual([['stages', 'submitted_pending']]);
    const complete = await workflow.put(at, { ...documentIn(active), status: 'complete' });
    expectAnswer(complete, ok({ ...documentIn(active), status: 'complete', _rev: aRevision }));
  });
};
