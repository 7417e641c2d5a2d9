import { join } from 'node:path';
import type { Caller } from '#bus/contract.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import { GetConfig, PutConfig } from '#contracts/iceprod/datasets.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { keysIn, makeAllOld } from '#storage/testing/blob-folder.js';
import { OrphanCollector } from '#event-sourcing/orphan-collector.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';

const ALICE: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users'] };
const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

/** Too large for an event. */
const largeConfig = (description: string): string =>
  JSON.stringify({
    ...{ version: 3.2, description, options: { padding: 'x'.repeat(200_000) } },
    tasks: [{ name: 'a', trays: [{ modules: [{}] }] }],
  });

describe('large documents', () => {
  const host = new ServiceHost(DatasetsModule);
  const folder = join(host.folder, 'blobs');
  const blobs = new FolderBlobStore(folder);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  const keys = (): Promise<readonly string[]> => keysIn(blobs);

  const putConfig = (config: string, commandId?: string): Promise<unknown> =>
    host.request(PutConfig, { dataset_id: 'd', config }, SYSTEM, commandId);

  const collectOld = async (): Promise<number> => {
    await makeAllOld(folder);
    return host.part(OrphanCollector).collect(Date.now());
  };

  it('stay as long as the history names them, replaced or not, after a rebuild too', async () => {
    await putConfig(largeConfig('first'));
    await putConfig(largeConfig('second'));
    const submission = { config: largeConfig('submitted'), description: 'd', jobs_submitted: 1 };
    await host.request(MakeRequest, { action: 'submit', arguments: JSON.stringify(submission) }, ALICE);
    const recorded = await keys();
    expect(recorded).toHaveLength(3);
    expect(await collectOld()).toBe(0);
    await host.rebuild();
    expect(await collectOld()).toBe(0);
    expect(await keys()).toEqual(recorded);
    const texts = await Promise.all(recorded.map((key) => blobs.getText(key)));
    expect(texts).toContain(largeConfig('first'));
    expect((await host.request(GetConfig, { dataset_id: 'd' }, SYSTEM)).document).toBe(largeConfig('second'));
  });

  it('go when a crash or a repeat left them and they are a day old; those of other services stay', async () => {
    const before = await keys();
    await putConfig(largeConfig('third'), 'the same');
    const recorded = await keys();
    await putConfig(largeConfig('third'), 'the same');
    // What is there when a process dies between storing and recording.
    await blobs.put('config/orphan', '{}');
    await blobs.put('request/orphan', '{}');
    await blobs.put('log/of another service', '""');
    expect(await host.part(OrphanCollector).collect(Date.now())).toBe(0);
    expect(await collectOld()).toBe(3);
    expect(await keys()).toEqual([...recorded, 'log/of another service'].sort());
    expect(recorded).toHaveLength(before.length + 1);
    expect((await host.request(GetConfig, { dataset_id: 'd' }, SYSTEM)).document).toBe(largeConfig('third'));
  });
});
