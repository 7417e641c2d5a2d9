import { MODES } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { newDataset } from '../compat/iceprod/fixtures.js';
import { numberIn, textIn } from '../harness/json-fields.js';

const RACES = 1000;
/** Each race takes longer with separate processes. */
const RACES_OVER_NATS = 300;
/** Tasks that are ready at the same time, for twice as many claims. */
const AT_ONCE = 10;

describe.each(MODES)('clients that claim at once, two for each ready task ($mode)', (mode) => {
  const cluster = useTestCluster(mode);
  const races = mode.isDistributed ? RACES_OVER_NATS : RACES;

  it(`never get the same one of ${races}`, async () => {
    const { system, alice } = cluster();
    const dataset = await newDataset(alice, { jobs_submitted: races, tasks_submitted: races, tasks_per_job: 1 });
    const added = await system.post(`/cairn/iceprod/datasets/${dataset}/tasks`, {
      first_job_index: 0,
      count: races,
      tasks: [{ name: 'prize', depends: [], requirements: { memory: 1 } }],
    });
    expect(added.status).toBe(201);
    const ids = Object.keys((await alice.get(`/datasets/${dataset}/tasks?keys=task_id`)).json as object);
    expect(ids).toHaveLength(races);
    for (let first = 0; first < races; first += AT_ONCE) {
      const prizes = ids.slice(first, first + AT_ONCE);
      const made = await system.post('/task_actions/waiting', { task_ids: prizes });
      expect(numberIn(made.json, 'waiting')).toBe(AT_ONCE);
      const answers = await Promise.all(
        Array.from({ length: 2 * AT_ONCE }, () => system.post('/task_actions/queue', { requirements: { memory: 4 } })),
      );
      const claimed = answers.flatMap(({ status, json }) => (status === 200 ? [textIn(json, 'task_id')] : []));
      expect(claimed.sort()).toEqual(prizes.sort());
      expect(answers.filter(({ status }) => status === 404)).toHaveLength(AT_ONCE);
    }
    expect((await alice.get(`/datasets/${dataset}/task_counts/status`)).json).toEqual({ queued: races });
  });
});
