import { join } from 'node:path';
import type { Caller } from '#bus/contract.js';
import { AddFile, RemoveFiles } from '#contracts/iceprod/files.js';
import { AddLog, DeleteLog, GetLog, LOG_BLOBS } from '#contracts/iceprod/logs.js';
import { AddTaskStat, GetTaskStat } from '#contracts/iceprod/tasks.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { keysIn, makeAllOld } from '#storage/testing/blob-folder.js';
import { OrphanCollector } from '#event-sourcing/orphan-collector.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { STAT_BLOBS } from '../task-stat/task-stat-rows.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
/** Too large for an event. */
const LARGE = JSON.stringify({ log: 'x'.repeat(200_000) });

describe('blobs', () => {
  const host = new ServiceHost(TasksModule, { DATASET_MIB_MAX: '1' });
  const folder = join(host.folder, 'blobs');
  const blobs = new FolderBlobStore(folder);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  const keys = (): Promise<readonly string[]> => keysIn(blobs);

  const addLog = async (text: string): Promise<string> => {
    const data = { raw: JSON.stringify(text) };
    return (await host.request(AddLog, { name: 'log', fields: '{"name":"log"}', data }, SYSTEM)).log_id;
  };

  const addStat = async (commandId?: string): Promise<string> => {
    const request = { task_id: 't', dataset_id: 'd', stats: LARGE };
    return (await host.request(AddTaskStat, request, SYSTEM, commandId)).task_stat_id;
  };

  const statOf = async (id: string): Promise<string> =>
    (await host.request(GetTaskStat, { dataset_id: 'd', task_id: 't', task_stat_id: id }, SYSTEM)).document;

  const collect = (): Promise<number> => host.part(OrphanCollector).collect(Date.now());

  it('stay while a record refers to them', async () => {
    const id = await addLog('kept');
    const stat = await addStat();
    const deleted = await addLog('deleted');
    expect(await keys()).toHaveLength(3);
    await host.request(DeleteLog, { log_id: deleted }, SYSTEM);
    expect(await keys()).toHaveLength(2);
    await makeAllOld(folder);
    expect(await collect()).toBe(0);
    expect((await host.request(GetLog, { log_id: id }, SYSTEM)).log.before).toContain('"data":"kept"');
    expect(await statOf(stat)).toContain(LARGE);
  });

  it('are deleted when no record refers to them and they are old', async () => {
    const before = await keys();
    // As after a crash between storing and recording.
    await blobs.put(`${LOG_BLOBS}orphan`, '"x"');
    await blobs.put(`${STAT_BLOBS}orphan`, '{}');
    await blobs.put('config/another service', '{}');
    expect(await collect()).toBe(0);
    await makeAllOld(folder);
    expect(await collect()).toBe(2);
    expect(await keys()).toEqual([...before, 'config/another service'].sort());
  });

  it('of a repeated command are deleted, except those of the first attempt', async () => {
    const before = await keys();
    const first = await addStat('the same');
    const stored = await keys();
    expect(await addStat('the same')).toBe(first);
    expect(await keys()).toHaveLength(before.length + 2);
    await makeAllOld(folder);
    expect(await collect()).toBe(1);
    expect(await keys()).toEqual(stored);
    expect(await statOf(first)).toContain(LARGE);
  });

  it('stay while they are being stored, even slowly', async () => {
    const before = await keys();
    const rest = Promise.withResolvers<undefined>();
    const content = (async function* () {
      yield Buffer.from('"the beginning ');
      await rest.promise;
      yield Buffer.from('and the end"');
    })();
    const putting = blobs.put(`${LOG_BLOBS}slow`, content);
    expect(await collect()).toBe(0);
    rest.resolve(undefined);
    const blob = await putting;
    expect(await collect()).toBe(0);
    const { log_id: id } = await host.request(AddLog, { name: 'log', fields: '{}', data: { blob } }, SYSTEM);
    await makeAllOld(folder);
    expect(await collect()).toBe(0);
    expect(await blobs.getText(blob.key)).toBe('"the beginning and the end"');
    await host.request(DeleteLog, { log_id: id }, SYSTEM);
    expect(await keys()).toEqual(before);
  });

  it('that are missing read as the empty string', async () => {
    const id = await addLog('x');
    for (const key of await keys()) await blobs.delete(key);
    const { log } = await host.request(GetLog, { log_id: id }, SYSTEM);
    expect(JSON.parse(log.before + log.after)).toMatchObject({ log_id: id, name: 'log', data: '' });
  });

  it('are bounded for each dataset, until some are deleted', async () => {
    const data = { raw: JSON.stringify('x'.repeat(600_000)) };
    const add = () => host.request(AddLog, { name: 'log', fields: '{}', data, dataset_id: 'large' }, SYSTEM);
    const { log_id } = await add();
    const before = await keys();
    await expect(add()).rejects.toMatchObject({
      kind: 'too-large',
      message: 'quota of the dataset exceeded: at most 1 MiB of logs; 600004 bytes there, 600004 more asked for',
    });
    expect(await keys()).toEqual(before);
    await host.request(DeleteLog, { log_id }, SYSTEM);
    await host.request(DeleteLog, { log_id: (await add()).log_id }, SYSTEM);
  });

  it('bound the files that a dataset ever had', async () => {
    const file = { dataset_id: 'large', task_id: 't', filename: `gsiftp://${'x'.repeat(60_000)}`, movement: 'input' };
    for (let count = 0; count < 17; count += 1) await host.request(AddFile, file, SYSTEM);
    await host.request(RemoveFiles, { dataset_id: 'large', task_id: 't' }, SYSTEM);
    const refusal = () =>
      host.request(AddFile, file, SYSTEM).then(
        () => undefined,
        (error: unknown) => error,
      );
    const refused = await refusal();
    expect(refused).toMatchObject({ kind: 'too-large', message: expect.stringContaining('MiB of files') as unknown });
    await host.rebuild();
    expect(await refusal()).toEqual(refused);
  });
});
