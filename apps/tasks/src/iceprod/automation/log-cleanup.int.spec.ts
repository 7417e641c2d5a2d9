import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { AddLog, LOG_BLOBS, type LogPage, QueryLogs } from '#contracts/iceprod/logs.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import type { LogStored } from '#contracts/iceprod/log-events.js';
import { type EventMetadata, NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';
import { LogCleanup } from './log-cleanup.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const DAY_MICROS = 86_400_000_000;

describe('old logs', () => {
  let host: ServiceHost;

  const begin = async (steps: string): Promise<void> => {
    host = new ServiceHost(TasksModule, { CAIRN_AUTOMATION: steps, CAIRN_AUTOMATION_DELAY: '0.05' });
    await host.start();
  };
  const add = async (name: string): Promise<string> => {
    const log = { dataset_id: 'd', task_id: 't', name };
    const request = { ...log, fields: JSON.stringify(log), data: { raw: '"text"' } };
    return (await host.request(AddLog, request, SYSTEM)).log_id;
  };
  const names = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const request = { limit: 0, keys: ['name'], ...(cursor !== undefined && { cursor }) };
      const page: LogPage = await host.request(QueryLogs, request, SYSTEM);
      found.push(...page.entries.map(({ before }) => /"name":"(\w+)"/.exec(before)?.[1] ?? before));
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  };
  const bodies = async (): Promise<number> => {
    let count = 0;
    for await (const { key } of new FolderBlobStore(join(host.folder, 'blobs')).list(LOG_BLOBS)) {
      if (key.startsWith(LOG_BLOBS)) count += 1;
    }
    return count;
  };

  afterEach(() => host.end());

  it('are deleted after 31 days if they are named stdlog, in any number', async () => {
    await begin('off');
    await Promise.all(Array.from({ length: 205 }, () => add('stdlog')));
    await add('stderr');
    const atMicros = Date.now() * 1000;
    const cleanup = host.part(LogCleanup);
    await cleanup.clean(atMicros + 31 * DAY_MICROS - 60_000_000);
    expect(await names()).toHaveLength(206);
    await cleanup.clean(atMicros + 31 * DAY_MICROS + 60_000_000);
    expect(await names()).toEqual(['stderr']);
    expect(await bodies()).toBe(1);
    // It is no error if there is nothing to delete.
    await cleanup.clean(atMicros + 32 * DAY_MICROS);
    expect(await names()).toEqual(['stderr']);
  });

  it('are deleted soon after the start, if the step is on', async () => {
    await begin('log_cleanup');
    await add('stdlog');
    const [stored] = await host.ledger.readStream('work-iceprod.main.d');
    if (stored === undefined) throw new Error('no log in the ledger');
    const { body, ...facts } = JSON.parse(stored.data) as LogStored;
    const data = { ...facts, log_id: 'old', dataset_id: 'e', body: { ...body, key: `${LOG_BLOBS}old` } };
    const was = JSON.parse(stored.metadata) as EventMetadata;
    const metadata = { ...was, timeMicros: Date.now() * 1000 - 32 * DAY_MICROS };
    await host.stop();
    const ledger = await SqliteLedger.open(join(host.folder, 'ledger.sqlite'));
    const event = { id: crypto.randomUUID(), type: 'LogStored', data, metadata };
    await ledger.append('work-iceprod.main.e', NO_STREAM, [event]);
    await ledger.close();
    await host.start();
    const deleted = async (): Promise<boolean> =>
      (await host.ledger.readStream('work-iceprod.main.e')).some(({ type }) => type === 'LogsDeleted');
    await eventually(deleted, true);
    expect(await names()).toEqual(['stdlog']);
  });
});
