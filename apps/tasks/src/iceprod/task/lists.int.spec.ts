import fc from 'fast-check';
import type { Caller, Contract, Page } from '#bus/contract.js';
import { AddJob, AmendJob, ListJobs, SetJobsStatus, SetJobStatus, SummarizeJobs } from '#contracts/iceprod/jobs.js';
import type { ListOptions, ListPage } from '#contracts/lists.js';
import {
  AddTask,
  AddTasks,
  AmendTask,
  GetTask,
  ListTasks,
  QueryTasks,
  SetTasksStatus,
  SetTaskStatus,
  SummarizeTasks,
} from '#contracts/iceprod/tasks.js';
import { eventually } from '#platform/testing/eventually.js';
import { parseTimestamp } from '#platform/clock.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

interface ListRequest extends ListOptions {
  readonly dataset_id: string;
  readonly statuses?: readonly string[];
  readonly names?: readonly string[];
  readonly job_id?: string;
  readonly job_index?: number;
  readonly keys?: readonly string[];
}
type ListContract = Contract<ListRequest, ListPage>;

/** What may happen to one of a dataset's members, by number. */
interface Change {
  readonly what: 'add' | 'leave' | 'join' | 'status' | 'amend';
  readonly at: number;
}

/** Tasks, or jobs: what a dataset lists. */
interface Kind {
  readonly list: ListContract;
  readonly add: (datasetId: string) => Promise<string>;
  readonly amend: (id: string, fields: object) => Promise<unknown>;
  readonly setStatus: (datasetId: string, id: string) => Promise<unknown>;
  /** A field that orders them, and that `amend` may change. */
  readonly sortField: string;
}

