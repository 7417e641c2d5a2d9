import type { Vo } from '#contracts/panda/configuration.js';
import type { Principal } from '#contracts/panda/principal.js';
import { compactName } from './compact-name.js';

/** What is configured of VOs, as far as roles follow from it. */
export type RolesOfVo = Pick<Vo, 'production_groups' | 'pilot_groups'>;

/** Roles of VOs that are not configured (PanDA contract 2.4). */
const DEFAULT_ROLES: RolesOfVo = { production_groups: ['production'], pilot_groups: ['production', 'pilot'] };

export interface RoleRules {
  readonly roles: (vo: string) => RolesOfVo | undefined;
  /** Texts of distinguished names whose holders have the production role. */
  readonly productionDns: readonly string[];
}

/** `/vo/Role=role`, whatever follows. */
const VO_ROLE = /^\/([^/]+)\/Role=([^/]+)/;
const USATLAS = '/atlas/usatlas/Role=production';
/** `/vo/group/Role=production` is no production role, but that of a working group. */
const GROUP_ROLE = /^\/[^/]+\/([^/]+)\/Role=production/;
const ATLAS_GROUP_ROLE = /^\/atlas\/([^/]+)\/Role=production/;

const withoutProxies = (dn: string): string =>
  dn.replaceAll('/CN=limited proxy', '').replace(/(?:\/CN=proxy)+/g, '/CN=proxy');

/** The working groups whose production role is held; `usatlas` counts as all of ATLAS. */
const groupsIn = (fqans: readonly string[], expression: RegExp): readonly string[] =>
  fqans.map((fqan) => expression.exec(fqan)?.[1] ?? '').filter((group) => group !== '' && group !== 'usatlas');

/** Makes a principal of an identity (PanDA contract 2.2, 2.4). */
export const principalOf = (dn: string, fqans: readonly string[], { roles, productionDns }: RoleRules): Principal => {
  const held = fqans.flatMap((fqan) => {
    const [, vo, role] = VO_ROLE.exec(fqan) ?? [];
    return vo === undefined || role === undefined ? [] : [{ role, rules: roles(vo) ?? DEFAULT_ROLES }];
  });
  const bare = withoutProxies(dn);
  const isProduction =
    productionDns.some((text) => bare.includes(text)) ||
    fqans.some((fqan) => fqan.startsWith(USATLAS)) ||
    held.some(({ role, rules }) => rules.production_groups.includes(role));
  return {
    dn,
    name: compactName(dn),
    fqans,
    isProduction,
    isPilot: isProduction || held.some(({ role, rules }) => rules.pilot_groups.includes(role)),
    workingGroups: groupsIn(fqans, ATLAS_GROUP_ROLE).flatMap((group) => [group, `gr_${group}`]),
    primaryWorkingGroup: groupsIn(fqans, GROUP_ROLE).at(-1)?.split('-').at(-1)?.toLowerCase() ?? null,
  };
};
