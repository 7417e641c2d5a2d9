import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Environment } from '#platform/environment.js';
import { claimTablesOf } from '#platform/tokens/issuer-settings.js';
import { BUILT_IN_GROUPS, BUILT_IN_ROLES } from '#contracts/directory.js';
import { WORKER_ROLE } from '#contracts/leases.js';
import { Groups } from '#event-sourcing/groups.js';
import { Roles } from '../../auth/src/role/role-projection.js';
import { UsageError } from './command-line.js';

/** Roles that exist only in tokens, not in user records (IceProd contract 2.4 has the last two). */
const TOKEN_ROLES = [WORKER_ROLE, 'pilot', 'client'];

const builtInGroups = BUILT_IN_GROUPS.map(({ name }) => name);

/** Added roles and groups, from the read model of the auth service. */
const addedNames = (dataFolder: string): { readonly roles: readonly string[]; readonly groups: readonly string[] } => {
  const file = join(dataFolder, 'read-models', 'auth.sqlite');
  if (!existsSync(file)) return { roles: [], groups: [] };
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return { roles: new Roles(database).names(), groups: new Groups(database).custom().map(({ name }) => name) };
  } finally {
    database.close();
  }
};

const check = (kind: string, known: ReadonlySet<string>, names: readonly string[]): void => {
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new UsageError(`there is no ${kind} '${unknown}'; known are ${[...known].join(', ')}`);
  }
};

/** Names that may be given to `--role` and `--group`. */
export interface KnownNames {
  /** @throws UsageError when a role is unknown */
  checkRoles(names: readonly string[]): void;
  /** @throws UsageError when a group is unknown */
  checkGroups(names: readonly string[]): void;
}

/** Built-in roles and groups, those added to this Cairn, and those that `OIDC_CLAIMS` grants. */
export const knownNames = ({ CAIRN_DATA_DIR: dataFolder, OIDC_CLAIMS: claims }: Environment): KnownNames => {
  const added = addedNames(dataFolder);
  const granted = (list: 'roles' | 'groups') =>
    claimTablesOf(claims).flatMap((table) => table[list].map(({ name }) => name));
  const roles = new Set([...BUILT_IN_ROLES, ...TOKEN_ROLES, ...added.roles, ...granted('roles')]);
  const groups = new Set([...builtInGroups, ...added.groups, ...granted('groups')]);
  return {
    checkRoles: (names) => check('role', roles, names),
    checkGroups: (names) => check('group', groups, names),
  };
};
