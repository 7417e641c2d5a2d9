import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { type DirectoryEvents, GROUPS_STREAM } from '#contracts/directory-events.js';
import { BUILT_IN_GROUPS } from '#contracts/directory.js';
import type { Projection } from './projection.js';

/** Most groups that one answer lists (IceProd contract 1.6). */
const GROUPS_MAX = 10_000;

const BUILT_IN: ReadonlyMap<string, number> = new Map(BUILT_IN_GROUPS.map(({ name, priority }) => [name, priority]));

/** Custom groups: each service that judges names of groups keeps its own copy. */
export const groupsProjection: Projection = {
  name: 'groups',
  version: 1,
  streamPrefixes: [GROUPS_STREAM],
  eventTypes: ['GroupCreated', 'GroupDescribed', 'GroupDeleted'],
  tables: `CREATE TABLE custom_group (
    name TEXT PRIMARY KEY,
    group_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    priority REAL NOT NULL,
    extra TEXT NOT NULL
  ) WITHOUT ROWID`,
  indexes: 'CREATE INDEX custom_group_id ON custom_group (group_id)',
  attach: (database) => {
    const found = database.prepare(
      'INSERT OR REPLACE INTO custom_group (name, group_id, created, priority, extra) VALUES (?, ?, ?, ?, ?)',
    );
    const describe = database.prepare('UPDATE custom_group SET priority = ?, extra = ? WHERE name = ?');
    const dissolve = database.prepare('DELETE FROM custom_group WHERE name = ?');
    return {
      apply: ({ stream, type, data, revision }) => {
        if (stream !== GROUPS_STREAM) return;
        if (type === 'GroupCreated') {
          const group = data as DirectoryEvents['GroupCreated'];
          found.run(group.name, group.group_id, revision, group.priority, group.extra);
        } else if (type === 'GroupDescribed') {
          const group = data as DirectoryEvents['GroupDescribed'];
          describe.run(group.priority, group.extra, group.name);
        } else if (type === 'GroupDeleted') {
          dissolve.run((data as DirectoryEvents['GroupDeleted']).name);
        }
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

export interface CustomGroup {
  readonly name: string;
  readonly group_id: string;
  readonly priority: number;
  /** The text of a JSON object. */
  readonly extra: string;
}

const groupOf = (row: Readonly<Record<string, SQLOutputValue>>): CustomGroup => ({
  name: String(row['name']),
  group_id: String(row['group_id']),
  priority: Number(row['priority']),
  extra: String(row['extra']),
});

/** Built-in and custom groups, read through one connection: `queries` to answer, `writer` to decide. */
export class Groups {
  private readonly selectByName;
  private readonly selectById;
  private readonly selectAll;

  constructor(database: DatabaseSync) {
    const columns = 'SELECT name, group_id, priority, extra FROM custom_group';
    this.selectByName = database.prepare(`${columns} WHERE name = ?`);
    this.selectById = database.prepare(`${columns} WHERE group_id = ?`);
    this.selectAll = database.prepare(`${columns} ORDER BY created LIMIT ${GROUPS_MAX - BUILT_IN.size}`);
  }

  /** Whether a group may be named. */
  has(name: string): boolean {
    return BUILT_IN.has(name) || this.selectByName.get(name) !== undefined;
  }

  isBuiltIn(name: string): boolean {
    return BUILT_IN.has(name);
  }

  named(name: string): CustomGroup | undefined {
    const row = this.selectByName.get(name);
    return row === undefined ? undefined : groupOf(row);
  }

  /** A name wins over an id. */
  find(nameOrId: string): CustomGroup | undefined {
    const row = this.selectByName.get(nameOrId) ?? this.selectById.get(nameOrId);
    return row === undefined ? undefined : groupOf(row);
  }

  /** In the order of their creation. */
  custom(): readonly CustomGroup[] {
    return this.selectAll.all().map(groupOf);
  }
}
