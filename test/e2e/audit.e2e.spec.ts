import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { newWorkflow } from '../compat/torc/workflow.js';
import { MODES } from '../harness/cairn-process.js';
import type { HttpClient } from '../harness/http-client.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: string;
  readonly time: string;
  readonly actor: string;
  readonly correlationid: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Page {
  readonly events: readonly CloudEvent[];
  readonly next?: string;
  readonly looked_up_to?: string;
}

const NDJSON = { headers: { accept: 'application/x-ndjson' } };

describe.each(MODES)('the audit list ($mode)', (mode) => {
  const cluster = useTestCluster(mode, () => ({ ...VARIABLES, TORC_ACCESS: 'open' }));

  const page = async (client: HttpClient, query: string): Promise<Page> => {
    const { status, json } = await client.get(`/cairn/history/events?${query}`);
    expect(status).toBe(200);
    return json as Page;
  };
  const typesOf = async (client: HttpClient, query: string): Promise<string[]> =>
    (await page(client, `order=oldest&${query}`)).events.map(({ type }) => type);
  const lines = async (client: HttpClient, query: string): Promise<CloudEvent[]> => {
    const { status, headers, text } = await client.send('GET', `/cairn/history/events?${query}`, NDJSON);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/x-ndjson; charset=UTF-8');
    expect(text).toMatch(/^$|\n$/);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as CloudEvent);
  };

  it('finds events of all dialects by what they are about, as far as the caller may read them', async () => {
    const { system, admin, alice, bob, pilot, anonymous } = cluster();
    const dataset = await newDataset(alice);
    await system.put(`/auths/${dataset}`, {
      read_users: ['alice'],
      write_users: [],
      read_groups: [],
      write_groups: [],
    });
    const job = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id: job, status: 'waiting' });
    const other = await newTask(system, dataset, { job_id: job, status: 'waiting' });
    await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'suspended' });
    const workflow = await newWorkflow(new TorcClient(anonymous), { jobs: [{ name: 'first', command: 'x' }] });

    const ofDataset = await typesOf(alice, `workload=${dataset}`);
    expect(ofDataset).toEqual([
      ...['WorkloadSubmitted', 'AccessRuleSet', 'GroupsAdded', 'UnitAdded', 'UnitAdded', 'UnitsMoved'].map(
        (type) => `cairn.iceprod.${type}`,
      ),
    ]);
    expect(await typesOf(alice, `workload=iceprod.main.${dataset}`)).toEqual(ofDataset);
    expect(await typesOf(alice, `unit=${task}`)).toEqual(['cairn.iceprod.UnitAdded', 'cairn.iceprod.UnitsMoved']);
    expect(await typesOf(alice, `unit=${task},${other}&type=UnitAdded`)).toHaveLength(2);
    expect(await typesOf(alice, `group=${job}`)).toEqual(['cairn.iceprod.GroupsAdded']);
    expect(await typesOf(alice, `person=alice&workload=${dataset}`)).toEqual(ofDataset.slice(0, 2));
    expect(await typesOf(alice, `actor=grid&workload=${dataset}`)).toEqual(ofDataset.slice(1));
    expect(await typesOf(bob, `workload=${workflow.key}&type=WorkflowCreated`)).toEqual(['cairn.torc.WorkflowCreated']);

    // Bob reads neither the dataset nor what is for administrators.
    expect(await typesOf(bob, `workload=${dataset}`)).toEqual([]);
    expect(await typesOf(bob, 'dialect=cairn')).toEqual([]);
    await admin.post('/users', { username: 'carol' });
    expect(await typesOf(admin, 'dialect=cairn&person=carol')).toEqual(['cairn.cairn.UserCreated']);
    expect(await typesOf(bob, 'person=carol')).toEqual([]);
    expect(await pilot.get('/cairn/history/events')).toMatchObject({ status: 403 });
    expect(await anonymous.get('/cairn/history/events')).toMatchObject({ status: 401 });

    const [moved] = (await page(alice, `unit=${task}&limit=1`)).events;
    expect(moved).toMatchObject({
      type: 'cairn.iceprod.UnitsMoved',
      subject: `iceprod.main.${dataset}`,
      actor: 'grid',
    });
    const { time = '', correlationid = '', sequence = '' } = moved ?? {};
    expect(await typesOf(alice, `request=${correlationid}`)).toEqual(['cairn.iceprod.UnitsMoved']);
    expect(await typesOf(alice, `workload=${dataset}&from=${time}`)).toEqual(['cairn.iceprod.UnitsMoved']);
    expect(await typesOf(alice, `workload=${dataset}&until=${time}`)).toEqual(ofDataset.slice(0, -1));
    expect(await typesOf(alice, `workload=${dataset}&up_to=${sequence}`)).toEqual(ofDataset);
    expect(await typesOf(alice, `workload=${dataset}&after=${sequence}`)).toEqual([]);
  });

  it('comes in pages in both orders, and as lines that go on where they have ended', async () => {
    const { system, alice } = cluster();
    const dataset = await newDataset(alice);
    for (let task = 0; task < 5; task++) await newTask(system, dataset);
    const all = await lines(system, '');
    expect(all.length).toBeGreaterThan(5);
    for (const order of ['oldest', 'newest']) {
      const paged: CloudEvent[] = [];
      let cursor: string | undefined = '';
      while (cursor !== undefined) {
        const { events, next }: Page = await page(system, `order=${order}&limit=3${cursor && `&cursor=${cursor}`}`);
        expect(events.length).toBeLessThanOrEqual(3);
        paged.push(...events);
        cursor = next;
      }
      expect(paged).toEqual(order === 'oldest' ? all : all.toReversed());
    }
    const middle = all[Math.floor(all.length / 2)]?.sequence ?? '';
    expect(await lines(system, `after=${middle}`)).toEqual(all.filter((_, at) => at > Math.floor(all.length / 2)));
    const { looked_up_to: end = '' } = await page(system, `order=oldest&after=${all.at(-1)?.sequence}`);
    await newTask(system, dataset);
    expect(end).toMatch(/^\d+-[\da-f-]{36}$/);
    const elsewhere = await system.get(`/cairn/history/events?after=${all.at(-1)?.sequence}-${all[0]?.id}`);
    expect(elsewhere).toMatchObject({ status: 400, json: { type: 'urn:cairn:error:feed.unknown-place' } });
    const added = await lines(system, `after=${end}`);
    expect(added.map(({ type }) => type)).toEqual(['cairn.iceprod.UnitAdded']);
  });

  it('says what is wrong with a question', async () => {
    const { alice } = cluster();
    const refusal = async (query: string): Promise<unknown> => (await alice.get(`/cairn/history/events?${query}`)).json;
    const problem = (status: number, detail: string) => ({
      status,
      detail,
      type: expect.stringMatching(/^urn:cairn:/) as unknown,
    });
    expect(await refusal('order=up')).toMatchObject(problem(400, 'order must be one of newest, oldest'));
    expect(await refusal('limit=0')).toMatchObject(problem(400, 'limit must be an integer from 1 to 1000'));
    expect(await refusal('after=x')).toMatchObject(
      problem(400, 'after must be a place in the history like 4711 or 4711.3'),
    );
    expect(await refusal('actor=a,,b')).toMatchObject(
      problem(400, 'actor must be one or more names, separated by commas'),
    );
    expect(await refusal('from=noon')).toMatchObject({ status: 400 });
    expect(await refusal('workload=none')).toMatchObject(problem(404, 'Workload not found'));
    expect(await refusal('unit=none')).toMatchObject(problem(404, 'Unit not found'));
    expect(await refusal('group=none')).toMatchObject(problem(404, 'Group not found'));
  });
});
