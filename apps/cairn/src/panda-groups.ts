import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Environment } from '#platform/environment.js';
import type { Vo } from '#contracts/panda/configuration.js';
import { ConfigurationTables } from '../../pilots/src/panda/configuration/entry-tables.js';
import { readText } from '../../pilots/src/panda/document/read-text.js';
import { UsageError } from './command-line.js';

/** What tokens must know of a VO. */
type NamedRoles = Pick<Vo, 'name' | 'members' | 'production_groups' | 'pilot_groups' | 'auto_roles'>;

/** VOs of a server that has run, from the read model of the service `pilots`. */
const appliedVos = (dataFolder: string): readonly string[] => {
  const file = join(dataFolder, 'read-models', 'pilots.sqlite');
  if (!existsSync(file)) return [];
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const hasTable = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'panda_configuration'").get();
    return hasTable === undefined ? [] : new ConfigurationTables(database).values('vos');
  } finally {
    database.close();
  }
};

/** VOs of the operator's document, or those that there are without one. */
const documentedVos = (file: string | undefined): readonly string[] => {
  const reading = readText(file === undefined ? '{}' : readFileSync(file, 'utf8'));
  if ('faults' in reading) throw new UsageError(`${file ?? ''} cannot be used: ${reading.faults.join('; ')}`);
  return reading.entries.filter(({ section }) => section === 'vos').map(({ value }) => value);
};

const rolesOf = ({ members, production_groups, pilot_groups, auto_roles }: NamedRoles): readonly string[] => {
  const ofMembers = members.flatMap(({ role }) => role ?? []);
  return [...new Set([...production_groups, ...pilot_groups, ...auto_roles, ...ofMembers])];
};

/** Groups of PanDA's tokens: a VO, `<vo>/<role>`, and what a VO calls its members (PanDA contract 10.2). */
export interface PandaGroups {
  /** Whether a group belongs to a VO, known or not: all others are Cairn's own. */
  isOfVo(group: string): boolean;
  /** @throws UsageError when a VO or its role is unknown */
  check(groups: readonly string[]): void;
}

const withoutSlash = (group: string): string => group.replace(/^\//, '');

export const pandaGroups = ({ CAIRN_DATA_DIR: dataFolder, CAIRN_PANDA_CONFIG: file }: Environment): PandaGroups => {
  const texts = [...documentedVos(file), ...appliedVos(dataFolder)];
  // Written by Cairn itself with all their members.
  const vos = new Map(texts.map((text) => JSON.parse(text) as NamedRoles).map((vo) => [vo.name, vo]));
  const memberGroups = new Set(
    [...vos.values()].flatMap(({ members }) => members.map(({ group }) => withoutSlash(group))),
  );

  const checkOne = (group: string): void => {
    const bare = withoutSlash(group);
    const [name = '', ...rest] = bare.split('/');
    if (memberGroups.has(bare)) return;
    const vo = vos.get(name);
    if (vo === undefined) throw new UsageError(`there is no VO '${name}'; known are ${[...vos.keys()].join(', ')}`);
    const role = rest.join('/');
    const known = rolesOf(vo);
    if (role !== '' && !known.includes(role)) {
      throw new UsageError(`there is no role '${role}' of the VO ${name}; known are ${known.join(', ')}`);
    }
  };

  return {
    isOfVo: (group) => group.includes('/') || vos.has(group) || memberGroups.has(group),
    check: (groups) => {
      for (const group of groups) checkOne(group);
    },
  };
};
