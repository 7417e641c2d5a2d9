import { type JsonAnswer, jsonAnswer } from '../../../harness/http-client.js';
import { created, done, ok, refused } from '../answers.js';
import { settled } from '../actions/requests.js';
import type { GetTestCluster } from '../../../harness/test-cluster.js';
import {
  aTime,
  anId,
  datasetDocument,
  type Document,
  documentIn,
  jobDocument,
  resultIn,
  taskDocument,
  without,
} from '../documents.js';
import type { ExpectAnswer } from '../../exact-answers.js';

const SUBMISSION = {
  description: 'muon gun, set 3',
  jobs_submitted: 3,
  tasks_submitted: 6,
  tasks_per_job: 2,
  group: 'simprod',
  priority: 0.7,
};

const modules = [{ modules: [{ src: '/cvmfs/x/run.py', args: '--seed $(job)' }] }];
const CONFIG = {
  version: 3.2,
  description: 'muon gun, set 3',
  steering: { parameters: { base: 2 } },
  tasks: [
    { name: 'generate', requirements: { cpu: 1, memory: '$eval($steering(base)*2)' }, trays: modules },
    { name: 'detector', depends: ['generate'], requirements: { gpu: 1, time: 1.5 }, trays: modules },
  ],
};

const MISSING = ['description', 'jobs_submitted', 'tasks_submitted', 'tasks_per_job', 'group'];

const WRONG: readonly (readonly [fields: Document, reason: string])[] = [
  [{ jobs_submitted: '3' }, 'key "jobs_submitted" should be of type int'],
  [{ description: 7 }, 'key "description" should be of type str'],
  [{ debug: 'no' }, 'key "debug" should be of type bool'],
  [{ auth_groups_read: 'users' }, 'key "auth_groups_read" should be of type list'],
  [{ dataset_id: 'mine' }, 'invalid keys found'],
  [{ status: 'new' }, 'unknown status'],
  [{ group: 'nobodys' }, 'invalid group'],
  [{ auth_groups_read: ['nobodys'] }, 'invalid group'],
  [{ tasks_submitted: 7 }, '"tasks_submitted" must be "jobs_submitted" times "tasks_per_job"'],
  [{ jobs_submitted: 0, tasks_submitted: 0, tasks_per_job: 0 }, '"tasks_per_job" must be > 0'],
];

const WRONG_CONFIGS: readonly (readonly [config: unknown, reason: string])[] = [
  [{ version: 3.2 }, "Validation error in config: 'tasks' is a required property"],
  [{ ...CONFIG, tasks: [{ name: 'a' }] }, "Validation error in config['tasks'][0]: 'trays' is a required property"],
  [{ ...CONFIG, dataset_id: 'another' }, 'dataset_id mismatch'],
  ['[]', 'body is not a JSON object'],
  ['{"version"', 'body is not valid JSON'],
];

