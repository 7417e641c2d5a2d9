import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { ref } from '#ledger/ref.js';
import type { Projection } from '#projection/projection.js';

/** Priority of a user whom nobody gave another (IceProd contract 4.3, 13). */
const DEFAULT_PRIORITY = 0.5;
/** Most users that one answer lists (contract 1.6). */
const USERS_MAX = 10_000;

/** A user record as answers show it. */
interface User {
  readonly user_id: string;
  readonly username: string;
  readonly priority: number;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
}

/** Users whom no request creates are known by name only; the same name always gets the same id, also in a rebuild. */
const userIdOf = (username: string): string =>
  createHash('sha256')
    .update(ref('iceprod', 'main', username))
    .digest('hex')
    .slice(0, 32);

/** Whoever submits a dataset has a user record from then on. */
const impliedUser = (username: string): User => ({
  user_id: userIdOf(username),
  username,
  priority: DEFAULT_PRIORITY,
  groups: [],
  roles: [],
});

export const userProjection: Projection = {
  name: 'users',
  version: 1,
  streamPrefixes: ['workload-iceprod.'],
  eventTypes: ['DatasetSubmitted'],
  tables: 'CREATE TABLE user (username TEXT NOT NULL UNIQUE, since INTEGER NOT NULL, document TEXT NOT NULL)',
  indexes: 'CREATE INDEX user_since ON user (since, username)',
  attach: (database) => {
    // Streams come in any order, so the earliest submission is remembered, not the first that was seen.
    const add = database.prepare(
      `INSERT INTO user (username, since, document) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET since = min(since, excluded.since)`,
    );
    return {
      apply: ({ data, metadata }) => {
        const username = data['submitter'];
        if (typeof username === 'string') {
          add.run(username, metadata.timeMicros, JSON.stringify(impliedUser(username)));
        }
      },
      forget: () => {
        // Everything stands in the table.
      },
    };
  },
};

/** Reads what {@link userProjection} keeps. */
export class Users {
  private readonly selectAll;
  private readonly selectOne;

  constructor(queries: DatabaseSync) {
    this.selectAll = queries.prepare(`SELECT document FROM user ORDER BY since, username LIMIT ${USERS_MAX}`);
    this.selectOne = queries.prepare('SELECT document FROM user WHERE username = ?');
  }

  /** Records as raw JSON in order of creation: all, or the one of a name. */
  documents(username?: string): readonly string[] {
    const rows = username === undefined ? this.selectAll.all() : this.selectOne.all(username);
    return rows.map(({ document }) => document as string);
  }
}
