import { Embedded, numberIn, textIn } from '../support/embedded.js';

const RACES = 1000;
/** `POST /cairn/iceprod/datasets/{id}/tasks` makes them in one go. */
const DATASET = {
  description: 'race',
  jobs_submitted: RACES,
  tasks_submitted: RACES,
  tasks_per_job: 1,
  group: 'users',
};

describe('two clients and one ready task', () => {
  let cairn: Embedded;

  beforeAll(async () => {
    cairn = new Embedded();
    await cairn.start();
  });

  afterAll(() => cairn.remove());

  it(`gives it to exactly one of them, ${RACES} times`, async () => {
    const dataset = textIn(await cairn.ask('POST', '/datasets', DATASET), 'result');
    await cairn.ask('POST', `/cairn/iceprod/datasets/${dataset}/tasks`, {
      first_job_index: 0,
      count: RACES,
      tasks: [{ name: 'prize', depends: [], requirements: { memory: 1 } }],
    });
    const ids = Object.keys((await cairn.ask('GET', `/datasets/${dataset}/tasks?keys=task_id`)) as object);
    expect(ids).toHaveLength(RACES);
    for (const id of ids) {
      expect(numberIn(await cairn.ask('POST', '/task_actions/waiting', { task_ids: [id] }), 'waiting')).toBe(1);
      const claim = { requirements: { memory: 4 } };
      const answers = await Promise.all([
        cairn.send('POST', '/task_actions/queue', claim),
        cairn.send('POST', '/task_actions/queue', claim),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
      const won = answers.find(({ status }) => status === 200);
      expect(textIn(JSON.parse(won?.text ?? '{}'), 'task_id')).toBe(id);
    }
    expect(await cairn.ask('GET', `/datasets/${dataset}/task_counts/status`)).toEqual({ queued: RACES });
  }, 120_000);
});
