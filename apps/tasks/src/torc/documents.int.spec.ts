import type { Caller } from '#bus/contract.js';
import { GetDocument, ListDocuments, type ListDocumentsRequest, StoreDocument } from '#contracts/torc/documents.js';
import { CreateWorkflow, GetWorkflow } from '#contracts/torc/workflows.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
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

  it('begin with a config and a status', async () => {
    const workflow = await create('odd key');
    expect(parsed(await ask(GetWorkflow, { workflow, part: 'config' }))).toMatchObject({
      prepare_jobs_sort_method: 'gpus_runtime_memory',
      compute_node_resource_stats: { cpu: true, interval: 10 },
      _id: 'workflow_configs/odd key',
    });
    expect(parsed(await ask(GetWorkflow, { workflow, part: 'status' }))).toMatchObject({ run_id: 0, _key: 'odd key' });
  });
});
