import { settled } from '../actions/requests.js';
import { created, done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../fixtures.js';
import { aTime, anId, datasetDocument, documentIn, resultIn } from '../documents.js';
import type { ExpectAnswer } from '../../exact-answers.js';

const WORDS = ['idle', 'waiting', 'queued', 'processing', 'failed', 'complete'];

/** The owner suspends and resets a dataset (contract 4.2, 6, 7.3, 7.7, 16). */
export const suspendAndReset = (cluster: GetTestCluster, expectAnswer: ExpectAnswer): void => {
  it('a running dataset is suspended, reset and hard-reset', async () => {
    const { system, alice, bob } = cluster();
    const datasetId = await newDataset(alice);
    const at = `/datasets/${datasetId}`;
    const job = await newJob(system, datasetId);
    const tasks: string[] = [];
    for (const status of WORDS) {
      tasks.push(await newTask(system, datasetId, { job_id: job, status, instance_id: 'i' }));
    }
    const statuses = async (words: readonly string[], instances: readonly string[]): Promise<void> =>
      expectAnswer(
        await alice.get(`${at}/tasks?keys=status|instance_id`),
        ok(
          Object.fromEntries(
            tasks.map((id, place) => [id, { task_id: id, status: words[place], instance_id: instances[place] }]),
          ),
        ),
      );
    const INSTANCE_IDS = new Array<string>(6).fill('i');
    const jobs = async (expected: object): Promise<void> =>
      expectAnswer(await alice.get(`${at}/job_counts/status`), ok(expected));
    await statuses(WORDS, INSTANCE_IDS);

    for (const action of ['bulk_suspend', 'bulk_reset', 'bulk_hard_reset']) {
      // An empty selection selects nothing.
      expectAnswer(await alice.post(`${at}/task_actions/${action}`, { tasks: [] }), done);
      expectAnswer(await alice.post(`${at}/task_actions/${action}`, { jobs: [] }), done);
      expectAnswer(await alice.post(`${at}/job_actions/${action}`, { jobs: [] }), done);
      expectAnswer(await alice.post(`${at}/task_actions/${action}`, { tasks: ['nobodys'] }), done);
      expectAnswer(await bob.post(`${at}/task_actions/${action}`), refused(403, 'authorization failed'));
      expectAnswer(await bob.post(`${at}/job_actions/${action}`), refused(403, 'authorization failed'));
      await statuses(WORDS, INSTANCE_IDS);
      await jobs({ processing: 1 });
    }

    expectAnswer(await alice.put(`${at}/status`, { status: 'suspended' }), done);
    expectAnswer(await alice.put(`${at}/status`, { status: 'suspended' }), done);
    expectAnswer(await alice.get(at), ok(datasetDocument({ dataset_id: datasetId, status: 'suspended' })));
    await statuses(WORDS, INSTANCE_IDS);
    expectAnswer(await alice.post(`${at}/job_actions/bulk_suspend`), done);
    await jobs({ suspended: 1 });
    await statuses(WORDS, INSTANCE_IDS);
    expectAnswer(await alice.post(`${at}/task_actions/bulk_suspend`, { jobs: [job] }), done);
    await statuses(
      ['suspended', 'suspended', 'suspended', 'suspended', 'failed', 'complete'],
      ['', '', '', '', 'i', 'i'],
    );
    const claim = { query_params: { dataset_id: datasetId } };
    expectAnswer(await system.post('/task_actions/queue', claim), refused(404, 'Task not found'));

    expectAnswer(await alice.post(`${at}/task_actions/bulk_reset`), done);
    await statuses(['idle', 'idle', 'idle', 'idle', 'idle', 'complete'], ['', '', '', '', '', 'i']);
    expectAnswer(await alice.post(`${at}/job_actions/bulk_reset`), done);
    await jobs({ processing: 1 });
    expectAnswer(await alice.put(`${at}/status`, { status: 'processing' }), done);

    const [first = '', , , , , last = ''] = tasks;
    const patched = await system.patch(`/tasks/${last}`, {
      failures: 3,
      walltime: 2,
      site: 'UW',
      'requirements.cpu': 2,
    });
    const complete = {
      status: 'complete',
      failures: 3,
      walltime: 2,
      site: 'UW',
      requirements: { cpu: 2 },
      status_changed: aTime,
    };
    expectAnswer(
      patched,
      ok({ ...documentIn(await system.get(`/tasks/${first}`)), ...complete, task_id: last, instance_id: 'i' }),
    );
    expectAnswer(
      await alice.put(`${at}/tasks/${last}/status`, { status: 'idle' }),
      refused(400, 'Bad state transition for status'),
    );
    expectAnswer(await alice.put(`${at}/status`, { status: 'complete' }), done);
    expectAnswer(
      await alice.put(`${at}/status`, { status: 'processing' }),
      refused(400, 'Bad state transition for status'),
    );
    expectAnswer(await alice.post(`${at}/dataset_actions/truncate`), refused(400, 'Cannot truncate complete dataset'));
    expectAnswer(
      await alice.put(`${at}/status`, { status: 'truncated' }),
      refused(400, 'Cannot truncate complete dataset'),
    );
    expectAnswer(await bob.post(`${at}/dataset_actions/hard_reset`), refused(403, 'authorization failed'));
    expectAnswer(await alice.post(`${at}/dataset_actions/hard_reset`), done);
    expectAnswer(await alice.get(at), ok(datasetDocument({ dataset_id: datasetId })));
    expectAnswer(await system.get(`/tasks/${last}`), patched);
    expectAnswer(await alice.post(`${at}/task_actions/bulk_hard_reset`, { tasks: [last] }), done);
    expectAnswer(
      await system.get(`/tasks/${last}`),
      ok({ ...documentIn(patched), status: 'idle', failures: 0, site: '', instance_id: '', status_changed: aTime }),
    );
    expectAnswer(await alice.get(`${at}/task_counts/status`), ok({ idle: 6 }));

    expectAnswer(await alice.put(`${at}/jobs/${job}/status`, { status: 'complete' }), done);
    expectAnswer(await alice.post(`${at}/job_actions/bulk_reset`), done);
    await jobs({ complete: 1 });
    expectAnswer(await alice.post(`${at}/job_actions/bulk_hard_reset`, { jobs: [job] }), done);
    await jobs({ processing: 1 });
    expectAnswer(await alice.post(`${at}/job_actions/bulk_status/suspended`, { jobs: [job] }), done);
    expectAnswer(await alice.post(`${at}/job_actions/bulk_status/suspended`, { jobs: [job] }), done);
    expectAnswer(
      await alice.post(`${at}/job_actions/bulk_status/complete`, { jobs: [job] }),
      refused(404, 'Jobs not found'),
    );
    expectAnswer(await alice.post(`${at}/job_actions/bulk_status/gone`, { jobs: [job] }), refused(400, 'Bad status'));
    expectAnswer(await alice.post(`${at}/job_actions/bulk_status/errors`, {}), refused(400, 'Missing jobs in body'));

    // Tasks are forced from any status.
    expectAnswer(await alice.post(`${at}/task_actions/bulk_status/complete`, { tasks }), done);
    expectAnswer(await alice.post(`${at}/task_actions/bulk_status/waiting`, { tasks: [first] }), done);
    expectAnswer(await alice.get(`${at}/task_counts/status`), ok({ waiting: 1, complete: 5 }));
    expectAnswer(
      await alice.post(`${at}/task_actions/bulk_status/waiting`, { tasks: [] }),
      refused(400, 'Missing tasks in body'),
    );
    expectAnswer(await alice.post(`${at}/task_actions/bulk_status/gone`, { tasks }), refused(400, 'Bad status'));
    expectAnswer(
      await alice.post(`${at}/task_actions/bulk_status/idle`, { tasks: ['nobodys'] }),
      refused(404, 'Tasks not found'),
    );

    const require = `${at}/task_actions/bulk_requirements`;
    expectAnswer(await alice.patch(`${require}/generate`, { memory: 6.5, os: ['RHEL_9_x86_64'] }), done);
    expectAnswer(
      await alice.get(`${at}/tasks/${first}?keys=requirements`),
      ok({
        task_id: first,
        requirements: { memory: 6.5, os: ['RHEL_9_x86_64'] },
      }),
    );
    expectAnswer(await alice.post(`${require}/generate`, { cpu: 1, memory: 2.5, os: [] }), done);
    expectAnswer(
      await alice.get(`${at}/tasks/${first}?keys=requirements`),
      ok({ task_id: first, requirements: { cpu: 1, memory: 6.5 } }),
    );
    expectAnswer(await alice.patch(`${require}/generate`, {}), refused(400, 'Missing body'));
    expectAnswer(await alice.patch(`${require}/generate`, { color: 1 }), refused(400, 'Invalid resource types'));
    expectAnswer(await alice.patch(`${require}/nobodys`, { cpu: 1 }), refused(404, 'Tasks not found'));

    expectAnswer(await alice.post(`${at}/dataset_actions/truncate`), done);
    expectAnswer(await alice.post(`${at}/dataset_actions/truncate`), done);
    expectAnswer(await alice.get(at), ok(datasetDocument({ dataset_id: datasetId, truncated: true })));
  });

  it('one request suspends or resets a dataset with its jobs and tasks', async () => {
    const { system, alice, bob } = cluster();
    const datasetId = await newDataset(alice);
    const at = `/datasets/${datasetId}`;
    const job = await newJob(system, datasetId);
    for (const status of ['waiting', 'processing', 'complete'])
      await newTask(system, datasetId, { job_id: job, status });
    const stands = async (dataset: string, jobs: object, tasks: object): Promise<void> => {
      expectAnswer(
        await alice.get(`${at}?keys=status`),
        ok(datasetDocument({ dataset_id: datasetId, status: dataset })),
      );
      expectAnswer(await alice.get(`${at}/job_counts/status`), ok(jobs));
      expectAnswer(await alice.get(`${at}/task_counts/status`), ok(tasks));
    };
    const body = { dataset_id: datasetId };
    expectAnswer(
      await bob.post('/actions/dataset_status', { ...body, action: 'suspend' }),
      refused(403, 'auth failed'),
    );
    expectAnswer(
      await alice.post('/actions/dataset_status', { ...body, action: 'stop' }),
      refused(400, 'invalid action'),
    );
    expectAnswer(
      await alice.post('/actions/job_status', { ...body, action: 'reset', initial_status: 'errors', job_ids: [job] }),
      refused(400, 'cannot define both initial_status and job_ids'),
    );
    expectAnswer(
      await alice.post('/actions/task_status', { ...body, action: 'reset', initial_status: 'gone' }),
      refused(400, 'invalid initial_status'),
    );
    const carriedOut = async (action: string): Promise<void> => {
      const accepted = await alice.post('/actions/dataset_status', { ...body, action });
      expectAnswer(accepted, created({ result: anId }));
      const id = resultIn(accepted);
      await settled(alice, 'dataset_status', id);
      expectAnswer(
        await alice.get(`/actions/dataset_status/${id}`),
        ok({
          ...{ id, status: 'complete', error_message: '' },
          payload: { ...body, action, progress: 100, type: 'dataset_status' },
        }),
      );
    };
    await carriedOut('suspend');
    await stands('suspended', { suspended: 1 }, { suspended: 2, complete: 1 });
    await carriedOut('reset');
    await stands('processing', { processing: 1 }, { idle: 2, complete: 1 });
    expectAnswer(await alice.put(`${at}/status`, { status: 'complete' }), done);
    await carriedOut('hard_reset');
    await stands('processing', { processing: 1 }, { idle: 3 });
  });
};
