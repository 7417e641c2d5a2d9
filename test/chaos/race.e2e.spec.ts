import { MODES } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { newDataset } from '../compat/iceprod/fixtures.js';
import { numberIn, textIn } from '../harness/json-fields.js';

const RACES = 1000;
/** Each race takes longer with separate processes. */
const RACES_OVER_NATS = 300;

describe.each(MODES)('two clients that claim one ready task ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  const races = mode.isDistributed ? RACES_OVER_NATS : RACES;

  it(`never both get it in ${races} races`, async () => {
    const { system, alice } = cluster();
    const dataset = await newDataset(alice, { jobs_submitted: races, tasks_submitted: races, tasks_per_job: 1 });
    const made = await system.post(`/cairn/iceprod/datasets/${dataset}/tasks`, {
      first_job_index: 0,
      count: races,
      tasks: [{ name: 'prize', depends: [], requirements: { memory: 1 } }],
    });
    expect(made.status).toBe(201);
    const ids = Object.keys((await alice.get(`/datasets/${dataset}/tasks?keys=task_id`)).json as object);
    expect(ids).toHaveLength(races);
    for (const id of ids) {
      expect(numberIn((await system.post('/task_actions/waiting', { task_ids: [id] })).json, 'waiting')).toBe(1);
      const claim = { requirements: { memory: 4 } };
      const answers = await Promise.all([
        system.post('/task_actions/queue', claim),
        system.post('/task_actions/queue', claim),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
      expect(textIn(answers.find(({ status }) => status === 200)?.json, 'task_id')).toBe(id);
    }
    expect((await alice.get(`/datasets/${dataset}/task_counts/status`)).json).toEqual({ queued: races });
  });
});
