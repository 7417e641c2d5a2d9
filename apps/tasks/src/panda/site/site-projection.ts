import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  DEFAULT_RESOURCE_TYPES,
  DEFAULT_SHARES,
  type PandaConfigurationEvents,
  type Queue,
  type QueueEvents,
  type ResourceType,
  type Share,
} from '#contracts/panda/queues.js';
import type { ListSection } from '#contracts/panda/administration.js';
import type { RetryRule } from '#contracts/panda/retry-rules.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import type { SiteView } from '../view.js';

type SiteEvents = QueueEvents & PandaConfigurationEvents;

const EVENT_TYPES: readonly (keyof SiteEvents)[] = [
  'QueueConfigured',
  'QueueRemoved',
  'SharesConfigured',
  'ResourceTypesConfigured',
  'RetryRulesConfigured',
];

/** What changed: a queue by its name, or the lists that all queues share. */
export type SiteChange = { readonly queue: string } | { readonly list: ListSection };

/**
 * The copy of queues, shares and resource types that jobs are placed by (contract 3.14 to 3.16), and of the rules for failed jobs. All of it is in memory: brokerage reads
 * every queue again and again.
 */
export class SiteProjection implements Projection, SiteView {
  readonly name = 'panda-site';
  readonly version = 1;
  readonly streamPrefixes = ['site-panda.', 'directory-panda.main.configuration'];
  readonly eventTypes = EVENT_TYPES;
  readonly tables = `
    CREATE TABLE panda_queue (name TEXT PRIMARY KEY, queue TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE panda_site_list (name TEXT PRIMARY KEY, list TEXT NOT NULL) STRICT, WITHOUT ROWID;`;
  readonly indexes = '';
  private readonly listeners: ((change: SiteChange) => void)[] = [];
  private tablesOf: SiteTables | undefined;
  /** Undefined until it is needed again after something changed. */
  private known: KnownSites | undefined;

  attach(database: DatabaseSync): ProjectionWriter {
    const tables = new SiteTables(database);
    this.tablesOf = tables;
    this.known = undefined;
    return {
      apply: (event: AppliedEvent) => {
        const change = tables.apply(event);
        this.known = undefined;
        for (const listener of this.listeners) listener(change);
      },
      forget: () => (this.known = undefined),
    };
  }

  /** The listener may only take note: the change is not committed yet, and may come twice. */
  onChange(listener: (change: SiteChange) => void): void {
    this.listeners.push(listener);
  }

  queue(name: string): Queue | undefined {
    return this.sites.byName.get(name);
  }

  queues(): readonly Queue[] {
    return this.sites.queues;
  }

  shares(): readonly Share[] {
    return this.sites.shares;
  }

  resourceTypes(): readonly ResourceType[] {
    return this.sites.resourceTypes;
  }

  retryRules(): readonly RetryRule[] {
    return this.sites.retryRules;
  }

  private get sites(): KnownSites {
    this.known ??= this.tablesOf?.read() ?? NO_SITES;
    return this.known;
  }
}

interface KnownSites {
  readonly byName: ReadonlyMap<string, Queue>;
  /** By name. */
  readonly queues: readonly Queue[];
  readonly shares: readonly Share[];
  readonly resourceTypes: readonly ResourceType[];
  readonly retryRules: readonly RetryRule[];
}

const NO_SITES: KnownSites = {
  byName: new Map(),
  queues: [],
  shares: DEFAULT_SHARES,
  resourceTypes: DEFAULT_RESOURCE_TYPES,
  retryRules: [],
};

class SiteTables {
  /** Parsed queues by their text: a change of one queue parses that one. */
  private parsed = new Map<string, Queue>();
  private readonly setQueue: StatementSync;
  private readonly removeQueue: StatementSync;
  private readonly setList: StatementSync;
  private readonly selectQueues: StatementSync;
  private readonly selectList: StatementSync;

  constructor(database: DatabaseSync) {
    this.setQueue = database.prepare('INSERT OR REPLACE INTO panda_queue (name, queue) VALUES (?, ?)');
    this.removeQueue = database.prepare('DELETE FROM panda_queue WHERE name = ?');
    this.setList = database.prepare('INSERT OR REPLACE INTO panda_site_list (name, list) VALUES (?, ?)');
    this.selectQueues = database.prepare('SELECT queue FROM panda_queue ORDER BY name');
    this.selectList = database.prepare('SELECT list FROM panda_site_list WHERE name = ?');
  }

  apply({ type, data }: AppliedEvent): SiteChange {
    // Types are ours from the ledger on: written by the service `pilots` only.
    const event = { type, data } as object as EventOf<SiteEvents>;
    switch (event.type) {
      case 'QueueConfigured': {
        const { queue } = event.data;
        this.setQueue.run(queue.name, JSON.stringify(queue));
        return { queue: queue.name };
      }
      case 'QueueRemoved':
        this.removeQueue.run(event.data.name);
        return { queue: event.data.name };
      case 'SharesConfigured':
        this.setList.run('shares', JSON.stringify(event.data.shares));
        return { list: 'shares' };
      case 'ResourceTypesConfigured':
        this.setList.run('resource_types', JSON.stringify(event.data.resource_types));
        return { list: 'resource_types' };
      case 'RetryRulesConfigured':
        this.setList.run('retry_rules', JSON.stringify(event.data.retry_rules));
        return { list: 'retry_rules' };
    }
  }

  read(): KnownSites {
    const before = this.parsed;
    this.parsed = new Map();
    const queues = this.selectQueues.all().map((row) => {
      const text = String(row['queue']);
      const queue = before.get(text) ?? (JSON.parse(text) as Queue);
      this.parsed.set(text, queue);
      return queue;
    });
    return {
      byName: new Map(queues.map((queue) => [queue.name, queue])),
      queues,
      shares: (this.list('shares') as Share[] | undefined) ?? DEFAULT_SHARES,
      resourceTypes: (this.list('resource_types') as ResourceType[] | undefined) ?? DEFAULT_RESOURCE_TYPES,
      retryRules: (this.list('retry_rules') as RetryRule[] | undefined) ?? [],
    };
  }

  private list(name: string): unknown {
    const row = this.selectList.get(name);
    return row === undefined ? undefined : JSON.parse(String(row['list']));
  }
}
