import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { evolve, impliedUser, type User, userDocument } from './user.js';
import { USER_EVENT_TYPES, type UserEvent } from './user-events.js';

/** Most users that one answer lists (contract 1.6). */
const USERS_MAX = 10_000;

const SUBMITTED = 'WorkloadSubmitted';

const parsed = (text: SQLOutputValue | undefined): User | undefined =>
  typeof text === 'string' ? (JSON.parse(text) as User) : undefined;

/**
 * Submissions and a user's own stream come in any order, so submissions are kept by time, and what is shown follows from
 * both: a record that was enrolled, else one that is implied by a submission since the last removal.
 */
class UserWriter implements ProjectionWriter {
  private readonly addSubmission: StatementSync;
  private readonly firstSubmission: StatementSync;
  private readonly read: StatementSync;
  private readonly write: StatementSync;

  constructor(database: DatabaseSync) {
    this.addSubmission = database.prepare('INSERT OR IGNORE INTO submission (username, at) VALUES (?, ?)');
    this.firstSubmission = database.prepare('SELECT min(at) AS at FROM submission WHERE username = ? AND at > ?');
    this.read = database.prepare('SELECT enrolled, enrolled_at, removed_at FROM user WHERE username = ?');
    this.write = database.prepare(
      `INSERT OR REPLACE INTO user (username, user_id, since, enrolled, enrolled_at, removed_at, record, document)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  apply({ type, data, metadata: { timeMicros }, stream }: AppliedEvent): void {
    if (type === SUBMITTED) this.submitted(data['submitter'], timeMicros);
    else if (stream.startsWith('user-')) this.changed(type, data, timeMicros);
  }

  forget(): void {
    // Everything stands in the tables.
  }

  private submitted(username: unknown, at: number): void {
    if (typeof username !== 'string') return;
    this.addSubmission.run(username, at);
    const row = this.read.get(username);
    this.show(username, parsed(row?.['enrolled']), Number(row?.['enrolled_at'] ?? 0), Number(row?.['removed_at'] ?? 0));
  }

  private changed(type: string, data: AppliedEvent['data'], at: number): void {
    const username = data['username'];
    if (typeof username !== 'string') return;
    const row = this.read.get(username);
    const enrolled = evolve(parsed(row?.['enrolled']), { type, data } as UserEvent);
    const enrolledAt = type === 'UserCreated' ? at : Number(row?.['enrolled_at'] ?? 0);
    const removedAt = type === 'UserDeleted' ? at : Number(row?.['removed_at'] ?? 0);
    this.show(username, enrolled, enrolledAt, removedAt);
  }

  private show(username: string, enrolled: User | undefined, enrolledAt: number, removedAt: number): void {
    const at = this.firstSubmission.get(username, removedAt)?.['at'];
    const submittedAt = typeof at === 'number' ? at : Number.POSITIVE_INFINITY;
    const user = enrolled ?? (Number.isFinite(submittedAt) ? impliedUser(username) : undefined);
    const since = Math.min(submittedAt, enrolled === undefined ? submittedAt : enrolledAt);
    this.write.run(
      username,
      user?.user_id ?? null,
      user === undefined ? null : since,
      enrolled === undefined ? null : JSON.stringify(enrolled),
      enrolledAt,
      removedAt,
      user === undefined ? null : JSON.stringify(user),
      user === undefined ? null : userDocument(user),
    );
  }
}

export const userProjection: Projection = {
  name: 'users',
  version: 2,
  streamPrefixes: ['workload-', 'user-'],
  eventTypes: [SUBMITTED, ...USER_EVENT_TYPES],
  tables: `CREATE TABLE user (
    username TEXT PRIMARY KEY,
    user_id TEXT,
    since INTEGER,
    enrolled TEXT,
    enrolled_at INTEGER NOT NULL,
    removed_at INTEGER NOT NULL,
    record TEXT,
    document TEXT
  ) WITHOUT ROWID;
  CREATE TABLE submission (username TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (username, at)) WITHOUT ROWID`,
  indexes: `CREATE INDEX user_since ON user (since, username) WHERE document IS NOT NULL;
  CREATE INDEX user_id ON user (user_id) WHERE user_id IS NOT NULL`,
  attach: (database) => new UserWriter(database),
};

/** A user with a record. */
export interface KnownUser {
  readonly user: User;
  /** The record follows from a submission only; nobody has enrolled the user. */
  readonly isImplied: boolean;
}

/** Reads what {@link userProjection} keeps through one connection: `queries` to answer, `writer` to decide. */
export class Users {
  private readonly selectAll;
  private readonly selectByName;
  private readonly selectById;
  private readonly selectEnrolledAt;

  constructor(database: DatabaseSync) {
    this.selectAll = database.prepare(
      `SELECT document FROM user WHERE document IS NOT NULL ORDER BY since, username LIMIT ${USERS_MAX}`,
    );
    const columns = 'SELECT document, record, enrolled FROM user WHERE document IS NOT NULL';
    this.selectByName = database.prepare(`${columns} AND username = ?`);
    this.selectById = database.prepare(`${columns} AND user_id = ?`);
    this.selectEnrolledAt = database.prepare(
      'SELECT enrolled_at FROM user WHERE username = ? AND enrolled IS NOT NULL',
    );
  }

  /** Records as raw JSON in order of creation: all, or the one of a name. */
  documents(username?: string): readonly string[] {
    const rows = username === undefined ? this.selectAll.all() : this.selectByName.all(username);
    return rows.map(({ document }) => String(document));
  }

  named(username: string): KnownUser | undefined {
    return this.known(this.selectByName.get(username));
  }

  /** When the record was made that counts now (microseconds); undefined for whoever has none, or one that is implied only. */
  enrolledAt(username: string): number | undefined {
    const at = this.selectEnrolledAt.get(username)?.['enrolled_at'];
    return typeof at === 'number' ? at : undefined;
  }

  /** A name wins over an id. */
  find(nameOrId: string): KnownUser | undefined {
    return this.known(this.selectByName.get(nameOrId) ?? this.selectById.get(nameOrId));
  }

  private known(row: Readonly<Record<string, SQLOutputValue>> | undefined): KnownUser | undefined {
    const user = parsed(row?.['record']);
    return user === undefined ? undefined : { user, isImplied: row?.['enrolled'] === null };
  }
}
