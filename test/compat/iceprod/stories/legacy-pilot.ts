import { jsonAnswer } from '../../../harness/http-client.js';
import { created, done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../fixtures.js';
import { aTime, anId, datasetDocument, documentIn, jobDocument, resultIn, taskDocument } from '../documents.js';
import type { ExpectAnswer } from '../../exact-answers.js';

const CONFIG = '{"version": 3, "tasks": [{"name": "generate", "seed": 9007199254740993, "scale": 1.0}]}';

/** The pilot of IceProd 2.4 to 2.7 claims queued tasks and knows no instance ids (contract 7.6, 12). */
export const legacyPilot = (cluster: GetTestCluster, expectAnswer: ExpectAnswer): void => {
  it('a legacy pilot registers, claims a queued task and reports without an instance id', async () => {
    const { system, pilot, alice } = cluster();
    const refusedRole = refused(403, 'authorization failed');
    const none = refused(404, 'Task not found');
    const datasetId = await newDataset(alice);
    const job = await newJob(system, datasetId);
    const id = await newTask(system, datasetId, { job_id: job, status: 'waiting', requirements: { memory: 4 } });
    expectAnswer(await alice.put(`/config/${datasetId}`, CONFIG), done);

    expectAnswer(await pilot.post('/task_actions/queue', { num_tasks: 1 }), refusedRole);
    expectAnswer(
      await system.post('/task_actions/queue', { num_tasks: 1, dataset_prio: { [datasetId]: 1000 } }),
      ok({ queued: 1 }),
    );
    const resources = { cpu: 4, memory: 16 };
    expectAnswer(
      await system.post('/pilots', { queue_host: 'sub-1.example' }),
      refused(400, 'missing key: queue_version'),
    );
    const registered = await system.post('/pilots', {
      queue_host: 'sub-1.example',
      queue_version: '2.7.14',
      resources,
    });
    expectAnswer(registered, created({ result: anId }));
    expectAnswer(await pilot.post('/pilots', {}), refusedRole);
    const path = `/pilots/${resultIn(registered)}`;
    const document = {
      ...{ pilot_id: resultIn(registered), queue_host: 'sub-1.example', queue_version: '2.7.14', resources },
      ...{ resources_available: {}, resources_claimed: {}, tasks: [], start_date: '' },
      ...{ host: '', site: '', version: '', grid_queue_id: '', submit_date: aTime, last_update: aTime },
    };
    expectAnswer(await pilot.get(path), ok(document));
    expectAnswer(
      await pilot.patch(path, { host: 'n1', start_date: '2026-01-01T00:00:00' }),
      ok({
        ...document,
        host: 'n1',
        start_date: '2026-01-01T00:00:00',
      }),
    );

    const query = { requirements: { memory: 8, site: 'UW' }, query_params: { dataset_id: datasetId } };
    const little = { ...query, requirements: { memory: 1 } };
    expectAnswer(await pilot.post('/task_actions/process', little), none);
    const task = taskDocument({
      ...{ task_id: id, dataset_id: datasetId, job_id: job, status: 'processing', site: 'UW' },
      requirements: { memory: 4 },
    });
    const informative = { gridspec: 'g', hostname: 'n1', domain: 'd', ifaces: [] };
    expectAnswer(
      await pilot.post('/task_actions/process', { ...query, ...informative }),
      // Old pilots read all five fields without checking that they exist.
      ok({ ...task, requirements: { memory: 4, cpu: 1, gpu: 0, disk: 10, time: 1 } }),
    );
    expectAnswer(await pilot.post('/task_actions/process', query), none);
    expectAnswer(await pilot.get(`/tasks/${id}`), ok(task));
    expectAnswer(await pilot.get(`/jobs/${job}`), ok(jobDocument({ job_id: job, dataset_id: datasetId })));
    expectAnswer(await pilot.get(`/datasets/${datasetId}`), ok(datasetDocument({ dataset_id: datasetId })));
    const config = await pilot.send('GET', `/config/${datasetId}`);
    expect({ status: config.status, text: config.text }).toEqual({ status: 200, text: CONFIG });
    expectAnswer(await pilot.get(`/config/nobodys`), refused(404, 'Config not found'));
    expectAnswer(await pilot.get(`/datasets/${datasetId}/files/${id}`), ok({ files: [] }));
    expectAnswer(await pilot.put(`${path}/tasks`, { tasks: id }), refused(400, 'key "tasks" should be of type list'));
    expectAnswer(await pilot.put(`${path}/tasks`, {}), refused(400, 'missing tasks'));
    expectAnswer(await pilot.put(`${path}/tasks`, { tasks: [id] }), done);
    expectAnswer(
      await system.get(`/pilots?host=n1&keys=tasks`),
      ok({ [resultIn(registered)]: { pilot_id: resultIn(registered), tasks: [id] } }),
    );
    expectAnswer(await system.get('/pilots?host=elsewhere'), ok({}));

    const stat = await pilot.post(`/tasks/${id}/task_stats`, { dataset_id: datasetId, task_stats: '{"a":1.0}' });
    expectAnswer(stat, created({ result: anId }));
    const log = await pilot.post('/logs', { dataset_id: datasetId, task_id: id, name: 'stdout', data: 'all is well' });
    expectAnswer(log, created({ result: anId }));
    expectAnswer(
      await alice.get(`/datasets/${datasetId}/logs/${resultIn(log)}`),
      ok({
        ...{ log_id: resultIn(log), timestamp: aTime, name: 'stdout', data: 'all is well' },
        ...{ dataset_id: datasetId, task_id: id },
      }),
    );
    for (const path of ['/logs', '/tasks', '/grids', '/users', '/datasets', `/datasets/${datasetId}/tasks/${id}`]) {
      expectAnswer(await pilot.get(path), refusedRole);
    }
    expectAnswer(await pilot.patch(`/tasks/${id}`, {}), refused(400, 'Missing update data'));
    expectAnswer(await pilot.patch(`/tasks/${id}`, { site: 'DESY' }), ok({ ...task, site: 'DESY' }));
    expectAnswer(
      await pilot.post(`/tasks/${id}/task_actions/complete`, { time_used: 1800 }),
      ok({ ...task, site: 'DESY' }),
    );
    const complete = { ...task, site: 'DESY', status: 'complete', walltime: 0.5 };
    expectAnswer(await pilot.get(`/tasks/${id}`), ok(complete));
    // Without an instance id a report cannot be stale: the task already has the requested status.
    expectAnswer(await pilot.post(`/tasks/${id}/task_actions/complete`, { time_used: 9 }), ok(complete));
    expectAnswer(await pilot.post('/tasks/nobodys/task_actions/complete', {}), none);
    expectAnswer(
      await pilot.post(`/tasks/${id}/task_actions/reset`, {}),
      refused(400, 'Bad state transition for status'),
    );
    expectAnswer(
      await pilot.put(`/tasks/${id}/status`, { status: 'idle' }),
      refused(400, 'Bad state transition for status'),
    );

    expectAnswer(await pilot.patch(path, {}), refused(400, 'Missing update data'));
    expectAnswer(
      await pilot.patch(path, { tasks: [] }),
      ok({ ...document, host: 'n1', start_date: '2026-01-01T00:00:00' }),
    );
    expectAnswer(jsonAnswer(await pilot.send('DELETE', path)), done);
    expectAnswer(await pilot.get(path), refused(404, 'Pilot not found'));
    expectAnswer(jsonAnswer(await pilot.send('DELETE', path)), refused(404, 'Pilot not found'));
    expectAnswer(await pilot.get(`/tasks/${id}`), ok(complete));
  });

  it('the task of a deleted legacy pilot is released at once', async () => {
    const { system, pilot, alice } = cluster();
    const datasetId = await newDataset(alice);
    const id = await newTask(system, datasetId, { status: 'queued', requirements: { cpu: 2 } });
    const query = { query_params: { dataset_id: datasetId } };
    expect((await pilot.post('/task_actions/process', query)).status).toBe(200);
    const before = documentIn(await pilot.get(`/tasks/${id}`));
    const body = { queue_host: 'h', queue_version: '2.7', resources: {}, tasks: [id] };
    const path = `/pilots/${resultIn(await system.post('/pilots', body))}`;
    expectAnswer(jsonAnswer(await system.send('DELETE', path)), done);
    expectAnswer(
      await pilot.get(`/tasks/${id}`),
      ok({ ...before, status: 'waiting', evictions: 1, failures: 0, status_changed: aTime }),
    );
    const logs = await alice.get(`/datasets/${datasetId}/tasks/${id}/logs`);
    const text: unknown = expect.any(String);
    expectAnswer(
      logs,
      ok({
        logs: [{ log_id: anId, name: 'stdlog', data: text, timestamp: aTime, task_id: id, dataset_id: datasetId }],
      }),
    );
  });
};
