import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { evolve, impliedUser, type User } from './user.js';
import { USER_EVENT_TYPES, type UserEvent } from './user-events.js';

/** Most users that one answer lists (contract 1.6). */
const USERS_MAX = 10_000;

const SUBMITTED = 'WorkloadSubmitted';

const parsed = (text: SQLOutputValue | undefined): User | undefined =>
  typeof text === 'string' ? (JSON.parse(text) as User) : undefined;

/**
 * Submissions and a user's own stream come in any order, so submissions are kept by time, and what is shown follows from
 * both: a record that was created, else one that is implied by a submission since the last removal.
 */
class UserWriter implements ProjectionWriter {
  private readonly addSubmission: StatementSync;
  private readonly firstSubmission: StatementSync;
  private readonly read: StatementSync;
  private readonly write: StatementSync;

  constructor(database: DatabaseSync) {
    this.addSubmission = database.prepare('INSERT OR IGNORE INTO submission (username, at) VALUES (?, ?)');
    this.firstSubmission = database.prepare('SELECT min(at) AS at FROM submission WHERE username = ? AND at > ?');
    this.read = database.prepare('SELECT created, created_at, deleted_at FROM user WHERE username = ?');
    this.write = database.prepare(
      `INSERT OR REPLACE INTO user (username, user_id, since, created, created_at, deleted_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  apply({ type, data, metadata: { timeMicros }, stream }: AppliedEvent): void {
    if (type === SUBMITTED) this.submitted(data['submitter'], timeMicros);
    else if (stream.startsWith('user-')) this.changed(type, data, timeMicros);
  }

  forget(): void {
    // There is no state besides the tables.
  }

  private submitted(username: unknown, at: number): void {
    if (typeof username !== 'string') return;
    this.addSubmission.run(username, at);
    const row = this.read.get(username);
    this.show(username, parsed(row?.['created']), Number(row?.['created_at'] ?? 0), Number(row?.['deleted_at'] ?? 0));
  }

  private changed(type: string, data: AppliedEvent['data'], at: number): void {
    const username = data['username'];
    if (typeof username !== 'string') return;
    const row = this.read.get(username);
    const created = evolve(parsed(row?.['created']), { type, data } as UserEvent);
    const createdAt = type === 'UserCreated' ? at : Number(row?.['created_at'] ?? 0);
    const deletedAt = type === 'UserDeleted' ? at : Number(row?.['deleted_at'] ?? 0);
    this.show(username, created, createdAt, deletedAt);
  }

  private show(username: string, created: User | undefined, createdAt: number, deletedAt: number): void {
    const at = this.firstSubmission.get(username, deletedAt)?.['at'];
    const submittedAt = typeof at === 'number' ? at : Number.POSITIVE_INFINITY;
    const user = created ?? (Number.isFinite(submittedAt) ? impliedUser(username) : undefined);
    const since = Math.min(submittedAt, created === undefined ? submittedAt : createdAt);
    this.write.run(
      username,
      user?.user_id ?? null,
      user === undefined ? null : since,
      created === undefined ? null : JSON.stringify(created),
      createdAt,
      deletedAt,
      user === undefined ? null : JSON.stringify(user),
    );
  }
}

export const userProjection: Projection = {
  name: 'users',
  version: 3,
  streamPrefixes: ['workload-', 'user-'],
  eventTypes: [SUBMITTED, ...USER_EVENT_TYPES],
  tables: `CREATE TABLE user (
    username TEXT PRIMARY KEY,
    user_id TEXT,
    since INTEGER,
    created TEXT,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    record TEXT
  ) WITHOUT ROWID;
  CREATE TABLE submission (username TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (username, at)) WITHOUT ROWID`,
  indexes: `CREATE INDEX user_since ON user (since, username) WHERE record IS NOT NULL;
  CREATE INDEX user_id ON user (user_id) WHERE user_id IS NOT NULL`,
  attach: (database) => new UserWriter(database),
};

/** A user with a record. */
export interface KnownUser {
  readonly user: User;
  /** The record follows from a submission only; nobody has created the user. */
  readonly isImplied: boolean;
}

/** Reads what {@link userProjection} keeps through one connection: `queries` to answer, `writer` to decide. */
export class Users {
  private readonly selectAll;
  private readonly selectByName;
  private readonly selectById;
  private readonly selectCreatedAt;

  constructor(database: DatabaseSync) {
    this.selectAll = database.prepare(
      `SELECT record FROM user WHERE record IS NOT NULL ORDER BY since, username LIMIT ${USERS_MAX}`,
    );
    const columns = 'SELECT record, created FROM user WHERE record IS NOT NULL';
    this.selectByName = database.prepare(`${columns} AND username = ?`);
    this.selectById = database.prepare(`${columns} AND user_id = ?`);
    this.selectCreatedAt = database.prepare('SELECT created_at FROM user WHERE username = ? AND created IS NOT NULL');
  }

  /** In the order of creation: all, or the one of a name. */
  list(username?: string): readonly User[] {
    const rows = username === undefined ? this.selectAll.all() : this.selectByName.all(username);
    return rows.flatMap(({ record }) => parsed(record) ?? []);
  }

  named(username: string): KnownUser | undefined {
    return this.known(this.selectByName.get(username));
  }

  /** When the current record was created (microseconds); undefined without one, or if it follows from submissions only. */
  createdAt(username: string): number | undefined {
    const at = this.selectCreatedAt.get(username)?.['created_at'];
    return typeof at === 'number' ? at : undefined;
  }

  /** A name wins over an id. */
  find(nameOrId: string): KnownUser | undefined {
    return this.known(this.selectByName.get(nameOrId) ?? this.selectById.get(nameOrId));
  }

  private known(row: Readonly<Record<string, SQLOutputValue>> | undefined): KnownUser | undefined {
    const user = parsed(row?.['record']);
    return user === undefined ? undefined : { user, isImplied: row?.['created'] === null };
  }
}
