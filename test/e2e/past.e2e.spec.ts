import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { TorcClient } from '../compat/torc/torc-client.js';
import { newWorkflow } from '../compat/torc/workflow.js';
import { MODES } from '../harness/cairn-process.js';
import { HttpClient } from '../harness/http-client.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { startPastCairn } from '../harness/past-cairn.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';

/** So often a moment that is still being prepared is asked for again. */
const AGAIN_MAX = 3;

describe.each(MODES)('the past ($mode)', (mode) => {
  const variables = { ...VARIABLES, TORC_ACCESS: 'open' };
  const cluster = useTestCluster(mode, () => variables);

  const head = async (): Promise<number> => {
    const ledger = await openTestLedger(cluster().cairn);
    return ledger.head().finally(() => ledger.close());
  };

  /** The bytes of the answers to these questions. */
  const answers = (client: HttpClient, paths: readonly string[]): Promise<readonly string[]> =>
    Promise.all(paths.map(async (path) => (await client.send('GET', path)).text));

  /** A config that is stored beside the history. */
  const putLargeConfig = async (client: HttpClient, dataset: string, letter: string): Promise<void> => {
    const config = { tasks: [], text: letter.repeat(200_000) };
    expect(await client.put(`/config/${dataset}`, config)).toMatchObject({ status: 200 });
  };

  const storedFiles = (): readonly string[] => {
    const folder = join(cluster().cairn.dataDir, 'blobs');
    return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  };

  it('is served by a Cairn of its own, which answers as it was answered then and changes nothing', async () => {
    const { cairn, system, alice, anonymous } = cluster();
    const dataset = await newDataset(alice);
    const job = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id: job, status: 'waiting' });
    const torc = new TorcClient(anonymous);
    const workflow = await newWorkflow(torc, { jobs: [{ name: 'first', command: 'x' }] });
    await putLargeConfig(alice, dataset, 'a');
    const paths = [
      `/datasets/${dataset}`,
      `/config/${dataset}`,
      `/datasets/${dataset}/tasks/${task}`,
      `/datasets/${dataset}/task_counts/status`,
      `/cairn/history/units/${task}`,
      `/_db/test_db/torc-service${workflow.at('')}`,
      `/_db/test_db/torc-service${workflow.at('/jobs')}`,
    ];
    const [then, until] = [await answers(system, paths), await head()];
    await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'suspended' });
    await alice.put(`/datasets/${dataset}/description`, { description: 'other' });
    await putLargeConfig(alice, dataset, 'b');
    await workflow.initialize();
    const now = await answers(system, paths);
    expect(now.map((text, index) => text === then[index])).toEqual([false, false, false, false, false, true, false]);
    const [headNow, filesNow] = [await head(), storedFiles()];

    const past = await startPastCairn(cairn, until);
    const token = await cairn.token({ username: 'grid', roles: ['system'] });
    const client = new HttpClient(past, token);
    try {
      expect(await answers(client, paths)).toEqual(then);
      expect(await client.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'failed' })).toMatchObject({
        status: 503,
        json: { error: expect.stringContaining(`This is Cairn as it was at position ${until} (`) as unknown },
      });
      const pastTorc = new TorcClient(client);
      expect(await pastTorc.post(workflow.at('/initialize_jobs'))).toMatchObject({
        status: 503,
        json: { errorMessage: expect.stringContaining('nothing can be changed') as unknown },
      });
      // Larger bodies go to the blob store before anybody knows what they are.
      const log = { data: 'x'.repeat(1_500_000), task_id: task };
      expect(await client.post('/logs', log)).toMatchObject({ status: 503 });
      expect(storedFiles()).toEqual(filesNow);
      expect(await answers(client, paths)).toEqual(then);
    } finally {
      client.close();
      await past.stop();
    }
    expect(readdirSync(join(cairn.dataDir, 'past'))).toEqual([]);
    expect(await head()).toBe(headNow);
    expect(await answers(system, paths)).toEqual(now);
  });

  it('of a workload is answered byte for byte, whatever the order in which moments are asked for', async () => {
    const { system, alice, bob, anonymous } = cluster();
    const dataset = await newDataset(alice);
    const rule = { read_groups: [], write_groups: [], read_users: ['alice'], write_users: ['alice'] };
    await system.put(`/auths/${dataset}`, rule);
    const job = await newJob(system, dataset);
    const task = await newTask(system, dataset, { job_id: job, status: 'waiting' });
    const torc = new TorcClient(anonymous);
    const workflow = await newWorkflow(torc, { jobs: [{ name: 'first', command: 'x' }] });
    const jobKey = String((await workflow.job('first'))['_key']);
    const base = '/_db/test_db/torc-service';
    const paths = [
      `/cairn/workloads/${dataset}`,
      `/datasets/${dataset}`,
      `/datasets/${dataset}/tasks/${task}`,
      `/datasets/${dataset}/task_counts/status`,
      `/config/${dataset}`,
      `/cairn/workloads/torc.main.${workflow.key}`,
      `${base}${workflow.at('')}`,
      `${base}${workflow.at(`/jobs/${jobKey}`)}`,
      `${base}${workflow.at('/status')}`,
    ];
    const moments: { readonly position: number; readonly texts: readonly string[] }[] = [];
    const note = async (): Promise<void> => {
      moments.push({ position: await head(), texts: await answers(system, paths) });
    };
    await putLargeConfig(alice, dataset, 'a');
    await note();
    for (const status of ['queued', 'failed']) {
      await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status });
      await note();
    }
    await putLargeConfig(alice, dataset, 'b');
    await alice.put(`/datasets/${dataset}/description`, { description: '1.0 \u00e9' });
    await workflow.initialize();
    await note();

    const at = (client: HttpClient, name: string, query: string): Promise<string> =>
      client.send('GET', `/cairn/history/workloads/${name}/at?${query}`).then(({ text }) => text);
    const [countsPath, configPath] = [`/datasets/${dataset}/task_counts/status`, `/config/${dataset}`].map(
      encodeURIComponent,
    );
    for (const { position, texts } of [moments[3], moments[1]].filter((moment) => moment !== undefined)) {
      const [cairn, document, unit, counts, config] = texts;
      expect(await at(alice, dataset, `position=${position}&unit=${task}`)).toContain(
        `"workload":${cairn},"document":${document},"unit":${unit}}`,
      );
      expect(await at(alice, dataset, `position=${position}&path=${countsPath}`)).toContain(
        `"answer":{"status":200,"body":${counts}}`,
      );
      expect(await at(alice, dataset, `position=${position}&path=${configPath}`)).toContain(
        `"answer":{"status":200,"body":${config}}`,
      );
    }
    const { position, texts } = moments[1] ?? { position: 0, texts: [] };
    const [cairn, document, unit, status] = texts.slice(5);
    const name = `torc.main.${workflow.key}`;
    expect(await at(bob, name, `position=${position}&unit=${jobKey}`)).toContain(
      `"workload":${cairn},"document":${document},"unit":${unit}}`,
    );
    const statusPath = encodeURIComponent(`${base}${workflow.at('/status')}`);
    expect(await at(bob, name, `position=${position}&path=${statusPath}`)).toContain(
      `"answer":{"status":200,"body":${status}}`,
    );
  });

  it('is compared at two moments', async () => {
    const { system, alice } = cluster();
    const dataset = await newDataset(alice);
    const task = await newTask(system, dataset, { status: 'waiting' });
    const start = await head();
    await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'queued' });
    const queued = await head();
    await system.put(`/datasets/${dataset}/tasks/${task}/status`, { status: 'processing' });
    await alice.put(`/datasets/${dataset}/description`, { description: 'other' });
    const other = await newTask(system, dataset, { status: 'idle' });
    const end = await head();
    const differences = async (query: string): Promise<unknown> => {
      for (let again = 0; ; again++) {
        const answer = await alice.get(`/cairn/history/workloads/${dataset}/diff?${query}`);
        // On a machine with more to do, its process starts too slowly for the first question.
        if (answer.status !== 503 || again === AGAIN_MAX) return answer;
      }
    };
    expect(await differences(`from=${start}&to=${queued}`)).toMatchObject({
      status: 200,
      json: {
        ...{ from: { position: start }, to: { position: queued }, document: {} },
        workload: { units: { from: { by_status: { waiting: 1 } }, to: { by_status: { queued: 1 } } } },
        units: [{ unit_id: task, from: 'waiting', to: 'queued' }],
      },
    });
    const first = { unit_id: task, from: 'queued', to: 'processing' };
    expect(await differences(`from=${queued}&to=${end}`)).toMatchObject({
      json: {
        document: { description: { from: 'muons' } },
        units: [first, { unit_id: other, from: null, to: 'idle' }],
      },
    });
    const page = await differences(`from=${queued}&to=${end}&limit=1`);
    expect(page).toMatchObject({ json: { units: [first] } });
    const { next = '' } = (page as { json: { next?: string } }).json;
    expect(await differences(`from=${queued}&to=${end}&limit=1&cursor=${encodeURIComponent(next)}`)).toMatchObject({
      json: { units: [{ unit_id: other, from: null, to: 'idle' }] },
    });
    for (const [query, detail] of [
      ['to=1', 'from is missing'],
      ['from=x', 'from must be a position, or a time with its zone'],
      ['from=1&cursor=x', 'cursor must be what an answer to this list gave as next'],
      ['from=99999999', 'position is 99999999; the history ends at position'],
    ] as const) {
      expect(await differences(query)).toMatchObject({
        status: 400,
        json: { detail: expect.stringContaining(detail) as unknown },
      });
    }
  });

  it('is for those who may read the workload today, and says what cannot be answered', async () => {
    const { system, alice, bob, nobody } = cluster();
    const before = await head();
    const dataset = await newDataset(alice);
    const task = await newTask(system, dataset);
    const rule = { read_groups: [], write_groups: [], read_users: ['bob'], write_users: ['bob'] };
    const at = (client: HttpClient, query = '', name = dataset): Promise<unknown> =>
      client.get(`/cairn/history/workloads/${name}/at?${query}`);
    const created = await head();
    await system.put(`/auths/${dataset}`, rule);
    expect(await at(bob, `position=${created}`)).toMatchObject({ status: 200, json: { position: created } });
    expect(await at(alice, `position=${created}`)).toMatchObject({ status: 403 });
    expect(await at(nobody)).toMatchObject({ status: 403 });
    expect(await at(bob)).toMatchObject({ status: 200, json: { ref: `iceprod.main.${dataset}` } });
    expect(await at(bob, '', 'unknown')).toMatchObject({ status: 404 });
    expect(await at(bob, `position=${before}`)).toMatchObject({
      status: 404,
      json: {
        detail: expect.stringMatching(
          new RegExp(`^At position ${before} \\(\\d{4}-.*Z\\) there is no iceprod\\.main\\.${dataset}$`),
        ) as unknown,
      },
    });
    expect(await at(bob, 'time=2001-01-01T00:00:00Z')).toMatchObject({
      status: 404,
      json: { detail: `Before the first event there is no iceprod.main.${dataset}` },
    });
    // Clocks differ: the answer names the last event.
    expect(await at(bob, 'time=2901-01-01T00:00:00Z')).toMatchObject({ status: 200, json: { position: await head() } });
    expect(await at(bob, `time=${encodeURIComponent(new Date().toISOString())}`)).toMatchObject({ status: 200 });
    expect(await at(bob, 'unit=nothing')).toMatchObject({
      status: 404,
      json: { detail: expect.stringContaining('has no such unit') as unknown },
    });
    for (const [query, detail] of [
      ['position=99999999', 'position is 99999999; the history ends at position'],
      ['postion=1', 'postion must be left out: parameters are position, time, unit, path'],
      ['position=-1', 'position must be a whole number from 0 on'],
      ['position=1&time=2026-01-01T00:00:00Z', 'position and time are both given'],
      ['time=yesterday', 'time must be a time with its zone'],
      ['path=tasks', 'path must begin with a slash'],
      ['path=/users', 'expected the path of a GET route of iceprod that your roles suffice for'],
      ['path=/livez', 'expected the path of a GET route of iceprod'],
      ['path=/workflows', 'expected the path of a GET route of iceprod'],
    ] as const) {
      expect(await at(bob, query)).toMatchObject({
        status: 400,
        json: { detail: expect.stringContaining(detail) as unknown },
      });
    }
    // Nothing of others is there.
    const other = await newTask(system, await newDataset(bob, { group: 'users' }));
    expect(await at(system, `path=/tasks/${other}`)).toMatchObject({ json: { answer: { status: 404 } } });
    expect(await at(system, `path=/tasks/${task}`)).toMatchObject({ json: { answer: { status: 200 } } });
  });
});
