import { jsonAnswer } from '../../../harness/http-client.js';
import { created, done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset } from '../fixtures.js';
import { aTime, anId, type Document, documentIn, jobDocument, resultIn, taskDocument } from '../documents.js';
import type { ExpectAnswer } from '../../exact-answers.js';

const OFFER = { cpu: 4, gpu: 0, memory: 16, disk: 100, time: 24, site: 'UW' };
const STATS = {
  hostname: 'n1',
  domain: 'uw.edu',
  site: 'UW',
  resources: { cpu: 0.9, time: 1.5 },
  task_stats: {},
  time: 't',
};

/** The process beside HTCondor claims many tasks and reports each with the instance id of its claim (contract 7.6, 8, 9, 11). */
export const gridProcess = (cluster: GetTestCluster, expectAnswer: ExpectAnswer): void => {
  it('a grid process claims many tasks and reports processing, statistics, logs and completion', async () => {
    const { system, alice, bob } = cluster();

    expectAnswer(await system.post('/grids', { host: 'sub-1.example' }), refused(400, 'missing key: queues'));
    const registered = await system.post('/grids', {
      host: 'sub-1.example',
      queues: { condor: 'HTCondor' },
      version: '3.2',
    });
    expectAnswer(registered, created({ result: anId }));
    const grid = `/grids/${resultIn(registered)}`;
    const gridDocument = {
      grid_id: resultIn(registered),
      host: 'sub-1.example',
      queues: { condor: 'HTCondor' },
      version: '3.2',
      username: 'iceprod-system',
      debug: false,
      start_date: aTime,
      last_update: aTime,
    };
    expectAnswer(await system.get(grid), ok(gridDocument));
    expectAnswer(
      await system.patch(grid, { version: '3.3', load: 0.5 }),
      ok({ ...gridDocument, version: '3.3', load: 0.5 }),
    );
    expectAnswer(await system.patch(grid, {}), refused(400, 'Missing update data'));
    expectAnswer(await system.get('/grids/nobodys'), refused(404, 'Grid not found'));
    expectAnswer(await alice.get(grid), refused(403, 'authorization failed'));

    const datasetId = await newDataset(alice, { jobs_submitted: 3, tasks_submitted: 6, tasks_per_job: 2 });
    const at = `/datasets/${datasetId}`;
    const jobs: string[] = [];
    const generates: string[] = [];
    const detectors: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const job = await system.post('/jobs', { dataset_id: datasetId, job_index: index });
      expectAnswer(job, created({ result: anId }));
      jobs.push(resultIn(job));
      expectAnswer(
        await system.get(`/jobs/${resultIn(job)}`),
        ok(jobDocument({ job_id: resultIn(job), dataset_id: datasetId, job_index: index })),
      );
      const place = { dataset_id: datasetId, job_id: resultIn(job), job_index: index };
      const first = await system.post('/tasks', {
        ...place,
        task_index: 0,
        name: 'generate',
        depends: [],
        requirements: {},
      });
      expectAnswer(first, created({ result: anId }));
      generates.push(resultIn(first));
      const second = await system.post('/tasks', {
        ...place,
        ...{ task_index: 1, name: 'detector', depends: [resultIn(first)], requirements: { gpu: 1 } },
      });
      expectAnswer(second, created({ result: anId }));
      detectors.push(resultIn(second));
      expectAnswer(
        await system.get(`/tasks/${resultIn(second)}`),
        ok(
          taskDocument({
            ...place,
            ...{ task_id: resultIn(second), task_index: 1, name: 'detector' },
            ...{ depends: [resultIn(first)], requirements: { gpu: 1 } },
          }),
        ),
      );
    }
    expectAnswer(await system.post('/tasks', { dataset_id: datasetId }), refused(400, 'missing key: job_id'));
    expectAnswer(await alice.post('/tasks', {}), refused(403, 'authorization failed'));
    const counts = async (expected: Document): Promise<void> =>
      expectAnswer(await alice.get(`${at}/task_counts/status`), ok(expected));
    await counts({ idle: 6 });
    expectAnswer(await alice.get(`${at}/job_counts/status`), ok({ processing: 3 }));

    // The cron that queues tasks.
    const keys = 'task_id|depends|requirements.gpu';
    expectAnswer(
      await system.get(`/tasks?status=idle&keys=${keys}|dataset_id&sort=priority=-1&limit=1&site=nowhere`),
      ok({ tasks: [] }),
    );
    expectAnswer(
      await system.post('/task_actions/waiting', { task_ids: [...generates, 'nobodys'] }),
      ok({ waiting: 3 }),
    );
    expectAnswer(await system.post('/task_actions/waiting', { task_ids: generates }), ok({ waiting: 0 }));
    expectAnswer(
      await system.post('/task_actions/waiting', { task_ids: new Array(101).fill('x') }),
      refused(400, 'too many tasks. must be <= 100'),
    );
    await counts({ idle: 3, waiting: 3 });

    const claim = { num: 10, requirements: OFFER, query_params: { dataset_id: datasetId }, dataset_deprio: [] };
    const none = refused(404, 'Task not found');
    expectAnswer(await system.post('/task_actions/queue_many', { ...claim, num: 0 }), none);
    expectAnswer(
      await system.post('/task_actions/queue_many', { ...claim, query_params: { name: 'generate' } }),
      refused(400, 'param name is not allowed'),
    );
    const claimed = await system.post('/task_actions/queue_many', claim);
    const documents = claimed.json as readonly Document[];
    const instance = String(documents[0]?.['instance_id']);
    expectAnswer(
      claimed,
      ok(
        generates.map((id, index) =>
          taskDocument({
            ...{ task_id: id, dataset_id: datasetId, job_id: jobs[index], job_index: index },
            ...{ status: 'queued', site: 'UW', instance_id: anId },
          }),
        ),
      ),
    );
    expect(documents.map((each) => each['instance_id'])).toEqual(new Array(3).fill(instance));
    expectAnswer(await system.post('/task_actions/queue_many', claim), none);
    await counts({ idle: 3, queued: 3 });

    for (const [index, id] of generates.entries()) {
      const report = (action: string, body: object) => system.post(`/tasks/${id}/task_actions/${action}`, body);
      const queued = documents[index];
      expectAnswer(await system.get(`/tasks/${id}`), ok(queued));
      for (const action of ['processing', 'reset', 'failed', 'complete']) {
        expectAnswer(await report(action, {}), refused(400, 'Missing instance_id in body'));
        expectAnswer(await report(action, { instance_id: 'stale' }), none);
      }
      expectAnswer(await report('processing', { instance_id: instance, site: 'AMAZON' }), ok(queued));
      const processing = { ...queued, status: 'processing', site: 'AMAZON', status_changed: aTime };
      expectAnswer(await system.get(`/tasks/${id}`), ok(processing));
      // Repeated, as after a lost answer: nothing changes, and no counter increases.
      expectAnswer(await report('processing', { instance_id: instance }), ok(processing));
      // HTCondor has requeued the job and started it again.
      const status = `/tasks/${id}/status`;
      expectAnswer(
        await system.put(status, { status: 'queued', instance_id: 'stale' }),
        refused(400, 'Bad state transition for status'),
      );
      expectAnswer(await system.put(status, { status: 'queued', instance_id: instance }), done);
      expectAnswer(await system.put(status, { status: 'queued', instance_id: 'stale' }), done);
      expectAnswer(await system.put(status, {}), refused(400, 'Missing status in body'));
      expectAnswer(await system.put(status, { status: 'running' }), refused(400, 'Bad status'));
      expectAnswer(await system.get(`/tasks/${id}`), ok({ ...processing, status: 'queued' }));
      expectAnswer(await report('processing', { instance_id: instance }), ok({ ...processing, status: 'queued' }));

      const stat = await system.post(`/tasks/${id}/task_stats`, { dataset_id: datasetId, ...STATS });
      expectAnswer(stat, created({ result: anId }));
      const record = {
        ...{ task_stat_id: resultIn(stat), task_id: id, dataset_id: datasetId, create_date: aTime },
        stats: STATS,
      };
      const stats = `${at}/tasks/${id}/task_stats`;
      expectAnswer(await system.post(`/tasks/${id}/task_stats`, STATS), refused(400, 'Missing dataset_id in body'));
      expectAnswer(await alice.get(`${stats}?last=true`), ok({ [resultIn(stat)]: record }));
      expectAnswer(await bob.get(`${stats}/${resultIn(stat)}`), ok(record));
      expectAnswer(await alice.get(`${stats}/nobodys`), refused(404, 'Task stat not found'));

      expectAnswer(await alice.get(`${at}/tasks/${id}/logs`), refused(404, 'Log not found'));
      const log = { dataset_id: datasetId, task_id: id, name: 'stdout', data: `run ${index}\n` };
      expectAnswer(await system.post('/logs', { ...log, data: undefined }), refused(400, 'data field not in body'));
      const written = await system.post('/logs', log);
      expectAnswer(written, created({ result: anId }));
      const logDocument = { log_id: resultIn(written), timestamp: aTime, ...log };
      expectAnswer(await bob.get(`${at}/tasks/${id}/logs`), ok({ logs: [logDocument] }));
      expectAnswer(await alice.get(`${at}/logs/${resultIn(written)}`), ok(logDocument));
      expectAnswer(
        await alice.get(`${at}/tasks/${id}/logs?group=true&keys=data&num=1`),
        ok({ logs: [{ data: log.data }] }),
      );
      expectAnswer(await system.get(`/logs/${resultIn(written)}`), ok(logDocument));

      const before = await system.get(`/tasks/${id}`);
      const end = { instance_id: instance, time_used: 3600 * (index + 1), site: 'DESY' };
      expectAnswer(
        await report('complete', { ...end, time_used: 'long' }),
        refused(400, 'time_used is not a number, or negative'),
      );
      expectAnswer(await report('complete', end), before);
      const complete = {
        status: 'complete',
        site: 'DESY',
        walltime: index + 1,
        instance_id: '',
        status_changed: aTime,
      };
      expectAnswer(await system.get(`/tasks/${id}`), ok({ ...documentIn(before), ...complete }));
      // A repeat after a lost answer is harmless.
      expectAnswer(await report('complete', end), none);
      expectAnswer(await report('failed', end), none);
      await counts({ idle: 3, ...(index < 2 && { queued: 2 - index }), complete: index + 1 });
    }
    expectAnswer(await alice.get(`${at}/task_counts/status?gpu=true`), ok({ idle: 3 }));
    expectAnswer(await alice.get(`${at}/task_counts/status?gpu=maybe`), refused(400, 'gpu is not a bool'));
    expectAnswer(
      await alice.get(`${at}/task_counts/name_status`),
      ok({ generate: { complete: 3 }, detector: { idle: 3 } }),
    );
    const hours = { total_hrs: 6, total_err_hrs: 0, avg_hrs: 2, stddev_hrs: 1, min_hrs: 1, max_hrs: 3 };
    expectAnswer(await alice.get(`${at}/task_stats`), ok({ generate: { count: 3, gpu: 0, ...hours, efficiency: 1 } }));

    expectAnswer(await system.post('/task_actions/waiting', { task_ids: detectors }), ok({ waiting: 3 }));
    const query = { query_params: { dataset_id: datasetId } };
    expectAnswer(await system.post('/task_actions/queue_many', { ...query, requirements: OFFER }), none);
    const one = await system.post('/task_actions/queue', { ...query, requirements: { ...OFFER, gpu: 1 } });
    const detector = await system.get(`/tasks/${detectors[0] ?? ''}`);
    expectAnswer(one, ok({ ...documentIn(detector), queued: 1 }));
    expectAnswer(
      detector,
      ok(
        taskDocument({
          ...{ task_id: detectors[0], dataset_id: datasetId, job_id: jobs[0], task_index: 1, name: 'detector' },
          ...{ depends: [generates[0]], requirements: { gpu: 1 }, status: 'queued', site: 'UW', instance_id: anId },
        }),
      ),
    );

    // The cron that deletes old logs.
    const old = `/logs?to=9999&name=stdout&dataset_id=${datasetId}&keys=log_id&limit=100`;
    const logs = Object.keys(documentIn(await system.get(old)));
    expect(logs).toHaveLength(3);
    for (const id of logs) expectAnswer(jsonAnswer(await system.send('DELETE', `/logs/${id}`)), done);
    expectAnswer(await system.get(old), ok({}));
    expectAnswer(await system.get(`/logs/${logs[0] ?? ''}`), refused(404, 'Log not found'));
  });
};
