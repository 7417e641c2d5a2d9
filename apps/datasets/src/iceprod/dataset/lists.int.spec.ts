import fc from 'fast-check';
import type { Caller } from '#bus/contract.js';
import { ChangeDataset, ListDatasets, type ListDatasetsRequest, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const BOB: Caller = { subject: 'bob', username: 'bob', roles: ['user'], groups: ['users'] };

describe('lists of datasets', () => {
  let host: ServiceHost;
  let owners = 0;

  const submit = async (username: string, fields: object = {}): Promise<string> => {
    const counts = { jobs_submitted: 1, tasks_submitted: 1, tasks_per_job: 1 };
    const request = { description: 'muons', group: 'simprod', username, ...counts, ...fields };
    return (await host.request(SubmitDataset, request, SYSTEM)).dataset_id;
  };

  const page = async (request: ListDatasetsRequest, caller: Caller): Promise<{ ids: string[]; after?: string }> => {
    const entries: string[] = [];
    let reply = await host.request(ListDatasets, request, caller);
    entries.push(...reply.entries);
    while (reply.next !== undefined) {
      reply = await host.request(ListDatasets, { ...request, cursor: reply.next }, caller);
      entries.push(...reply.entries);
    }
    const ids = Object.keys(JSON.parse(`{${entries.join(',')}}`) as object);
    return reply.after === undefined ? { ids } : { ids, after: reply.after };
  };

  beforeAll(async () => {
    host = new ServiceHost(DatasetsModule);
    await host.start();
  });
  afterAll(() => host.end());

  it('show in pages all that may be read, once and in order, whatever else changes between them', async () => {
    const change = fc.record({ what: fc.constantFrom('submit', 'status', 'priority'), at: fc.nat({ max: 20 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.array(change, { maxLength: 2 }), { maxLength: 5 }),
        fc.constantFrom('created', 'sorted', 'filtered'),
        async (readable, limit, changes, way) => {
          owners += 1;
          const owner = `owner-${owners}`;
          const ids: string[] = [];
          for (const isOpen of readable) {
            const id = await submit(owner, { auth_groups_read: isOpen ? ['users'] : [] });
            if (isOpen) ids.push(id);
          }
          const disturbed = new Set<string>();
          const between = async (): Promise<void> => {
            for (const { what, at } of changes.shift() ?? []) {
              const id = ids[at % Math.max(1, ids.length)];
              if (what === 'submit') await submit(owner);
              else if (id === undefined) continue;
              else if (what === 'priority') {
                if (way === 'sorted') disturbed.add(id);
                await host.request(ChangeDataset, { dataset_id: id, change: 'priority', priority: at }, SYSTEM);
              } else {
                if (way === 'filtered') disturbed.add(id);
                const move = { dataset_id: id, change: 'status', status: 'suspended' } as const;
                await host.request(ChangeDataset, move, SYSTEM);
              }
            }
          };
          const request: ListDatasetsRequest = {
            ...{ users: [owner], limit },
            ...(way === 'sorted' && { sort: [{ field: 'priority', descending: true }] }),
            ...(way === 'filtered' && { statuses: ['processing'] }),
          };
          const seen: string[] = [];
          let after: string | undefined;
          do {
            const shown = await page(after === undefined ? request : { ...request, after }, BOB);
            expect(shown.ids.length).toBe(shown.after === undefined ? shown.ids.length : limit);
            seen.push(...shown.ids);
            await between();
            after = shown.after;
          } while (after !== undefined);
          const steady = ids.filter((id) => !disturbed.has(id));
          expect(seen.filter((id) => steady.includes(id)).sort()).toEqual([...steady].sort());
          if (way === 'sorted') return;
          expect(new Set(seen).size).toBe(seen.length);
          expect(seen.filter((id) => steady.includes(id))).toEqual(steady);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('hold as many as the limit says, however many nobody may read in between and however long they are', async () => {
    const first = await submit('long', { description: 'x'.repeat(100_000), priority: 3 });
    for (let at = 0; at < 600; at += 1) await submit('long', { auth_groups_read: [] });
    const long = { description: 'y'.repeat(100_000) };
    const rest = [await submit('long', long), await submit('long', long), await submit('long', long)];
    const ids = [first, ...rest];
    for (const keys of [undefined, ['dataset']]) {
      const request = { users: ['long'], ...(keys !== undefined && { keys }) };
      const three = await page({ ...request, limit: 3 }, BOB);
      expect(three.ids).toEqual(ids.slice(0, 3));
      expect(await page({ ...request, after: three.after ?? '' }, BOB)).toEqual({ ids: ids.slice(3) });
      expect(await page({ ...request, limit: 4 }, BOB)).toEqual({ ids });
      const sort = [{ field: 'priority', descending: false }];
      expect((await page({ ...request, sort, limit: 3 }, BOB)).ids).toEqual(rest);
      expect((await page({ ...request, sort }, BOB)).ids).toEqual([...rest, first]);
    }
  });

  it('go on where they were after the tables have been made anew', async () => {
    const ids = [await submit('anew'), await submit('anew'), await submit('anew')];
    const first = await page({ users: ['anew'], limit: 2 }, SYSTEM);
    await host.rebuild();
    expect(await page({ users: ['anew'], after: first.after ?? '' }, SYSTEM)).toEqual({ ids: ids.slice(2) });
  });
});
