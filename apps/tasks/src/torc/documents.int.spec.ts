import type { Caller } from '#bus/contract.js';
import {
  DeleteDocument,
  DeleteDocuments,
  GetDocument,
  GetLatestEventTime,
  JoinByEdge,
  ListDocuments,
  type ListDocumentsRequest,
  ListEventsAfter,
  PutDocument,
  StoreDocument,
  StoreEdge,
} from '#contracts/torc/documents.js';
import { AddJob, CompleteJob, GetJobResult, ListRelated, type NewJob, StartJob } from '#contracts/torc/jobs.js';
import { GetWorkflowAccess, SetWorkflowAccess } from '#contracts/torc/workflow-access.js';
import { CreateWorkflow, DeleteWorkflow, GetWorkflow, ListWorkflows } from '#contracts/torc/workflows.js';
import { contentOf } from '#event-sourcing/model-comparison.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TorcMessageHandler } from './message-handler.js';
import { TasksModule } from '../tasks.module.js';

const CALLER: Caller = { subject: 'torc', username: 'torc', roles: ['system'], groups: [] };

describe("a workflow's documents", () => {
  let host: ServiceHost;

  const ask: <Request, Reply>(
    contract: Parameters<typeof host.request<Request, Reply>>[0],
    request: Request,
  ) => Promise<Reply> = (contract, request) => host.request(contract, request, CALLER);

  const parsed = ({ document }: { readonly document: string }): Record<string, unknown> =>
    JSON.parse(document) as Record<string, unknown>;

  const create = async (key?: string): Promise<string> => {
    const document = '{"name":"sweep","user":"u","description":"","is_archived":false}';
    const created = parsed(await ask(CreateWorkflow, { document, ...(key !== undefined && { key }) }));
    return String(created['_key']);
  };

  const list = async (
    request: Pick<ListDocumentsRequest, 'workflow' | 'collection'> & Partial<ListDocumentsRequest>,
  ): Promise<{ items: Record<string, unknown>[]; total: number | undefined }> => {
    const whole = { skip: 0, limit: 100_000, filters: {}, ...request };
    let page = await ask(ListDocuments, whole);
    const total = page.total_count;
    const entries = [...page.entries];
    while (page.next !== undefined) {
      page = await ask(ListDocuments, { ...whole, cursor: page.next });
      entries.push(...page.entries);
    }
    return { items: entries.map((entry) => JSON.parse(entry) as Record<string, unknown>), total };
  };

  beforeAll(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });
  afterAll(() => host.end());

  it('are stored, read and listed in order of creation', async () => {
    const workflow = await create();
    const first = parsed(await ask(StoreDocument, { workflow, collection: 'files', document: '{"path":"a","n":1.0}' }));
    expect(first).toEqual({ path: 'a', n: 1, _key: '1', _id: `files__${workflow}/1`, _rev: '1-1' });
    const stored = { workflow, collection: 'files', document: '{"path":"b","name":"x"}' } as const;
    await ask(StoreDocument, { ...stored, key: '3' });
    expect(parsed(await ask(GetDocument, { workflow, collection: 'files', key: '3' }))).toMatchObject({ path: 'b' });
    await expect(ask(StoreDocument, { ...stored, key: '3' })).rejects.toMatchObject({ details: { errorNum: 1210 } });
    // A generated key passes over 3.
    expect(parsed(await ask(StoreDocument, stored))['_key']).toBe('4');
    expect((await list({ workflow, collection: 'files' })).items.map((file) => file['_key'])).toEqual(['1', '3', '4']);
    const named = await list({ workflow, collection: 'files', filters: { name: '"x"' }, skip: 1 });
    expect([named.items.map((file) => file['_key']), named.total]).toEqual([['4'], 2]);
    await expect(ask(GetDocument, { workflow, collection: 'files', key: '2' })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  const digest = (text: string): { readonly request_digest: string } => ({ request_digest: text });
  /** Places in the order of creation: the last digits of keys that were not chosen. */
  const placesOf = (items: readonly Record<string, unknown>[]): number[] =>
    items.map((item) => Number(item['_key']) % 1_000_000);
  const keysOf = (items: readonly Record<string, unknown>[]): unknown[] => items.map((item) => item['_key']);
  const notFound = { kind: 'not-found' };

  const addJob = async (workflow: string, relations: Partial<NewJob> = {}): Promise<string> => {
    const none = { input_files: [], output_files: [], input_user_data: [], output_user_data: [], blocked_by: [] };
    const job = { document: '{"command":"c"}', status: 'uninitialized', ...none, ...relations };
    return String(parsed(await ask(AddJob, { workflow, job }))['_key']);
  };
  const addFile = async (workflow: string): Promise<string> =>
    String(parsed(await ask(StoreDocument, { workflow, collection: 'files', document: '{"path":"p"}' }))['_key']);

  it('are replaced field by field, once for each request', async () => {
    const workflow = await create();
    const key = await addFile(workflow);
    const file = { workflow, collection: 'files', key } as const;
    const put = { ...file, fields: '{"name":"n"}', rev: `${key}-1`, ...digest('one') };
    const after = { path: 'p', name: 'n', _key: key, _id: `files__${workflow}/${key}`, _rev: `${key}-2` };
    expect(parsed(await ask(PutDocument, put))).toEqual(after);
    expect(parsed(await ask(PutDocument, put))).toEqual(after);
    const stale = ask(PutDocument, { ...put, ...digest('two') });
    await expect(stale).rejects.toMatchObject({
      kind: 'conflict',
      message: `file ${key} has changed: its revision is ${key}-2`,
    });
    await expect(ask(PutDocument, { ...put, key: '9' })).rejects.toMatchObject(notFound);
  });

  it('take the edges at them with them when they are deleted, and a repeat gets the same answer', async () => {
    const workflow = await create();
    const key = await addFile(workflow);
    const id = `files__${workflow}/${key}`;
    const job = await addJob(workflow, { input_files: [id], output_files: [id] });
    const request = { workflow, collection: 'files', key, client: 'a' } as const;
    const before = await ask(GetDocument, request);
    expect((await list({ workflow, collection: 'needs' })).items).toEqual([
      expect.objectContaining({ _from: `jobs__${workflow}/${job}`, _to: id }),
    ]);
    expect(await ask(DeleteDocument, request)).toEqual(before);
    expect(await ask(DeleteDocument, request)).toEqual(before);
    await expect(ask(DeleteDocument, { ...request, client: 'b' })).rejects.toMatchObject(notFound);
    for (const collection of ['needs', 'produces', 'files'] as const) {
      expect(await list({ workflow, collection })).toEqual({ items: [], total: 0 });
    }
    const ofJob = { workflow, collection: 'jobs', key: job, client: 'a' } as const;
    const wholeJob = await ask(GetDocument, ofJob);
    expect(await ask(DeleteDocument, ofJob)).toEqual(wholeJob);
    expect(await ask(DeleteDocument, ofJob)).toEqual(wholeJob);
    await expect(ask(GetDocument, ofJob)).rejects.toMatchObject(notFound);
  });

  it('may be larger than an event', async () => {
    const workflow = await create();
    // Characters of several bytes and of two units, which no part may cut through.
    const data = 'é😀"\\\n'.repeat(100_000);
    const document = JSON.stringify({ name: 'large', data: { text: data } });
    const stored = parsed(await ask(StoreDocument, { workflow, collection: 'user_data', document }));
    const request = { workflow, collection: 'user_data', key: String(stored['_key']), client: 'a' } as const;
    expect(parsed(await ask(GetDocument, request))).toEqual(stored);
    expect((stored['data'] as { text: string }).text).toBe(data);
    const fields = JSON.stringify({ data: { text: `x${data}` } });
    const put = parsed(await ask(PutDocument, { ...request, fields, rev: String(stored['_rev']), ...digest('large') }));
    expect((await list({ workflow, collection: 'user_data', filters: { name: '"large"' } })).items).toEqual([put]);
    const huge = JSON.stringify({ data: { text: 'x'.repeat(5 << 20) } });
    await expect(ask(StoreDocument, { workflow, collection: 'user_data', document: huge })).rejects.toMatchObject({
      kind: 'too-large',
    });
    expect(parsed(await ask(DeleteDocument, request))).toEqual(put);
    expect(parsed(await ask(DeleteDocument, request))).toEqual(put);
    await ask(StoreDocument, { workflow, collection: 'user_data', document });
  });

  it('have a repeat of a deletion refused when the key is in use again, or after ten minutes', async () => {
    const workflow = await create();
    const store = { workflow, collection: 'files', document: '{"path":"a"}', key: 'k' } as const;
    await ask(StoreDocument, store);
    const request = { workflow, collection: 'files', key: 'k', client: 'a' } as const;
    await ask(DeleteDocument, request);
    const second = await ask(StoreDocument, store);
    expect(await ask(DeleteDocument, request)).toEqual(second);
  });

  it('are joined by edges that fit', async () => {
    const workflow = await create();
    const [a, b] = [await addJob(workflow), await addJob(workflow)];
    const id = (key: string): string => `jobs__${workflow}/${key}`;
    const edge = { workflow, edge: 'blocks', from: id(a), to: id(b) } as const;
    const stored = parsed(await ask(StoreEdge, { ...edge, data: '{"n":1}' }));
    expect(stored).toMatchObject({ _from: id(a), _to: id(b), data: { n: 1 } });
    await expect(ask(StoreEdge, { ...edge, to: `files__${workflow}/1` })).rejects.toMatchObject({ kind: 'invalid' });
    await expect(ask(StoreEdge, { ...edge, to: id('77') })).rejects.toMatchObject({
      message: `_to: ${id('77')} does not exist`,
    });
    const join = { workflow, collection: 'jobs', edge: 'blocks', filters: {}, skip: 0, limit: 10 } as const;
    for (const direction of ['outbound', 'inbound'] as const) {
      const { entries } = await ask(JoinByEdge, { ...join, direction });
      const rows = entries.map((entry) => JSON.parse(entry) as Record<string, Record<string, unknown>>);
      expect(rows).toEqual([
        {
          from: expect.objectContaining({ _key: a }) as unknown,
          to: expect.objectContaining({ _key: b }) as unknown,
          edge: stored,
        },
      ]);
    }
    expect(
      (await ask(JoinByEdge, { ...join, direction: 'outbound', filters: { _key: JSON.stringify(b) } })).entries,
    ).toEqual([]);
    const downstream = { workflow, key: a, relation: 'downstream', skip: 0, limit: 10 } as const;
    expect((await ask(ListRelated, downstream)).entries.map((entry) => parsed({ document: entry })['_key'])).toEqual([
      b,
    ]);
  });

  it('link jobs until the last of several edges goes', async () => {
    const workflow = await create();
    const [a, b] = [await addJob(workflow), await addJob(workflow)];
    const edge = { workflow, edge: 'blocks', from: `jobs__${workflow}/${a}`, to: `jobs__${workflow}/${b}` } as const;
    const [first, second] = [parsed(await ask(StoreEdge, edge)), parsed(await ask(StoreEdge, edge))];
    const { committed } = host.part(TorcMessageHandler);
    const open = (): number | undefined => {
      const found = committed.workflow(workflow);
      return found && committed.job(found, b)?.openBlockers;
    };
    expect(open()).toBe(1);
    const remove = (key: unknown): Promise<unknown> =>
      ask(DeleteDocument, { workflow, collection: 'blocks', key: String(key), client: 'a' });
    await remove(second['_key']);
    expect(open()).toBe(1);
    await remove(first['_key']);
    expect(open()).toBe(0);
    await ask(StoreEdge, edge);
    expect(open()).toBe(1);
    expect(await ask(DeleteDocuments, { workflow, collection: 'blocks' })).toEqual({ count: 1 });
    expect(open()).toBe(0);
  });

  it('are sorted by any field, and stay in order of creation by an unknown one', async () => {
    const workflow = await create();
    const documents = [
      '{"name":"b","st_mtime":10}',
      '{"name":"\\ud83d\\ude00"}',
      '{"name":"\\uffee","st_mtime":9.5}',
      '{}',
    ];
    for (const document of documents) await ask(StoreDocument, { workflow, collection: 'files', document });
    const sorted = async (sort_by: string, reverse_sort = false): Promise<unknown[]> =>
      placesOf((await list({ workflow, collection: 'files', sort_by, reverse_sort })).items);
    expect(await sorted('st_mtime')).toEqual([3, 1, 2, 4]);
    expect(await sorted('st_mtime', true)).toEqual([2, 4, 1, 3]);
    expect(await sorted('name')).toEqual([1, 3, 2, 4]);
    expect(await sorted('colour', true)).toEqual([1, 2, 3, 4]);
    const page = await list({ workflow, collection: 'files', sort_by: 'name', skip: 1, limit: 2 });
    expect([placesOf(page.items), page.total]).toEqual([[3, 2], 4]);
  });

  it('are filtered by status through the index, with other filters, and page by page', async () => {
    const workflow = await create();
    const statuses = ['ready', 'done', 'ready', 'blocked', 'ready'];
    const keys: string[] = [];
    for (const [at, status] of statuses.entries()) {
      const document = `{"command":"c","name":"${at % 2 === 0 ? 'even' : 'odd'}"}`;
      keys.push(await addJob(workflow, { document, status }));
    }
    const [first = '', second = '', third = '', , fifth = ''] = keys;
    const ready = { workflow, collection: 'jobs', filters: { status: '"ready"' } } as const;
    expect(keysOf((await list(ready)).items)).toEqual([first, third, fifth]);
    const page = await list({ ...ready, skip: 1, limit: 1 });
    expect([keysOf(page.items), page.total]).toEqual([[third], 3]);
    const both = { status: '"ready"', name: '"even"' };
    expect(keysOf((await list({ ...ready, filters: both, sort_by: '_key', reverse_sort: true })).items)).toEqual([
      fifth,
      third,
      first,
    ]);
    for (const filters of [
      { status: '"melted"' },
      { ...both, _key: JSON.stringify(second) },
      { status: '"done"', name: '"even"' },
    ]) {
      expect(await list({ ...ready, filters })).toEqual({ items: [], total: 0 });
    }
    expect(keysOf((await list({ ...ready, filters: { ...both, _key: JSON.stringify(third) } })).items)).toEqual([
      third,
    ]);
    // A status with several outcomes is one status.
    await ask(PutDocument, {
      workflow,
      collection: 'jobs',
      key: first,
      rev: `${first}-1`,
      fields: '{"status":"done"}',
      ...digest('d'),
    });
    expect(keysOf((await list({ ...ready, filters: { status: '"done"' } })).items)).toEqual([first, second]);
  });

  it('get strictly increasing times as events', async () => {
    const workflow = await create();
    const store = { workflow, collection: 'events', document: '{"category":"x","timestamp":5}' } as const;
    await Promise.all([1, 2, 3].map(() => ask(StoreDocument, store)));
    await ask(StoreDocument, { ...store, document: '{"category":"y"}' });
    const { items } = await list({ workflow, collection: 'events' });
    const times = items.map((item) => Number(item['timestamp']));
    expect(new Set(times).size).toBe(4);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(1e12);
    expect(await ask(GetLatestEventTime, { workflow })).toEqual({ timestamp: times[3] });
    const after = await ask(ListEventsAfter, { workflow, after: (times[0] ?? 0) + 0.5, category: 'x', limit: 10 });
    expect(after.entries.map((entry) => parsed({ document: entry })['timestamp'])).toEqual(times.slice(1, 3));
  });

  it('come with the start and the end of a job', async () => {
    const workflow = await create();
    const job = await addJob(workflow, { document: '{"command":"c","name":"make"}', status: 'submitted_pending' });
    const node = { hostname: 'node-07', pid: 1, start_time: 't', resources: {} };
    const stored = await ask(StoreDocument, { workflow, collection: 'compute_nodes', document: JSON.stringify(node) });
    const attempt = { workflow, key: job, run_id: 0, compute_node: String(parsed(stored)['_key']), ...digest('x') };
    const started = parsed(await ask(StartJob, { ...attempt, rev: `${job}-1` }));
    const result = {
      job_key: job,
      run_id: 0,
      return_code: 3,
      exec_time_minutes: 0.5,
      completion_time: 't',
      status: 'done',
    };
    const rev = String(started['_rev']);
    await ask(CompleteJob, { ...attempt, rev, status: 'done', result: JSON.stringify(result), ...digest('y') });
    const id = `jobs__${workflow}/${job}`;
    const [found] = (await list({ workflow, collection: 'results', filters: { job_key: JSON.stringify(job) } })).items;
    expect(found).toMatchObject(result);
    expect(parsed(await ask(GetJobResult, { workflow, key: job }))).toEqual(found);
    expect((await list({ workflow, collection: 'returned' })).items).toMatchObject([
      { _from: id, _to: found?.['_id'] },
    ]);
    expect((await list({ workflow, collection: 'executed' })).items).toMatchObject([{ _to: id, data: { run_id: 0 } }]);
    const events = (await list({ workflow, collection: 'events' })).items;
    const told = { category: 'job', job_key: job, job_name: 'make', node_name: 'node-07' };
    expect(events).toMatchObject([
      { ...told, type: 'start' },
      { ...told, type: 'complete' },
    ]);
  });

  it('are all gone with their workflow, whose ordinals go on', async () => {
    const workflow = await create('again');
    const file = await addFile(workflow);
    await addJob(workflow, { input_files: [`files__${workflow}/${file}`] });
    const deleted = await ask(DeleteWorkflow, { workflow, client: 'a' });
    expect(await ask(DeleteWorkflow, { workflow, client: 'a' })).toEqual(deleted);
    await expect(ask(DeleteWorkflow, { workflow, client: 'b' })).rejects.toMatchObject(notFound);
    await expect(list({ workflow, collection: 'jobs' })).rejects.toMatchObject(notFound);
    await create('again');
    for (const collection of ['jobs', 'files', 'needs'] as const) {
      expect(await list({ workflow, collection })).toEqual({ items: [], total: 0 });
    }
    expect(Number(await addFile(workflow))).toBeGreaterThan(Number(file) + 2);
  });

  it('begin with a config and a status', async () => {
    const workflow = await create('odd key');
    expect(parsed(await ask(GetWorkflow, { workflow, part: 'config' }))).toMatchObject({
      prepare_jobs_sort_method: 'gpus_runtime_memory',
      compute_node_resource_stats: { cpu: true, interval: 10 },
      _id: 'workflow_configs/odd key',
    });
    expect(parsed(await ask(GetWorkflow, { workflow, part: 'status' }))).toMatchObject({ run_id: 0, _key: 'odd key' });
  });

  // The last one: the tables hold what all others have left.
  it('are the same when the tables are made again from the ledger', async () => {
    const content = (): unknown => {
      const { queries, names } = host.part(ReadModel);
      return contentOf(queries, names);
    };
    const before = content();
    expect(before).toMatchObject({ workload: expect.arrayContaining([expect.anything()]) as unknown });
    await host.rebuild();
    await host.part(ReadModel).caughtUp();
    expect(content()).toEqual(before);
  });

  it('are for whom the workflow is shared with', async () => {
    const person = (username: string, ...groups: string[]): Caller => ({
      ...{ subject: username, username, roles: ['user'], groups },
    });
    const [ada, bob, eve] = [person('ada'), person('bob', 'simulation'), person('eve')];
    const workflow = await create();
    const other = await create();
    const mayUse = async (caller: Caller, key = workflow): Promise<boolean> => {
      const outcomes = await Promise.allSettled([
        host.request(GetWorkflow, { workflow: key, part: 'status' }, caller),
        host.request(StoreDocument, { workflow: key, collection: 'files', document: '{"path":"a"}' }, caller),
      ]);
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as object] : []));
      expect(refusals).toEqual(refusals.map(() => expect.objectContaining({ kind: 'forbidden' }) as object));
      expect([0, 2]).toContain(refusals.length);
      return refusals.length === 0;
    };
    const listed = async (caller: Caller, paging = { skip: 0, limit: 100_000 }): Promise<readonly unknown[]> => {
      const { entries, total_count: total } = await host.request(ListWorkflows, { ...paging, filters: {} }, caller);
      const keys = entries.map((entry) => (JSON.parse(entry) as { readonly _key: string })._key);
      return [total, ...keys.filter((key) => key === workflow || key === other)];
    };
    const [total = 0] = await listed(ada);
    expect([await mayUse(ada), await mayUse(bob), await mayUse(eve)]).toEqual([true, true, true]);
    const access = await host.request(SetWorkflowAccess, { workflow, users: [], groups: ['simulation'] }, ada);
    // Who limits it keeps the access.
    expect(access).toEqual({ users: ['ada'], groups: ['simulation'] });
    expect([await mayUse(ada), await mayUse(bob), await mayUse(eve), await mayUse(CALLER)]).toEqual([
      ...[true, true, false, true],
    ]);
    expect(await mayUse(eve, other)).toBe(true);
    expect(await listed(bob)).toEqual([total, workflow, other]);
    expect(await listed(eve)).toEqual([Number(total) - 1, other]);
    expect(await listed(eve, { skip: Number(total) - 2, limit: 5 })).toEqual([Number(total) - 1, other]);
    for (const change of [
      host.request(SetWorkflowAccess, { workflow, users: ['eve'], groups: [] }, eve),
      host.request(DeleteWorkflow, { workflow, client: '::1' }, eve),
      // Its key may be used again by those who had it.
      host.request(CreateWorkflow, { document: '{"name":""}', key: workflow }, eve),
    ]) {
      await expect(change).rejects.toMatchObject({ kind: 'forbidden' });
    }
    const long = host.request(SetWorkflowAccess, { workflow, users: ['x'.repeat(251)], groups: [] }, bob);
    await expect(long).rejects.toMatchObject({ kind: 'invalid' });
    await host.request(SetWorkflowAccess, { workflow, users: [], groups: [] }, bob);
    expect(await host.request(GetWorkflowAccess, { workflow }, eve)).toEqual({ users: [], groups: [] });
    expect(await mayUse(eve)).toBe(true);
    expect(await listed(eve)).toEqual([total, workflow, other]);
  });
});
