import { utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '#bus/contract.js';
import { AddLog, DeleteLog, GetLog, LOG_BLOBS } from '#contracts/iceprod/logs.js';
import { FolderBlobStore } from '#keep/folder-blob-store.js';
import { ServiceHost } from '#projection/testing/service-host.js';
import { TasksModule } from '../tasks.module.js';
import { OrphanCollector } from './orphan-collector.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const TWO_DAYS_MS = 2 * 24 * 60 * 60 * 1000;

describe('bodies of logs', () => {
  const host = new ServiceHost(TasksModule);
  const folder = join(host.folder, 'blobs');
  const blobs = new FolderBlobStore(folder);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  const keys = async (): Promise<readonly string[]> => {
    const found = [];
    for await (const { key } of blobs.list(LOG_BLOBS)) found.push(key);
    return found;
  };

  const add = async (text: string): Promise<string> => {
    const data = { raw: JSON.stringify(text) };
    return (await host.request(AddLog, { name: 'log', fields: '{"name":"log"}', data }, SYSTEM)).log_id;
  };

  const makeAllOld = async (): Promise<void> => {
    const old = new Date(Date.now() - TWO_DAYS_MS);
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), old, old);
    }
  };

  it('stay while their log is there, and go when it is deleted', async () => {
    const id = await add('kept');
    const deleted = await add('deleted');
    expect(await keys()).toHaveLength(2);
    await host.request(DeleteLog, { log_id: deleted }, SYSTEM);
    expect(await keys()).toHaveLength(1);
    await makeAllOld();
    expect(await host.part(OrphanCollector).collect(Date.now())).toBe(0);
    expect((await host.request(GetLog, { log_id: id }, SYSTEM)).log.before).toContain('"data":"kept"');
  });

  it('are collected when they belong to no log and are old', async () => {
    const before = await keys();
    await blobs.put(`${LOG_BLOBS}orphan`, '"x"');
    await blobs.put('task-stat/another', '{}');
    expect(await host.part(OrphanCollector).collect(Date.now())).toBe(0);
    await makeAllOld();
    expect(await host.part(OrphanCollector).collect(Date.now())).toBe(1);
    expect(await keys()).toEqual(before);
    expect(await blobs.getText('task-stat/another')).toBe('{}');
  });

  it('that have vanished read as the empty string', async () => {
    const id = await add('x');
    for (const key of await keys()) await blobs.delete(key);
    const { log } = await host.request(GetLog, { log_id: id }, SYSTEM);
    expect(JSON.parse(log.before + log.after)).toMatchObject({ log_id: id, name: 'log', data: '' });
  });
});