/** Requests of the web page and of users' scripts (contract 4, 5, 6, 7, 10, 16). */
export const submitAndMaterialize = (cluster: GetTestCluster, expectAnswer: ExpectAnswer): void => {
  it('a user submits a dataset with its config and creates jobs and tasks from it', async () => {
    const { admin, system, alice, bob } = cluster();
    for (const name of MISSING) {
      expectAnswer(await alice.post('/datasets', without(SUBMISSION, name)), refused(400, `missing key: ${name}`));
    }
    for (const [fields, reason] of WRONG) {
      expectAnswer(await alice.post('/datasets', { ...SUBMISSION, ...fields }), refused(400, reason));
    }

    // A plain user cannot submit under another name: the name is ignored without an error.
    const sent = await alice.send('POST', '/datasets', { body: JSON.stringify({ ...SUBMISSION, username: 'bob' }) });
    const answer = jsonAnswer(sent);
    expectAnswer(answer, created({ result: anId }));
    const id = resultIn(answer);
    expect(sent.headers['location']).toBe(`/datasets/${id}`);
    const at = `/datasets/${id}`;
    const dataset = await alice.get(at);
    const document = datasetDocument({ ...SUBMISSION, dataset_id: id });
    expectAnswer(dataset, ok(document));
    const { dataset: number } = documentIn(dataset) as { dataset: number };
    const next = await alice.post('/datasets', { ...SUBMISSION, auth_groups_read: [] });
    expectAnswer(next, created({ result: anId }));
    const other = resultIn(next);
    // Refused submissions use no dataset number.
    expectAnswer(
      await alice.get(`/datasets/${other}`),
      ok(datasetDocument({ ...SUBMISSION, dataset_id: other, dataset: number + 1 })),
    );
    expectAnswer(await bob.get(at), ok(documentIn(dataset)));
    expectAnswer(await bob.get(`/datasets/${other}`), refused(403, 'authorization failed'));
    expectAnswer(await system.get('/datasets/nobodys'), refused(404, 'Dataset not found'));
    expectAnswer(await alice.get('/datasets/nobodys'), refused(403, 'attr not found'));

    const own = '&users=alice&groups=simprod';
    expectAnswer(
      await alice.get(`/datasets?keys=dataset|description&status=processing${own}`),
      ok({
        [id]: { dataset_id: id, dataset: number, description: SUBMISSION.description },
        [other]: { dataset_id: other, dataset: number + 1, description: SUBMISSION.description },
      }),
    );
    expectAnswer(await bob.get(`/datasets?keys=dataset${own}`), ok({ [id]: { dataset_id: id, dataset: number } }));
    expectAnswer(await alice.get('/datasets?users=nobody'), ok({}));
    expectAnswer(await alice.get('/datasets?status=suspended|gone'), refused(400, 'unknown status'));
    expectAnswer(await bob.get('/dataset_summaries/status'), ok({ processing: [id] }));
    expectAnswer(await alice.get('/dataset_summaries/status'), ok({ processing: [id, other] }));
    expectAnswer(
      await admin.get(`/auths/${id}`),
      ok({
        read_groups: ['admin', 'simprod', 'users'],
        write_groups: ['admin', 'simprod'],
        read_users: ['alice'],
        write_users: ['alice'],
      }),
    );
    expectAnswer(
      await admin.get('/users?username=alice'),
      ok({ results: [{ user_id: anId, username: 'alice', priority: 0.5, groups: [], roles: [] }] }),
    );

    expectAnswer(await alice.put(`${at}/description`, { description: 'muons, set 4' }), done);
    expectAnswer(await alice.put(`${at}/description`, {}), refused(400, 'missing description'));
    expectAnswer(await alice.put(`${at}/description`, { description: 4 }), refused(400, 'bad description'));
    expectAnswer(await alice.put(`${at}/priority`, { priority: 1 }), done);
    expectAnswer(await alice.put(`${at}/priority`, { priority: 'high' }), refused(400, 'priority is not a number'));
    expectAnswer(await bob.put(`${at}/priority`, { priority: 2 }), refused(403, 'authorization failed'));
    expectAnswer(await alice.get(at), ok({ ...documentIn(dataset), description: 'muons, set 4', priority: 1 }));

    for (const path of [`/config/${id}`, `${at}/config`]) {
      expectAnswer(await alice.get(path), refused(404, 'Config not found'));
      for (const [config, reason] of WRONG_CONFIGS) expectAnswer(await alice.put(path, config), refused(400, reason));
      expectAnswer(await bob.put(path, CONFIG), refused(403, 'authorization failed'));
    }
    expectAnswer(await alice.put(`/config/${id}`, { ...CONFIG, dataset_id: id }), done);
    expectAnswer(await alice.get(`/config/${id}`), ok(CONFIG));
    expectAnswer(await bob.get(`${at}/config`), ok(CONFIG));

    expectAnswer(await alice.get(`/actions/materialization/datasets/${id}`), refused(404, 'Request not found'));
    expectAnswer(await bob.post('/actions/materialization', { dataset_id: id }), refused(403, 'auth failed'));
    expectAnswer(await alice.post('/actions/materialization', {}), refused(400, 'missing key: dataset_id'));
    const materialize = async (fields: object): Promise<string> => {
      const accepted = await alice.post('/actions/materialization', { dataset_id: id, ...fields });
      expectAnswer(accepted, created({ result: anId }));
      return resultIn(accepted);
    };
    const request = await materialize({ num: '1' });
    const payload = { dataset_id: id, num: 1, set_status: 'idle', type: 'materialization' };
    const shown = { id: request, error_message: '', payload };
    const begunOrNot: unknown = expect.stringMatching(/^(queued|processing|complete)$/);
    expectAnswer(await alice.get(`/actions/materialization/${request}`), ok({ ...shown, status: begunOrNot }));
    expectAnswer(await alice.get(`/actions/materialization/datasets/${id}`), ok({ id: request, status: begunOrNot }));
    expect(await settled(alice, 'materialization', request)).toStrictEqual({ ...shown, status: 'complete' });
    expectAnswer(await alice.get(`/actions/materialization/datasets/${id}`), ok({ id: request, status: 'complete' }));
    expectAnswer(await alice.get(`${at}/job_counts/status`), ok({ processing: 1 }));
    expectAnswer(await alice.get(`${at}/task_counts/status`), ok({ idle: 2 }));
    const second = await materialize({ set_status: 'waiting' });
    expect((await settled(alice, 'materialization', second)).status).toBe('complete');

    const listed = await alice.get(`${at}/jobs`);
    const jobs = Object.keys(documentIn(listed));
    expectAnswer(
      listed,
      ok(
        Object.fromEntries(
          jobs.map((job, index) => [job, jobDocument({ job_id: job, dataset_id: id, job_index: index })]),
        ),
      ),
    );
    expect(jobs).toHaveLength(3);
    const all = await alice.get(`${at}/tasks`);
    const tasks = Object.keys(documentIn(all));
    const isAbove0: unknown = expect.any(Number);
    const taskAt = (place: number): Document => ({
      ...taskDocument({ task_id: tasks[place], dataset_id: id, job_id: jobs[Math.floor(place / 2)] }),
      job_index: Math.floor(place / 2),
      task_index: place % 2,
      status: place < 2 ? 'idle' : 'waiting',
      priority: isAbove0,
      ...(place % 2 === 0
        ? { requirements: { cpu: 1, memory: 4 } }
        : { name: 'detector', depends: [tasks[place - 1]], requirements: { gpu: 1, time: 1.5 } }),
    });
    expect(tasks).toHaveLength(6);
    expectAnswer(all, ok(Object.fromEntries(tasks.map((task, place) => [task, taskAt(place)]))));
    expectAnswer(await bob.get(`${at}/jobs/${jobs[1] ?? ''}`), ok(documentIn(listed)[jobs[1] ?? '']));
    expectAnswer(
      await alice.get(`${at}/jobs?job_index=2&keys=job_index`),
      ok({ [jobs[2] ?? '']: { job_id: jobs[2], job_index: 2 } }),
    );
    expectAnswer(await alice.get(`${at}/jobs?status=gone`), refused(400, 'Unknown status'));
    expectAnswer(await alice.get(`${at}/jobs/nobodys`), refused(404, 'Job not found'));
    expectAnswer(
      await alice.get(`${at}/tasks?status=idle&name=detector&keys=name|requirements.gpu`),
      ok({
        [tasks[1] ?? '']: { task_id: tasks[1], name: 'detector', requirements: { gpu: 1 } },
      }),
    );
    expectAnswer(await alice.get(`${at}/tasks?status=gone`), refused(400, 'Unknown task status'));
    expectAnswer(await alice.get(`${at}/tasks/nobodys`), refused(404, 'Task not found'));
    expectAnswer(await bob.get(`${at}/tasks/${tasks[5] ?? ''}`), ok(documentIn(all)[tasks[5] ?? '']));
    expectAnswer(await alice.get(`${at}/job_summaries/status`), ok({ processing: jobs }));
    expectAnswer(
      await alice.get(`${at}/task_summaries/status`),
      ok({ idle: tasks.slice(0, 2), waiting: tasks.slice(2) }),
    );
    expectAnswer(
      await alice.get(`${at}/task_counts/name_status`),
      ok({ generate: { idle: 1, waiting: 2 }, detector: { idle: 1, waiting: 2 } }),
    );
    expectAnswer(await alice.get(`${at}/task_counts/status?gpu=true`), ok({ idle: 1, waiting: 2 }));
    expectAnswer(await alice.get(`${at}/task_stats`), ok({}));

    const file = { filename: 'osdf:///a/b.i3', movement: 'input', job_index: 1, task_name: 'generate' };
    expectAnswer(await alice.get(`${at}/files`), ok({ files: [] }));
    expectAnswer(await alice.post(`${at}/files`, file), created({ result: tasks[2] }));
    expectAnswer(
      await alice.post(`${at}/files`, { ...file, job_index: 9 }),
      refused(400, 'task referred to not found'),
    );
    expectAnswer(await alice.post(`${at}/files`, { ...file, movement: 'sideways' }), refused(400, 'invalid file data'));
    const stored = {
      files: [
        { type: 'permanent', movement: 'input', remote: file.filename, local: '', transfer: true, compression: false },
      ],
    };
    expectAnswer(await alice.get(`${at}/files`), ok(stored));
    expectAnswer(await bob.get(`${at}/files/${tasks[2] ?? ''}`), ok(stored));
    expectAnswer(await bob.post(`${at}/files/${tasks[2] ?? ''}`, file), refused(403, 'authorization failed'));

    expectAnswer(
      await alice.put(`${at}/jobs_submitted`, { jobs_submitted: 2 }),
      refused(400, 'jobs_submitted must not be less than before'),
    );
    expectAnswer(
      await alice.put(`${at}/jobs_submitted`, { jobs_submitted: 'many' }),
      refused(400, 'jobs_submitted is not an int'),
    );
    expectAnswer(await alice.put(`${at}/jobs_submitted`, { jobs_submitted: '4' }), done);
    expectAnswer(
      await alice.get(at),
      ok({ ...documentIn(dataset), description: 'muons, set 4', priority: 1, jobs_submitted: 4, tasks_submitted: 8 }),
    );
    expect((await settled(alice, 'materialization', await materialize({}))).status).toBe('complete');
    expectAnswer(await alice.get(`${at}/job_counts/status`), ok({ processing: 4 }));
    expectAnswer(await alice.post(`${at}/dataset_actions/truncate`), done);
    expectAnswer(
      await alice.get('/datasets?status=truncated&keys=truncated'),
      ok({ [id]: { dataset_id: id, truncated: true } }),
    );
  });

  it('a user submits everything with one request', async () => {
    const { alice } = cluster();
    const body = { config: JSON.stringify(CONFIG), description: 'at once', jobs_submitted: '2', group: 'simprod' };
    const WRONG_REQUESTS: readonly (readonly [fields: Document, reason: string])[] = [
      [{ username: 'bob' }, 'cannot submit as a different user'],
      [{ group: 'filtering' }, 'not a member of selected group'],
      [{ config: '{' }, 'config is not valid'],
      [{ config: '{"version":3}' }, "Validation error in config: 'tasks' is a required property"],
      [{ extra_submit_fields: '[]' }, 'extra_submit_fields is not a JSON object'],
      [{ more: 1 }, 'unknown key: more'],
    ];
    for (const [fields, reason] of WRONG_REQUESTS) {
      expectAnswer(await alice.post('/actions/submit', { ...body, ...fields }), refused(400, reason));
    }
    const accepted: JsonAnswer = await alice.post('/actions/submit', body);
    expectAnswer(accepted, created({ result: anId }));
    const request = resultIn(accepted);
    const payload = { ...body, jobs_submitted: 2, username: 'alice', extra_submit_fields: null, type: 'submit' };
    const { payload: result, ...settledAs } = await settled(alice, 'submit', request);
    expect(settledAs).toStrictEqual({ id: request, status: 'complete', error_message: '' });
    expect(result).toStrictEqual({ ...payload, dataset_id: anId });
    const id = String(result['dataset_id']);
    expectAnswer(
      await alice.get(`/datasets/${id}`),
      ok(
        datasetDocument({
          ...{ dataset_id: id, description: 'at once', start_date: aTime },
          ...{ jobs_submitted: 2, tasks_submitted: 4, tasks_per_job: 2 },
        }),
      ),
    );
    expectAnswer(await alice.get(`/config/${id}`), ok(CONFIG));
    expectAnswer(await alice.get(`/datasets/${id}/job_counts/status`), ok({}));
    expectAnswer(await alice.get('/actions/submit/nobodys'), refused(404, 'Request not found'));
    expectAnswer(await alice.get('/actions/submit'), ok({ queued: 0, processing: 0, error: 0, complete: 1 }));
  });
};