describe('lists of a dataset', () => {
  let host: ServiceHost;
  let datasets = 0;

  const ask = <Request, Reply>(contract: Contract<Request, Reply>, request: Request): Promise<Reply> =>
    host.request(contract, request, SYSTEM);

  const kinds: readonly (readonly [name: string, kind: Kind])[] = [
    [
      'tasks',
      {
        list: ListTasks,
        add: async (dataset_id) => {
          const task = { job_id: 'j', task_index: 0, job_index: 0, name: 'n', depends: [], requirements: '{}' };
          return (await ask(AddTask, { dataset_id, ...task })).task_id;
        },
        amend: (task_id, fields) => ask(AmendTask, { task_id, fields: JSON.stringify(fields) }),
        setStatus: (_, task_id) => ask(SetTaskStatus, { task_id, status: 'waiting' }),
        sortField: 'task_index',
      },
    ],
    [
      'jobs',
      {
        list: ListJobs,
        add: async (dataset_id) => (await ask(AddJob, { dataset_id, job_index: 0 })).job_id,
        amend: (job_id, fields) => ask(AmendJob, { job_id, fields: JSON.stringify(fields) }),
        setStatus: (dataset_id, job_id) => ask(SetJobStatus, { dataset_id, job_id, status: 'suspended' }),
        sortField: 'job_index',
      },
    ],
  ];

  /** As the gateway does: cursors until the limit is reached, then what `after` says. */
  const page = async (
    list: ListContract,
    request: ListRequest,
  ): Promise<{ ids: string[]; documents: Record<string, unknown>; after?: string; position: number }> => {
    const entries: string[] = [];
    let reply = await ask(list, request);
    entries.push(...reply.entries);
    while (reply.next !== undefined) {
      reply = await ask(list, { ...request, cursor: reply.next });
      entries.push(...reply.entries);
    }
    const documents = JSON.parse(`{${entries.join(',')}}`) as Record<string, unknown>;
    const { after, position = 0 } = reply;
    return { ids: Object.keys(documents), documents, position, ...(after !== undefined && { after }) };
  };

  /** @param between runs after each page; what it changes may be shown, or not */
  const follow = async (
    list: ListContract,
    request: ListRequest,
    between: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<string[][]> => {
    const pages: string[][] = [];
    let after: string | undefined;
    do {
      const shown = await page(list, after === undefined ? request : { ...request, after });
      pages.push(shown.ids);
      await between();
      after = shown.after;
    } while (after !== undefined);
    return pages;
  };

  beforeAll(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });
  afterAll(() => host.end());

  describe.each(kinds)('%s', (_, kind) => {
    const change = fc.record<Change>({
      what: fc.constantFrom('add', 'leave', 'join', 'status', 'amend'),
      at: fc.nat({ max: 30 }),
    });

    const addMembers = async (own: number, guests: number): Promise<{ home: string; others: string[] }> => {
      datasets += 1;
      const home = `home-${datasets}`;
      for (let at = 0; at < own; at += 1) await kind.add(home);
      const others: string[] = [];
      for (let at = 0; at < guests; at += 1) {
        const id = await kind.add(`abroad-${datasets}`);
        others.push(id);
        if (at % 2 === 0) await kind.amend(id, { dataset_id: home });
      }
      return { home, others };
    };

    it('show unchanged members in pages, each once and in order, while others change', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: 10 }),
          fc.nat({ max: 4 }),
          fc.integer({ min: 1, max: 4 }),
          fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 6 }),
          fc.constantFrom('created', 'sorted', 'filtered'),
          async (own, guests, limit, changes, way) => {
            const { home, others } = await addMembers(own, guests);
            const { ids: before } = await page(kind.list, { dataset_id: home });
            const invalidate = new Set<string>();
            const between = async (): Promise<void> => {
              for (const { what, at } of changes.shift() ?? []) {
                const known = [...before, ...others];
                const id = known[at % Math.max(1, known.length)];
                if (what === 'add') await kind.add(home);
                else if (id === undefined) continue;
                else if (what === 'leave' || what === 'join') {
                  invalidate.add(id);
                  await kind.amend(id, { dataset_id: what === 'join' ? home : `abroad-${datasets}` });
                } else if (what === 'status') {
                  if (way === 'filtered') invalidate.add(id);
                  await kind.setStatus(home, id).catch(() => undefined);
                } else {
                  if (way === 'sorted') invalidate.add(id);
                  await kind.amend(id, { [kind.sortField]: at });
                }
              }
            };
            const request = {
              ...{ dataset_id: home, limit },
              ...(way === 'sorted' && { sort: [{ field: kind.sortField, descending: true }] }),
              ...(way === 'filtered' && { statuses: kind.list === ListTasks ? ['idle'] : ['processing'] }),
            };
            const pages = await follow(kind.list, request, between);
            const seen = pages.flat();
            const steady = before.filter((id) => !invalidate.has(id));
            expect(pages.every(({ length }) => length <= limit)).toBe(true);
            expect(seen.filter((id) => steady.includes(id)).sort()).toEqual([...steady].sort());
            if (way === 'sorted') return;
            expect(new Set(seen).size).toBe(seen.length);
            expect(seen.filter((id) => steady.includes(id))).toEqual(steady);
          },
        ),
        { numRuns: 25 },
      );
    });

    it('show everything that changed after a position, and the same after a rebuild', async () => {
      const asked: { readonly dataset_id: string; readonly position: number }[] = [];
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
          fc.nat({ max: 4 }),
          async (rounds, guests) => {
            const { home, others } = await addMembers(6, guests);
            const abroad = `abroad-${datasets}`;
            const whole = await page(kind.list, { dataset_id: home });
            const known = new Map(Object.entries(whole.documents));
            let { position } = whole;
            for (const changes of rounds) {
              const before = [...known.keys(), ...others];
              for (const { what, at } of changes) {
                const id = before[at % before.length] ?? '';
                if (what === 'add') await kind.add(home);
                else if (what === 'leave' || what === 'join') {
                  await kind.amend(id, { dataset_id: what === 'join' ? home : abroad });
                } else if (what === 'status') await kind.setStatus(home, id).catch(() => undefined);
                else await kind.amend(id, { [kind.sortField]: at });
              }
              const changed = await page(kind.list, { dataset_id: home, changed_since: { position } });
              for (const [id, document] of Object.entries(changed.documents)) known.set(id, document);
              asked.push({ dataset_id: home, position });
              ({ position } = changed);
              const now = await page(kind.list, { dataset_id: home });
              // A list of changes does not contain members that have left.
              for (const id of known.keys()) if (!now.ids.includes(id)) known.delete(id);
              expect(Object.fromEntries(known)).toEqual(now.documents);
            }
          },
        ),
        { numRuns: 15 },
      );
      const askAgain = () =>
        Promise.all(
          asked.map(({ dataset_id, position }) => page(kind.list, { dataset_id, changed_since: { position } })),
        );
      const before = (await askAgain()).map(({ documents }) => documents);
      await host.rebuild();
      expect((await askAgain()).map(({ documents }) => documents)).toEqual(before);
      expect(before.some((documents) => Object.keys(documents).length > 0)).toBe(true);
    });

    it('are empty when nothing has changed', async () => {
      const { home } = await addMembers(3, 2);
      const ledgerShown = async (): Promise<number> => {
        const head = await host.ledger.head();
        let shown = 0;
        // Asking without a pause would keep the read model from following.
        await eventually(async () => {
          shown = (await page(kind.list, { dataset_id: home })).position;
          return shown >= head;
        }, true);
        return shown;
      };
      const position = await ledgerShown();
      expect((await page(kind.list, { dataset_id: home, changed_since: { position } })).ids).toEqual([]);
    });

    it('continue after a rebuild', async () => {
      // The integers of workloads follow the order in which events are read.
      const { home, others } = await addMembers(5, 4);
      const whole = (await page(kind.list, { dataset_id: home })).ids;
      const first = await page(kind.list, { dataset_id: home, limit: 3 });
      const sort = [{ field: kind.sortField, descending: false }];
      const sorted = await page(kind.list, { dataset_id: home, limit: 3, sort });
      await host.rebuild();
      const rest = await page(kind.list, {
        dataset_id: home,
        ...(first.after !== undefined && { after: first.after }),
      });
      expect([...first.ids, ...rest.ids]).toEqual(whole);
      expect(whole).toHaveLength(5 + others.length / 2);
      const more = { dataset_id: home, sort, ...(sorted.after !== undefined && { after: sorted.after }) };
      expect([...sorted.ids, ...(await page(kind.list, more)).ids]).toEqual([...whole].sort());
    });
  });

  describe('of several pages, while units move', () => {
    const many = 4_000;
    const dataset_id = 'moving';
    let tasks: readonly string[];
    let jobs: readonly string[];
    let moved = 0;

    beforeAll(async () => {
      const shapes = [{ name: 'n', depends: [], requirements: '{}' }];
      await ask(AddTasks, { dataset_id, first_job_index: 0, count: many, tasks: shapes });
      tasks = (await page(ListTasks, { dataset_id, keys: ['task_id'] })).ids;
      jobs = (await page(ListJobs, { dataset_id, keys: ['job_id'] })).ids;
    });

    /** Moves units one after the other, in order of creation: every state that there ever was divides them at one point. */
    const moveSome = async (): Promise<void> => {
      const to = moved + 7;
      await ask(SetTasksStatus, { dataset_id, tasks: tasks.slice(moved, to), status: 'waiting' });
      await ask(SetJobsStatus, { dataset_id, jobs: jobs.slice(moved, to), status: 'suspended' });
      moved = to;
    };

    /** All pages of an answer; units move before each of them but the first. */
    const readWhileMoving = async <Request extends { readonly cursor?: string }>(
      contract: Contract<Request, Page>,
      request: Request,
    ): Promise<readonly string[]> => {
      await moveSome();
      const entries: string[] = [];
      let pages = 0;
      let cursor: string | undefined;
      do {
        const reply = await ask(contract, cursor === undefined ? request : { ...request, cursor });
        entries.push(...reply.entries);
        cursor = reply.next;
        pages += 1;
        await moveSome();
      } while (cursor !== undefined);
      expect(pages).toBeGreaterThan(1);
      return entries;
    };

    const statusesOf = (entries: readonly string[]): readonly string[] =>
      Object.values(JSON.parse(`{${entries.join(',')}}`) as Record<string, { status: string }>).map(
        ({ status }) => status,
      );

    const idsByStatus = (entries: readonly string[]): ReadonlyMap<string, readonly string[]> => {
      const ids = new Map<string, string[]>();
      for (const entry of entries) {
        const [status, some] = JSON.parse(entry) as [string, string[]];
        ids.set(status, [...(ids.get(status) ?? []), ...some]);
      }
      return ids;
    };

    it.each([
      [
        'tasks',
        () => readWhileMoving(ListTasks, { dataset_id, keys: ['status', 'status_changed'] }),
        'waiting',
        'idle',
      ],
      ['jobs', () => readWhileMoving(ListJobs, { dataset_id }), 'suspended', 'processing'],
      [
        'sorted tasks',
        () => readWhileMoving(ListTasks, { dataset_id, sort: [{ field: 'job_index', descending: false }] }),
        'waiting',
        'idle',
      ],
    ])('a list of %s shows one state', async (_, read, after, before) => {
      const statuses = statusesOf(await read());
      const divided = statuses.indexOf(before);
      expect(divided).toBeGreaterThan(0);
      expect(statuses).toEqual(Array.from({ length: many }, (__, at) => (at < divided ? after : before)));
    });

    it.each([
      ['tasks', () => readWhileMoving(SummarizeTasks, { dataset_id }), 'waiting', 'idle', () => tasks],
      ['jobs', () => readWhileMoving(SummarizeJobs, { dataset_id }), 'suspended', 'processing', () => jobs],
    ])('a summary of %s has each once, under the status of one moment', async (_, read, after, before, all) => {
      const ids = idsByStatus(await read());
      const divided = ids.get(after)?.length ?? 0;
      expect(ids.get(after)).toEqual(all().slice(0, divided));
      expect(ids.get(before)).toEqual(all().slice(divided));
    });

    it('a query over all datasets shows one state', async () => {
      const entries = await readWhileMoving(QueryTasks, { keys: ['status', 'dataset_id', 'depends'] });
      const statuses = entries
        .map((entry) => JSON.parse(entry) as { status: string; dataset_id: string })
        .flatMap((task) => (task.dataset_id === dataset_id ? [task.status] : []));
      const divided = statuses.indexOf('idle');
      expect(divided).toBeGreaterThan(0);
      expect(statuses).toEqual(Array.from({ length: many }, (_, at) => (at < divided ? 'waiting' : 'idle')));
    });
  });

  describe('of many', () => {
    const many = 25_000;
    const dataset_id = 'many';
    let ids: string[];

    beforeAll(async () => {
      const tasks = [{ name: 'n', depends: [], requirements: '{}' }];
      await ask(AddTasks, { dataset_id, first_job_index: 0, count: many, tasks });
      ids = (await page(ListTasks, { dataset_id, keys: ['task_id'] })).ids;
    });

    it('have as many entries as the limit, even over several messages', async () => {
      const half = await page(ListTasks, { dataset_id, limit: 2_000 });
      expect(half.ids).toEqual(ids.slice(0, 2_000));
      const byIndex = { dataset_id, sort: [{ field: 'job_index', descending: true }] };
      const backwards = [...ids].reverse();
      const pages = await follow(ListTasks, { ...byIndex, limit: 9_000, keys: ['task_id'] });
      expect(pages.map(({ length }) => length)).toEqual([9_000, 9_000, 7_000]);
      expect(pages.flat()).toEqual(backwards);
      expect((await page(ListTasks, { ...byIndex, keys: ['name'] })).ids).toEqual(backwards);
      expect((await page(ListTasks, { dataset_id, limit: many })).after).toBeUndefined();
      const jobs = await follow(ListJobs, { dataset_id, limit: 9_999 });
      expect(jobs.map(({ length }) => length)).toEqual([9_999, 9_999, 5_002]);
    });

    it('find tasks by job index', async () => {
      const task = { dataset_id, job_id: 'other', job_index: 20_001, task_index: 0, name: 'm', depends: [] };
      const { task_id } = await ask(AddTask, { ...task, requirements: '{}' });
      const request = { dataset_id, job_index: 20_001 };
      expect((await page(ListTasks, request)).ids).toEqual([ids[20_001], task_id]);
      expect(await follow(ListTasks, { ...request, limit: 1 })).toEqual([[ids[20_001]], [task_id]]);
      expect((await page(ListTasks, { ...request, names: ['m'] })).ids).toEqual([task_id]);
      expect((await page(ListTasks, { ...request, job_id: 'other' })).ids).toEqual([task_id]);
      expect((await page(ListTasks, { dataset_id, job_index: many })).ids).toEqual([]);
    });

    it('find the few tasks that have changed', async () => {
      const changed = [ids[0], ids[9_999], ids[10_000], ids[20_001], ids[24_999]].flatMap((id) => id ?? []);
      let since = 0;
      for (const task_id of changed) {
        await ask(SetTaskStatus, { task_id, status: 'waiting' });
        const { document } = await ask(GetTask, { task_id });
        const { status_changed: time } = JSON.parse(document) as { status_changed: string };
        if (since === 0) since = parseTimestamp(time) ?? Infinity;
      }
      const request = { dataset_id, changed_since: { micros: since } };
      expect((await page(ListTasks, request)).ids).toEqual(changed);
      expect(await follow(ListTasks, { ...request, limit: 2 })).toEqual([
        changed.slice(0, 2),
        changed.slice(2, 4),
        changed.slice(4),
      ]);
      expect((await page(ListTasks, { ...request, statuses: ['waiting', 'idle'] })).ids).toEqual(changed);
      expect((await page(ListTasks, { ...request, statuses: ['waiting', 'waiting'] })).ids).toEqual(changed);
      expect((await page(ListTasks, { ...request, statuses: ['idle'] })).ids).toEqual([]);
      expect((await page(ListTasks, { ...request, changed_since: { micros: since + 1 } })).ids).toEqual(
        changed.slice(1),
      );
    });
  });
});
