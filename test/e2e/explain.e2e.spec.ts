import { MODES } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';

describe.each(MODES)('explanations ($mode)', (mode) => {
  const cluster = useTestCluster(mode);

  it('say why a task does not run and what is left, to readers of the dataset only', async () => {
    const { system, alice, bob } = cluster();
    const dataset = await newDataset(alice, { priority: 0.5 });
    const rule = { read_groups: [], write_groups: [], read_users: ['alice'], write_users: ['alice'] };
    expect(await system.put(`/auths/${dataset}`, rule)).toMatchObject({ status: 200 });
    const job_id = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id, status: 'waiting', requirements: { memory: 8 } });
    const offer = { requirements: { memory: 4 } };
    expect(await system.post('/task_actions/queue', offer)).toMatchObject({ status: 404 });

    expect(await alice.get(`/cairn/explain/units/${task}`)).toMatchObject({
      status: 200,
      json: {
        ...{ task_id: task, status: 'waiting', phase: 'ready', dataset_status: 'processing' },
        reason: 'It is ready, but fits none of the offers last seen (1): memory.',
        offers: [
          { requirements: offer.requirements, fits: false, misfits: [{ name: 'memory', asked: 8, offered: 4 }] },
        ],
        priority: {
          due: 1,
          dataset: 0.25,
          terms: { dataset_priority: 0.5, group: 'simprod', active_tasks: 1, active_tasks_of_all: 1, job_index: 0 },
        },
        queue: { ahead: 0, ahead_of_all: 0, more: false },
      },
    });
    expect(await alice.get(`/cairn/datasets/${dataset}/remaining`)).toMatchObject({
      status: 200,
      json: {
        tasks: { generate: { complete: 0, remaining: 1, avg_hrs: null, remaining_hrs: null } },
        ...{ remaining: 1, remaining_hrs: null },
      },
    });
    expect(await bob.get(`/cairn/explain/units/${task}`)).toMatchObject({ status: 403 });
    expect(await bob.get(`/cairn/datasets/${dataset}/remaining`)).toMatchObject({ status: 403 });
    expect(await alice.get('/cairn/explain/units/nobody')).toMatchObject({ status: 404 });
  });

  interface Explanation {
    readonly reason: string;
    readonly priority: {
      readonly due: number | null;
      readonly steps: readonly { readonly step: string; readonly adds: number }[] | null;
      readonly terms: Readonly<Record<string, unknown>> | null;
    };
    readonly offers: readonly { readonly fits: boolean; readonly found: boolean }[];
    readonly queue: object | null;
  }
  const explained = async (task: string): Promise<Explanation> =>
    (await cluster().alice.get(`/cairn/explain/units/${task}`)).json as Explanation;
  const reason = async (task: string): Promise<string> => (await explained(task)).reason;

  it('say what a task of each status waits for', async () => {
    const { alice, system } = cluster();
    const dataset = await newDataset(alice);
    const at = (status: string, more: object = {}): Promise<string> => newTask(system, dataset, { status, ...more });
    const [idle, suspended, failed, complete] = [
      await at('idle'),
      await at('suspended'),
      await at('failed'),
      await at('complete'),
    ];
    const blocked = await at('idle', { depends: [complete, failed, 'nobody'] });
    const only = await at('waiting', { requirements: { memory: 3 } });
    const query_params = { dataset_id: dataset };
    const claimed = await system.post('/task_actions/queue', { requirements: { memory: 4, site: 'UW' }, query_params });
    expect(claimed).toMatchObject({ status: 200, json: { task_id: only } });
    const running = await at('processing');
    const waiting = await at('waiting');
    expect(await reason(idle)).toBe(
      'It depends on nothing that is open and waits for a client to queue it: this Cairn does not queue by itself.',
    );
    expect(await reason(suspended)).toBe('It is suspended and waits until somebody resets it.');
    expect(await reason(failed)).toBe('It has failed and waits until somebody resets it.');
    expect(await reason(complete)).toBe('It is complete.');
    expect(await reason(blocked)).toBe(`It waits for 2 tasks to complete, such as ${failed} (failed).`);
    expect(await reason(only)).toBe('It was handed to a worker at UW that has not started it yet.');
    expect(await reason(running)).toBe('It is running.');
    expect(await reason(waiting)).toBe('It is ready and waits for a worker to ask; no task of its kind goes first.');
    expect((await explained(waiting)).offers[0]).toMatchObject({ fits: true, found: true });

    for (const each of [suspended, failed, complete, only, running]) {
      expect(await explained(each)).toMatchObject({ priority: { due: null, steps: null }, queue: null });
    }
    for (const each of [idle, blocked, waiting]) {
      const { due, steps } = (await explained(each)).priority;
      expect(steps?.reduce((sum, { adds }) => sum + adds, 0)).toBeCloseTo(due ?? Number.NaN, 12);
    }
    const { priority } = await explained(blocked);
    expect(priority).toMatchObject({ due: 0, terms: { user_priority: 1, group_priority: 0.5 } });
    expect(priority.steps?.at(-1)?.step).toBe('open_dependencies');

    await alice.put(`/datasets/${dataset}/status`, { status: 'suspended' });
    expect(await explained(waiting)).toMatchObject({
      reason: 'Its dataset is suspended: only tasks of processing datasets are handed out.',
      queue: null,
    });
  });

  it('distinguish a task that fits no offer from one that no worker has requested', async () => {
    const { alice, system } = cluster();
    const dataset = await newDataset(alice);
    const ready = (requirements: object): Promise<string> =>
      newTask(system, dataset, { status: 'waiting', requirements });
    const [elsewhere, large, small] = [
      await ready({ site: 'MARS', memory: 5 }),
      await ready({ memory: 1e6, gpu: 1 }),
      await ready({ memory: 1 }),
    ];
    const offer = { requirements: { memory: 4, gpu: 0, site: 'UW' }, query_params: { dataset_id: dataset } };
    expect(await system.post('/task_actions/queue', offer)).toMatchObject({ status: 200, json: { task_id: small } });
    expect((await explained(large)).offers[0]).toMatchObject({
      ...{ fits: false, found: true },
      misfits: [
        { name: 'memory', asked: 1e6, offered: 4 },
        { name: 'gpu', asked: 1, offered: 0 },
      ],
    });
    expect((await explained(elsewhere)).offers[0]).toMatchObject({
      misfits: [
        { name: 'memory', asked: 5, offered: 4 },
        { name: 'site', asked: 'MARS', offered: 'UW' },
      ],
    });
    for (const [task, names] of [
      [elsewhere, /site/],
      [large, /memory.*gpu|gpu.*memory/],
    ] as const) {
      expect(await reason(task)).toMatch(/^It is ready, but fits none of the offers last seen \(\d+\): /);
      expect(await reason(task)).toMatch(names);
    }
    // Legacy pilots claim queued tasks without an instance id; no pilot has requested these.
    const forPilots = await newTask(system, dataset, { status: 'queued' });
    expect(await reason(forPilots)).toBe('It is ready, but no worker has asked for tasks like it since Cairn started.');
  });

  it('count the tasks ahead, in the same class and overall', async () => {
    const { alice, system } = cluster();
    const dataset = await newDataset(alice);
    const ready = (priority: number, requirements: object = {}): Promise<string> =>
      newTask(system, dataset, { status: 'waiting', priority, requirements });
    await ready(5, { memory: 2 });
    await ready(5);
    const [older, newer] = [await ready(4), await ready(4)];
    await ready(3);
    // Tasks of other datasets have a priority of at most 1.
    expect((await explained(older)).queue).toEqual({ ahead: 1, ahead_of_all: 2, more: false });
    expect((await explained(newer)).queue).toEqual({ ahead: 2, ahead_of_all: 3, more: false });
  });

  it('estimate the remaining time from completed tasks', async () => {
    const { alice, system } = cluster();
    const dataset = await newDataset(alice);
    const left = async (): Promise<unknown> => (await alice.get(`/cairn/datasets/${dataset}/remaining`)).json;
    expect(await left()).toEqual({ tasks: {}, remaining: 0, remaining_hrs: 0 });
    for (const hours of [1, 2]) {
      const task = await newTask(system, dataset, { status: 'queued', instance_id: 'i' });
      const report = { instance_id: 'i', time_used: hours * 3600 };
      expect((await system.post(`/tasks/${task}/task_actions/complete`, report)).status).toBe(200);
    }
    for (const status of ['idle', 'waiting', 'processing', 'suspended', 'failed']) {
      await newTask(system, dataset, { status });
    }
    const generate = { complete: 2, remaining: 5, avg_hrs: 1.5, remaining_hrs: 7.5 };
    expect(await left()).toEqual({ tasks: { generate }, remaining: 5, remaining_hrs: 7.5 });
    await newTask(system, dataset, { name: 'filter', task_index: 1 });
    const filter = { complete: 0, remaining: 1, avg_hrs: null, remaining_hrs: null };
    expect(await left()).toEqual({ tasks: { generate, filter }, remaining: 6, remaining_hrs: null });
  });
});
