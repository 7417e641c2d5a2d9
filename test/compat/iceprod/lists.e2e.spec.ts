import { MODES } from '../../harness/cairn-process.js';
import { type HttpClient, jsonAnswer } from '../../harness/http-client.js';
import { ok, refused } from './answers.js';
import { useTestCluster } from '../../harness/test-cluster.js';
import { newDataset, newJob, newTask, unsubmitted } from './fixtures.js';

type ById = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const NEXT = /<(\/[^>]+)>; rel="next"/;
const CHANGES = /<(\/[^>]+)>; rel="changes"/;

/** Paging, sorting and changed_since, which IceProd does not have; clients opt in by parameters. */
describe.each(MODES)('lists ($mode)', (mode) => {
  const cluster = useTestCluster(mode);

  interface ListedPage {
    readonly documents: ById;
    readonly link: string | undefined;
  }

  const pageOf = async (client: HttpClient, path: string, body?: string): Promise<ListedPage> => {
    const answer = await client.send('GET', path, { body });
    expect([path, answer.status]).toEqual([path, 200]);
    const { link } = answer.headers;
    return {
      documents: JSON.parse(answer.text) as ById,
      link: link === undefined ? undefined : NEXT.exec(String(link))?.[1],
    };
  };

  /** Follows links to the end; `between` runs after each page. */
  const pagesOf = async (client: HttpClient, path: string, between?: () => Promise<unknown>): Promise<ById[]> => {
    const pages: ById[] = [];
    for (let next: string | undefined = path; next !== undefined;) {
      const { documents, link }: ListedPage = await pageOf(client, next);
      pages.push(documents);
      await between?.();
      next = link;
    }
    return pages;
  };

  const idsOf = (pages: readonly ById[]): string[] => pages.flatMap((page) => Object.keys(page));

  const withTasks = async (jobs: number, tasks: readonly object[]): Promise<string> => {
    const { system, alice } = cluster();
    const dataset = await newDataset(alice);
    const answer = await system.post(`/cairn/iceprod/datasets/${dataset}/tasks`, { count: jobs, tasks });
    expect(answer).toMatchObject({ status: 201 });
    return dataset;
  };

  /** Time of the newest change on the server. */
  const now = async (): Promise<string> => {
    const { system } = cluster();
    const job = await newJob(system, unsubmitted());
    return ((await system.get(`/jobs/${job}`)).json as { status_changed: string }).status_changed;
  };

  it('are complete and have no link unless a client asks for pages', async () => {
    const dataset = await withTasks(30, [{ name: 'a' }]);
    for (const what of ['tasks', 'jobs']) {
      const path = `/datasets/${dataset}/${what}`;
      const whole = await cluster().alice.send('GET', path);
      expect(whole.headers['link']).toBeUndefined();
      const pages = await pagesOf(cluster().alice, `${path}?limit=7`);
      expect(pages.map((page) => Object.keys(page).length)).toEqual([7, 7, 7, 7, 2]);
      expect(JSON.stringify(Object.fromEntries(pages.flatMap((page) => Object.entries(page))))).toBe(whole.text);
    }
  });

  it('have no next link after a last page that is exactly full', async () => {
    const dataset = await withTasks(4, [{ name: 'a' }]);
    for (const what of ['tasks', 'jobs']) {
      expect(await pagesOf(cluster().alice, `/datasets/${dataset}/${what}?limit=2`)).toHaveLength(2);
      expect((await pageOf(cluster().alice, `/datasets/${dataset}/${what}?limit=4`)).link).toBeUndefined();
    }
  });

  it('repeat their parameters in the next link, including those of the body', async () => {
    const dataset = await withTasks(10, [{ name: 'a' }, { name: 'b' }]);
    const path = `/datasets/${dataset}/tasks`;
    const pages = await pagesOf(cluster().alice, `${path}?name=b&limit=4&keys=name|job_index&unknown=%20x`);
    expect(pages.map((page) => Object.keys(page).length)).toEqual([4, 4, 2]);
    expect(pages.flatMap((page) => Object.values(page).map(({ name, job_index: at }) => [name, at]))).toEqual(
      Array.from({ length: 10 }, (_, at) => ['b', at]),
    );
    const first = await pageOf(cluster().alice, path, '{"name":"b","limit":9,"keys":"job_index"}');
    expect(Object.keys(first.documents)).toHaveLength(9);
    const [last] = await pagesOf(cluster().alice, first.link ?? '');
    expect(Object.values(last ?? {}).map(({ job_index: at, name }) => [at, name])).toEqual([[9, undefined]]);
  });

  it('leave unknown parameters out of links, however long they are', async () => {
    const { alice } = cluster();
    const dataset = await withTasks(3, [{ name: 'a' }]);
    const noise = 'a=b&'.repeat(5_000);
    const pages = await pagesOf(alice, `/datasets/${dataset}/tasks?limit=2&${noise}name=a`);
    expect(pages.map((page) => Object.keys(page).length)).toEqual([2, 1]);
  });

  it('can be paged when names need percent-encoding', async () => {
    const { system } = cluster();
    const dataset = `a/b c>?é"${unsubmitted()}`;
    const tasks = [await newTask(system, dataset), await newTask(system, dataset), await newTask(system, dataset)];
    const pages = await pagesOf(system, `/datasets/${encodeURIComponent(dataset)}/tasks?limit=1`);
    expect(idsOf(pages)).toEqual(tasks);
  });

  it('contain each unchanged item exactly once despite changes between pages', async () => {
    const { alice, system } = cluster();
    const dataset = await withTasks(20, [{ name: 'a' }]);
    const path = `/datasets/${dataset}/tasks`;
    const all = Object.keys((await pageOf(alice, path)).documents);
    const guest = await newTask(system, unsubmitted());
    const moving = [guest, ...all.filter((_, at) => at % 4 === 0)];
    const change = async (): Promise<void> => {
      const id = moving.shift();
      const dataset_id = id === guest ? dataset : unsubmitted();
      if (id !== undefined) expect(await system.patch(`/tasks/${id}`, { dataset_id })).toMatchObject({ status: 200 });
      await newTask(system, dataset, { name: 'late' });
    };
    const seen = idsOf(await pagesOf(alice, `${path}?limit=3&status=idle`, change));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => all.indexOf(id) % 4 > 0)).toEqual(all.filter((_, at) => at % 4 > 0));
    expect(seen).toContain(guest);
  });

  it('are sorted as requested', async () => {
    const { alice, system } = cluster();
    const dataset = await withTasks(3, [{ name: 'b', priority: 0.5 }, { name: 'a' }, { name: 'c', priority: 0.5 }]);
    const path = `/datasets/${dataset}/tasks?keys=name|priority|job_index&sort=priority=-1|name|job_index=-1`;
    const order = [
      ['a', 1],
      ['b', 0.5],
      ['c', 0.5],
    ].flatMap(([name, priority]) => [2, 1, 0].map((job_index) => ({ name, job_index, priority })));
    const pages = await pagesOf(alice, `${path}&limit=4`);
    expect(pages.map((page) => Object.keys(page).length)).toEqual([4, 4, 1]);
    expect(pages.flatMap((page) => Object.values(page))).toMatchObject(order);
    const whole = await pageOf(alice, path);
    expect(Object.values(whole.documents)).toMatchObject(order);
    expect(whole.link).toBeUndefined();

    const jobs = Object.keys((await pageOf(alice, `/datasets/${dataset}/jobs`)).documents);
    await system.put(`/datasets/${dataset}/jobs/${String(jobs[1])}/status`, { status: 'suspended' });
    const sorted = await pagesOf(alice, `/datasets/${dataset}/jobs?sort=status=-1|job_index=-1&limit=1`);
    expect(idsOf(sorted)).toEqual([jobs[1], jobs[2], jobs[0]]);
  });

  it('of datasets fill their pages with those that the caller may read', async () => {
    const { alice, bob, admin } = cluster();
    const mine = { group: 'users' };
    const read: string[] = [];
    for (let at = 0; at < 5; at += 1) {
      await newDataset(alice, { auth_groups_read: [] });
      read.push(await newDataset(bob, { ...mine, priority: ((at * 3) % 5) / 5 }));
    }
    const pages = await pagesOf(bob, '/datasets?users=bob|alice&limit=2&keys=priority');
    const seen = idsOf(pages).filter((id) => read.includes(id));
    expect(seen).toEqual(read);
    expect(pages.slice(0, -1).every((page) => Object.keys(page).length === 2)).toBe(true);
    const whole = Object.keys((await pageOf(bob, '/datasets?users=bob|alice')).documents);
    expect(idsOf(pages)).toEqual(whole);

    const sorted = await pagesOf(bob, '/datasets?users=bob&sort=priority=-1&limit=2&keys=priority');
    expect(idsOf(sorted).filter((id) => read.includes(id))).toEqual([3, 1, 4, 2, 0].map((at) => read[at]));
    expect(idsOf(await pagesOf(admin, '/datasets?limit=3')).length).toBeGreaterThanOrEqual(10);
  });

  it('return what has changed in any field since a time', async () => {
    const { alice, system } = cluster();
    const dataset = await withTasks(3, [{ name: 'a' }, { name: 'b' }]);
    const untouched = await newDataset(alice);
    const tasks = Object.keys((await pageOf(alice, `/datasets/${dataset}/tasks`)).documents);
    const jobs = Object.keys((await pageOf(alice, `/datasets/${dataset}/jobs`)).documents);
    const since = await now();
    const changed = async (path: string): Promise<string[]> =>
      idsOf(await pagesOf(alice, `${path}${path.includes('?') ? '&' : '?'}changed_since=${since}`));
    expect(await changed(`/datasets/${dataset}/tasks`)).toEqual([]);
    expect(await changed(`/datasets/${dataset}/jobs`)).toEqual([]);
    expect(await changed('/datasets')).toEqual([]);

    const fields = { priority: 7, status_changed: '2020-01-01T00:00:00.000000' };
    expect(await system.patch(`/tasks/${String(tasks[1])}`, fields)).toMatchObject({ status: 200 });
    expect(await alice.patch(`/datasets/${dataset}/task_actions/bulk_requirements/b`, { memory: 2 })).toEqual(ok({}));
    expect(await system.patch(`/jobs/${String(jobs[2])}`, { note: 'x' })).toMatchObject({ status: 200 });
    expect(await alice.put(`/datasets/${dataset}/description`, { description: 'new' })).toEqual(ok({}));
    const b = [tasks[1], tasks[3], tasks[5]];
    expect(await changed(`/datasets/${dataset}/tasks`)).toEqual(b);
    expect(await changed(`/datasets/${dataset}/tasks?limit=1`)).toEqual(b);
    expect(await changed(`/datasets/${dataset}/tasks?limit=2&status=idle|waiting`)).toEqual(b);
    expect(await changed(`/datasets/${dataset}/tasks?limit=1&sort=priority=-1`)).toEqual(b);
    expect(await changed(`/datasets/${dataset}/jobs?limit=1`)).toEqual([jobs[2]]);
    expect(await changed('/datasets?limit=1')).toEqual([dataset]);
    expect(await changed('/datasets?sort=dataset')).not.toContain(untouched);
    const [seconds = ''] = since.split('.');
    expect(Object.keys((await pageOf(alice, `/datasets?changed_since=${seconds}Z`)).documents)).toContain(dataset);
  });

  it('contain each task once in summaries that span several pages while statuses change', async () => {
    const { alice } = cluster();
    const dataset = await withTasks(4_000, [{ name: 'a' }]);
    const path = `/datasets/${dataset}`;
    const all = Object.keys((await pageOf(alice, `${path}/tasks?keys=task_id`)).documents);
    const progress = { isMoving: true };
    const move = async (): Promise<void> => {
      for (let from = 0; from < 3_000; from += 150) {
        const body = { tasks: all.slice(from, from + 150) };
        expect(await alice.post(`${path}/task_actions/bulk_status/waiting`, body)).toEqual(ok({}));
      }
      progress.isMoving = false;
    };
    const moving = move();
    while (progress.isMoving) {
      const summary = (await alice.get(`${path}/task_summaries/status`)).json as Record<string, string[]>;
      const waiting = summary['waiting'] ?? [];
      expect(waiting).toEqual(all.slice(0, waiting.length));
      expect(summary['idle']).toEqual(all.slice(waiting.length));
    }
    await moving;
  });

  it('return the position for the next changed_since in a header and in a link', async () => {
    const { alice, system } = cluster();
    const dataset = await withTasks(6, [{ name: 'a' }]);
    const positionOf = async (path: string): Promise<string> => {
      const { headers } = await alice.send('GET', path);
      expect([path, headers['cairn-position']]).toEqual([path, expect.stringMatching(/^\d+$/)]);
      return String(headers['cairn-position']);
    };
    const paths = [`/datasets/${dataset}/tasks`, `/datasets/${dataset}/jobs`, '/datasets'];
    const positions = await Promise.all(paths.map(positionOf));
    const [tasks = [], jobs = []] = await Promise.all(
      paths.map(async (path) => Object.keys((await pageOf(alice, path)).documents)),
    );
    expect(await system.patch(`/tasks/${String(tasks[4])}`, { priority: 3 })).toMatchObject({ status: 200 });
    expect(await system.patch(`/jobs/${String(jobs[2])}`, { note: 'x' })).toMatchObject({ status: 200 });
    expect(await alice.put(`/datasets/${dataset}/description`, { description: 'new' })).toEqual(ok({}));
    const changed = await Promise.all(
      paths.map(async (path, at) =>
        idsOf([(await pageOf(alice, `${path}?changed_since=${String(positions[at])}`)).documents]),
      ),
    );
    // Changes that a service has made itself may be returned twice until the service has read them from the ledger.
    expect(changed[0]).toContain(tasks[4]);
    expect(changed[1]).toContain(jobs[2]);
    expect(changed[2]).toContain(dataset);

    const first = await alice.send('GET', `/datasets/${dataset}/tasks?limit=4&keys=priority`);
    const next = NEXT.exec(String(first.headers['link']))?.[1] ?? '';
    const second = await alice.send('GET', next);
    expect(second.headers['cairn-position']).toBeUndefined();
    expect(second.headers['link']).toBeUndefined();
    const changes = CHANGES.exec(String(first.headers['link']))?.[1] ?? '';
    expect(changes).toContain(`changed_since=${String(first.headers['cairn-position'])}`);
    expect(await system.patch(`/tasks/${String(tasks[0])}`, { priority: 3 })).toMatchObject({ status: 200 });
    const since = await pageOf(alice, changes);
    expect(since.documents[String(tasks[0])]).toEqual({ task_id: tasks[0], priority: 3 });
  });

  it.each([
    ['limit=0', 'limit must be an integer from 1 to 10000'],
    ['limit=10001', 'limit must be an integer from 1 to 10000'],
    ['limit=some', 'limit must be an integer from 1 to 10000'],
    ['sort=status=2', 'sort takes field=1, field=-1 or field'],
    [
      'changed_since=yesterday',
      'changed_since must be a Cairn-Position or a UTC timestamp like 2026-01-31T12:00:00.000000',
    ],
    [
      'changed_since=2026-02-30T00:00:00.000000',
      'changed_since must be a Cairn-Position or a UTC timestamp like 2026-01-31T12:00:00.000000',
    ],
    ['changed_since=999999999999999', 'changed_since is beyond the end of the history: use a time, or leave it out'],
    ['after=x', 'after is not what an answer to this list gave'],
    ['after=x&sort=status', 'after is not what an answer to this list gave'],
    ['after=WyJ4Il0', 'after is not what an answer to this list gave'],
  ])('refuse %s', async (query, reason) => {
    const { alice, nobody } = cluster();
    const dataset = await newDataset(alice);
    for (const path of ['/datasets', `/datasets/${dataset}/tasks`, `/datasets/${dataset}/jobs`]) {
      expect(await alice.get(`${path}?${query}`)).toEqual(refused(400, reason));
      expect(await nobody.get(`${path}?${query}`)).toEqual(refused(403, 'authorization failed'));
    }
  });

  it('refuse unsortable fields and an "after" that belongs to another order', async () => {
    const { alice } = cluster();
    await newDataset(alice);
    const dataset = await withTasks(2, [{ name: 'a' }]);
    for (const path of ['/datasets', `/datasets/${dataset}/tasks`, `/datasets/${dataset}/jobs`]) {
      const { status, reason } = await alice.get(`${path}?sort=nonsense`);
      expect([status, reason.startsWith('sort takes ')]).toEqual([400, true]);
      const { link } = await pageOf(alice, `${path}?limit=1&sort=status`);
      const moved = jsonAnswer(await alice.send('GET', (link ?? '').replace('sort=status', 'sort=status%3D-1')));
      expect(moved).toEqual(refused(400, 'after is not what an answer to this list gave'));
    }
  });

  it('are refused to callers without read access, whatever the parameters', async () => {
    const { alice, bob } = cluster();
    const dataset = await newDataset(alice, { auth_groups_read: [] });
    for (const query of ['limit=1', 'limit=0', 'after=x']) {
      expect(await bob.get(`/datasets/${dataset}/tasks?${query}`)).toEqual(refused(403, 'authorization failed'));
    }
  });

  it('expose the link header to web pages', async () => {
    const { headers } = await cluster().alice.send('GET', '/datasets?limit=1', {
      headers: { origin: 'https://pages.example' },
    });
    expect(String(headers['access-control-expose-headers'])).toMatch(/\bLink\b/);
    expect(String(headers['access-control-expose-headers'])).toMatch(/\bLocation\b/);
  });
});
