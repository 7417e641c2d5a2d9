import { DatabaseSync } from 'node:sqlite';
import { DEFAULT_RESOURCE_TYPES, DEFAULT_SHARES } from '#contracts/panda/queues.js';
import type { AppliedEvent } from '#event-sourcing/projection.js';
import { someQueue } from '../testing/queue.js';
import { type SiteChange, SiteProjection } from './site-projection.js';

const event = (type: string, data: object): AppliedEvent => ({
  ...{ stream: 'site-panda.main.x', revision: 0, id: 'e', type },
  data: data as AppliedEvent['data'],
  metadata: {
    ...{ timeMicros: 0, actor: '', dialect: 'panda', correlationId: '', causationId: '', schemaVersion: 1 },
  },
});

const opened = (database = new DatabaseSync(':memory:')) => {
  const sites = new SiteProjection();
  if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'panda_queue'").get() === undefined) {
    database.exec(sites.tables);
  }
  const writer = sites.attach(database);
  return { database, sites, apply: (type: string, data: object) => void writer.apply(event(type, data)), writer };
};

describe('the copy of queues, shares and resource types', () => {
  it('has the defaults before it is told anything', () => {
    const { sites } = opened();
    expect(sites.queues()).toEqual([]);
    expect(sites.shares()).toBe(DEFAULT_SHARES);
    expect(sites.resourceTypes()).toBe(DEFAULT_RESOURCE_TYPES);
  });

  it('shows queues by name, tells of changes and keeps them', () => {
    const { sites, apply, database } = opened();
    const changes: SiteChange[] = [];
    sites.onChange((change) => changes.push(change));
    apply('QueueConfigured', { queue: someQueue({ name: 'B' }) });
    apply('QueueConfigured', { queue: someQueue({ name: 'A' }) });
    apply('QueueConfigured', { queue: someQueue({ name: 'B', status: 'offline' }) });
    apply('SharesConfigured', { shares: [] });
    expect(sites.queues().map(({ name, status }) => [name, status])).toEqual([
      ['A', 'online'],
      ['B', 'offline'],
    ]);
    apply('QueueRemoved', { name: 'A' });
    expect(sites.queue('A')).toBeUndefined();
    expect(changes).toEqual([...[{ queue: 'B' }, { queue: 'A' }, { queue: 'B' }, { list: 'shares' }, { queue: 'A' }]]);
    const again = opened(database).sites;
    expect(again.queue('B')).toEqual(someQueue({ name: 'B', status: 'offline' }));
    expect(again.shares()).toEqual([]);
  });

  it('forgets what was rolled back', () => {
    const { sites, apply, database, writer } = opened();
    database.exec('BEGIN');
    apply('QueueConfigured', { queue: someQueue({ name: 'A' }) });
    expect(sites.queue('A')).toBeDefined();
    database.exec('ROLLBACK');
    writer.forget();
    expect(sites.queue('A')).toBeUndefined();
  });
});
