import type { DatabaseSync } from 'node:sqlite';
import { type DirectoryEvents, ROLES_STREAM } from '#contracts/directory-events.js';
import { BUILT_IN_ROLES } from '#contracts/directory.js';
import type { Projection } from '#event-sourcing/projection.js';

/** Most roles that one answer lists (IceProd contract 1.6). */
const ROLES_MAX = 1000;

export const roleProjection: Projection = {
  name: 'roles',
  version: 1,
  streamPrefixes: [ROLES_STREAM],
  eventTypes: ['RoleDefined', 'RoleDeleted'],
  tables: `CREATE TABLE custom_role (name TEXT PRIMARY KEY, defined INTEGER NOT NULL, extra TEXT NOT NULL) WITHOUT ROWID`,
  indexes: '',
  attach: (database) => {
    // A role that is defined anew keeps its place.
    const define = database.prepare(
      `INSERT INTO custom_role (name, defined, extra) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET extra = excluded.extra`,
    );
    const retire = database.prepare('DELETE FROM custom_role WHERE name = ?');
    return {
      apply: ({ stream, type, data, revision }) => {
        if (stream !== ROLES_STREAM) return;
        if (type === 'RoleDefined') {
          const { name, extra } = data as DirectoryEvents['RoleDefined'];
          define.run(name, revision, extra);
        } else if (type === 'RoleDeleted') {
          retire.run((data as DirectoryEvents['RoleDeleted']).name);
        }
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

/** Built-in and custom roles, read through one connection: `queries` to answer, `writer` to decide. */
export class Roles {
  private readonly selectOne;
  private readonly selectAll;

  constructor(database: DatabaseSync) {
    this.selectOne = database.prepare('SELECT extra FROM custom_role WHERE name = ?');
    this.selectAll = database.prepare(
      `SELECT name FROM custom_role ORDER BY defined LIMIT ${ROLES_MAX - BUILT_IN_ROLES.length}`,
    );
  }

  /** Whether a role may be named. */
  has(name: string): boolean {
    return BUILT_IN_ROLES.includes(name) || this.selectOne.get(name) !== undefined;
  }

  names(): readonly string[] {
    return [...BUILT_IN_ROLES, ...this.selectAll.all().map(({ name }) => String(name))];
  }

  /** Further members of a role: the text of a JSON object. Undefined for an unknown role. */
  extraOf(name: string): string | undefined {
    if (BUILT_IN_ROLES.includes(name)) return '{}';
    const extra = this.selectOne.get(name)?.['extra'];
    return typeof extra === 'string' ? extra : undefined;
  }
}
