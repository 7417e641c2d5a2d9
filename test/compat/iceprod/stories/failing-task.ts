import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../fixtures.js';
import { aTime, anId, datasetDocument, documentIn, jobDocument, without } from '../documents.js';
import type { ExpectAnswer } from '../../exact-answers.js';

/** A legacy task fails permanently after more failures than this (contract 7.6). */
const LEGACY_FAILURES_MAX = 10;

/** Errors and retries (contract 6, 7.6, 17). */
export const failingTask = (cluster: GetTestCluster, expectAnswer: ExpectAnswer): void => {
  const none = refused(404, 'Task not found');
  const badMove = refused(400, 'Bad state transition for status');

  it('a failing task is retried with raised requirements, then fails and moves its dataset to errors', async () => {
    const { system, alice } = cluster();
    const datasetId = await newDataset(alice);
    const at = `/datasets/${datasetId}`;
    const job = await newJob(system, datasetId);
    const id = await newTask(system, datasetId, {
      ...{ job_id: job, status: 'waiting' },
      requirements: { memory: 2, gpu: 1, cpu: 2, os: ['RHEL_9_x86_64'] },
    });
    const task = `/tasks/${id}`;
    const query = { requirements: {}, query_params: { dataset_id: datasetId } };
    let memory = 2;
    for (let failures = 1; failures <= 4; failures += 1) {
      const waiting = documentIn(await system.get(task));
      const claimed = await system.post('/task_actions/queue', query);
      const queued = { ...waiting, status: 'queued', site: 'unknown', instance_id: anId, status_changed: aTime };
      expectAnswer(claimed, ok({ ...queued, queued: 1 }));
      const instance = documentIn(claimed)['instance_id'];
      expectAnswer(await system.post(`${task}/task_actions/processing`, { instance_id: instance }), ok(queued));
      const before = await system.get(task);
      expectAnswer(before, ok({ ...queued, status: 'processing' }));
      const body = {
        ...{ instance_id: instance, reason: 'killed for memory', site: 'UW' },
        resources: { time: 2, memory: memory + 1, gpu: 5, cpu: 1.05, disk: 0.4 },
      };
      expectAnswer(await system.post(`${task}/task_actions/reset`, { ...body, instance_id: 'stale' }), none);
      expectAnswer(await system.post(`${task}/task_actions/reset`, body), before);
      memory = (memory + 1) * 1.5;
      expectAnswer(
        await system.get(task),
        ok({
          ...waiting,
          ...{ failures, site: 'UW', walltime_err: 2 * failures, walltime_err_n: failures, status_changed: aTime },
          requirements: { memory, gpu: 1, cpu: 2, os: ['RHEL_9_x86_64'], time: 3 },
        }),
      );
      expectAnswer(await system.post(`${task}/task_actions/reset`, body), none);
      expectAnswer(await alice.get(`${at}/task_counts/status`), ok({ waiting: 1 }));
    }
    const claimed = documentIn(await system.post('/task_actions/queue', query));
    const before = without(claimed, 'queued');
    const end = { instance_id: claimed['instance_id'], time_used: 3600, resources: { time: 9, cpu: 2.4 } };
    expectAnswer(await system.post(`${task}/task_actions/failed`, end), ok(before));
    expectAnswer(
      await system.get(task),
      ok({
        ...before,
        ...{
          status: 'failed',
          instance_id: '',
          failures: 5,
          walltime_err: 9,
          walltime_err_n: 5,
          status_changed: aTime,
        },
        requirements: { memory, gpu: 1, cpu: 3, os: ['RHEL_9_x86_64'], time: 13.5 },
      }),
    );
    expectAnswer(await system.post('/task_actions/queue', query), none);
    expectAnswer(await alice.get(`${at}/task_summaries/status`), ok({ failed: [id] }));
    expectAnswer(
      await alice.get(`${at}/tasks?status=failed&keys=failures`),
      ok({ [id]: { task_id: id, failures: 5 } }),
    );
    expectAnswer(await alice.get(`${at}/task_stats`), ok({}));

    // The crons update jobs and datasets.
    const jobStatus = `${at}/jobs/${job}/status`;
    const datasetStatus = `${at}/status`;
    expectAnswer(await system.put(jobStatus, { status: 'errors' }), done);
    const failed = await system.get(`/jobs/${job}`);
    expectAnswer(failed, ok(jobDocument({ job_id: job, dataset_id: datasetId, status: 'errors' })));
    expectAnswer(await system.put(jobStatus, { status: 'errors' }), done);
    expectAnswer(await system.get(`/jobs/${job}`), failed);
    expectAnswer(await system.put(jobStatus, { status: 'complete' }), badMove);
    expectAnswer(await system.put(jobStatus, { status: 'gone' }), refused(400, 'Bad status'));
    expectAnswer(await system.put(jobStatus, {}), refused(400, 'Missing status in body'));
    expectAnswer(await system.put(`${at}/jobs/nobodys/status`, { status: 'errors' }), refused(404, 'Job not found'));
    expectAnswer(await alice.get(`${at}/job_summaries/status`), ok({ errors: [job] }));
    expectAnswer(
      await alice.get(`${at}/jobs?status=errors&keys=job_index`),
      ok({ [job]: { job_id: job, job_index: 0 } }),
    );
    expectAnswer(await system.put(datasetStatus, { status: 'errors' }), done);
    expectAnswer(await alice.get(at), ok(datasetDocument({ dataset_id: datasetId, status: 'errors' })));
    expectAnswer(
      await alice.get('/datasets?status=errors&keys=status'),
      ok({ [datasetId]: { dataset_id: datasetId, status: 'errors' } }),
    );
    expectAnswer(await alice.put(datasetStatus, { status: 'complete' }), badMove);
    expectAnswer(await alice.put(datasetStatus, { status: 'gone' }), refused(400, 'bad status'));
    expectAnswer(await alice.put(datasetStatus, {}), refused(400, 'missing status'));
    expectAnswer(await system.put('/datasets/nobodys/status', { status: 'errors' }), refused(404, 'Dataset not found'));

    // The owner retries: the failure count continues.
    expectAnswer(await alice.put(datasetStatus, { status: 'processing' }), done);
    expectAnswer(await alice.put(jobStatus, { status: 'processing' }), done);
    expectAnswer(await alice.put(`${at}/tasks/${id}/status`, { status: 'processing' }), badMove);
    expectAnswer(await alice.put(`${at}/tasks/${id}/status`, { status: 'waiting' }), done);
    expectAnswer(
      await alice.get(`${at}/tasks/${id}?keys=status|failures`),
      ok({ task_id: id, status: 'waiting', failures: 5 }),
    );
  });

  it('a task of legacy pilots fails permanently after too many failures', async () => {
    const { system, pilot, alice } = cluster();
    const datasetId = await newDataset(alice);
    const id = await newTask(system, datasetId, { status: 'processing' });
    for (let failures = 1; failures <= LEGACY_FAILURES_MAX + 1; failures += 1) {
      expectAnswer(await system.post(`/task_actions/bulk_status/processing`, { tasks: [id] }), done);
      const before = await pilot.get(`/tasks/${id}`);
      expectAnswer(await pilot.post(`/tasks/${id}/task_actions/reset`, { time_used: 1800 }), before);
      const status = failures > LEGACY_FAILURES_MAX ? 'failed' : 'waiting';
      const errors = { failures, walltime_err: failures / 2, walltime_err_n: failures };
      expectAnswer(
        await pilot.get(`/tasks/${id}`),
        ok({ ...documentIn(before), ...errors, status, status_changed: aTime }),
      );
    }
  });
};
