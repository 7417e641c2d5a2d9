import type { DatabaseSync } from 'node:sqlite';
import type { WebhookEvents, WebhookOwner } from '#contracts/cairn/webhook-events.js';
import type { UserEvents } from '#contracts/user-events.js';
import { type EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';

const WEBHOOKS = 'directory-cairn.webhooks.';

/** By a revocation the rights of webhooks end that stand on tokens of that time. */
type Ending = Pick<UserEvents, 'UserDeleted' | 'UserTokensRevoked'>;

class WebhookWriter implements ProjectionWriter {
  private readonly insert;
  private readonly pause;
  private readonly resume;
  private readonly remove;
  private readonly revoke;

  constructor(database: DatabaseSync) {
    this.insert = database.prepare(
      'INSERT INTO webhook (id, username, created_micros, registered, owner, paused) VALUES (?, ?, ?, ?, ?, 0)',
    );
    this.pause = database.prepare('UPDATE webhook SET paused = 1, reason = ? WHERE id = ?');
    this.resume = database.prepare('UPDATE webhook SET paused = 0, reason = NULL, owner = ? WHERE id = ?');
    this.remove = database.prepare('DELETE FROM webhook WHERE id = ?');
    this.revoke = database.prepare(
      `INSERT INTO webhook_revocation (subject, until_ms) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)`,
    );
  }

  apply({ stream, type, data, metadata: { timeMicros } }: AppliedEvent): void {
    if (!stream.startsWith(WEBHOOKS) && !stream.startsWith('user-')) return;
    // Only the deciders of Cairn write these events, so that their types are known.
    const event = { type, data } as object as EventOf<WebhookEvents & Ending>;
    switch (event.type) {
      case 'WebhookRegistered': {
        const { webhook_id: id, owner } = event.data;
        this.insert.run(id, owner.username, timeMicros, JSON.stringify(event.data), JSON.stringify(owner));
        break;
      }
      case 'WebhookPaused':
        this.pause.run(event.data.reason ?? null, event.data.webhook_id);
        break;
      case 'WebhookResumed':
        this.resume.run(JSON.stringify(event.data.owner), event.data.webhook_id);
        break;
      case 'WebhookDeleted':
        this.remove.run(event.data.webhook_id);
        break;
      case 'UserTokensRevoked':
        this.revoke.run(event.data.username, event.data.issued_until_ms);
        break;
      case 'UserDeleted':
        this.revoke.run(event.data.username, Math.floor(timeMicros / 1000));
    }
  }

  forget(): void {
    // There is no state besides the tables.
  }
}

export const webhookProjection: Projection = {
  name: 'webhooks',
  version: 1,
  streamPrefixes: [WEBHOOKS, 'user-'],
  eventTypes: [
    ...(['WebhookRegistered', 'WebhookPaused', 'WebhookResumed', 'WebhookDeleted'] as const),
    ...(['UserTokensRevoked', 'UserDeleted'] as const),
  ],
  tables: `
    CREATE TABLE webhook (
      id TEXT PRIMARY KEY, username TEXT NOT NULL, created_micros INTEGER NOT NULL, registered TEXT NOT NULL, owner TEXT NOT NULL,
      paused INTEGER NOT NULL, reason TEXT
    ) WITHOUT ROWID;
    CREATE TABLE webhook_revocation (subject TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;`,
  indexes: 'CREATE INDEX webhook_by_owner ON webhook (username, id);',
  attach: (database) => new WebhookWriter(database),
};

/** `suspended`: the tokens on whose rights it stands were revoked. */
export type WebhookStatus = 'active' | 'paused' | 'suspended';

export interface Webhook {
  readonly registered: WebhookEvents['WebhookRegistered'];
  readonly owner: WebhookOwner;
  readonly status: WebhookStatus;
  readonly reason: string | undefined;
  readonly createdMicros: number;
}

const COLUMNS = `id, created_micros, registered, owner, paused, reason, EXISTS (
  SELECT 1 FROM webhook_revocation
  WHERE subject = owner ->> 'subject' AND until_ms >= owner ->> 'token_issued_at_ms') AS revoked`;

/** Reads what {@link webhookProjection} keeps through one connection: `queries` to answer, `writer` to decide. */
export class Webhooks {
  private readonly selectOne;
  private readonly selectPage;
  private readonly selectPageOfOwner;
  private readonly count;

  constructor(database: DatabaseSync) {
    this.selectOne = database.prepare(`SELECT ${COLUMNS} FROM webhook WHERE id = ?`);
    this.selectPage = database.prepare(`SELECT ${COLUMNS} FROM webhook WHERE id > ? ORDER BY id LIMIT ?`);
    this.selectPageOfOwner = database.prepare(
      `SELECT ${COLUMNS} FROM webhook WHERE username = ? AND id > ? ORDER BY id LIMIT ?`,
    );
    this.count = database.prepare('SELECT count(*) AS "all", count(*) FILTER (WHERE username = ?) AS own FROM webhook');
  }

  byId(id: string): Webhook | undefined {
    const row = this.selectOne.get(id);
    return row && webhookOf(row);
  }

  /** In the order of their ids, which is that of their registration. */
  page(after: string, limit: number, username?: string): readonly Webhook[] {
    const rows =
      username === undefined ? this.selectPage.all(after, limit) : this.selectPageOfOwner.all(username, after, limit);
    return rows.map(webhookOf);
  }

  counts(username: string): { readonly all: number; readonly own: number } {
    const { all = 0, own = 0 } = this.count.get(username) ?? {};
    return { all: Number(all), own: Number(own) };
  }
}

const webhookOf = (row: Readonly<Record<string, unknown>>): Webhook => ({
  registered: JSON.parse(String(row['registered'])) as WebhookEvents['WebhookRegistered'],
  owner: JSON.parse(String(row['owner'])) as WebhookOwner,
  status: row['paused'] === 1 ? 'paused' : row['revoked'] === 1 ? 'suspended' : 'active',
  reason: typeof row['reason'] === 'string' ? row['reason'] : undefined,
  createdMicros: Number(row['created_micros']),
});
