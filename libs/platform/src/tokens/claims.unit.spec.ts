import fc from 'fast-check';
import { type Claims, claimsGranting, identityReader, RolesUnclaimable, type Trust } from './claims.js';

const read = identityReader();
const identity = (claims: Claims, trust: Trust = 'external') =>
  read({ sub: 'subject', preferred_username: 'pingu', ...claims }, trust);
const systemAccess = { resource_access: { iceprod: { roles: ['iceprod-system'] } } };

describe('roles from claims', () => {
  it.each<[string, Claims, readonly string[]]>([
    ['admin', { groups: ['/tokens/IceProdAdmins'] }, ['admin']],
    ['user', { groups: ['/other', '/institutions/IceCube/UW-Madison/members'] }, ['user']],
    ['user, claim being the literal pattern', { groups: ['/institutions/IceCube.*'] }, ['user']],
    ['user, claim being no list', { groups: '/institutions/IceCube' }, ['user']],
    ['system', systemAccess, ['system']],
    [
      'all, in table order',
      { ...systemAccess, groups: ['/institutions/IceCube', '/tokens/IceProdAdmins'] },
      ['admin', 'user', 'system'],
    ],
    ['none for a longer value', { groups: ['/tokens/IceProdAdmins2', 'x/institutions/IceCube'] }, []],
    ['none for another client', { resource_access: { other: { roles: ['iceprod-system'] } } }, []],
    ['none when the path leads through a text', { resource_access: 'iceprod.roles' }, []],
    ['none for what is inherited', { groups: [{ toString: () => '/tokens/IceProdAdmins' }, 7, null] }, []],
    ['none without claims', {}, []],
  ])('%s', (_name, claims, roles) => {
    expect(identity(claims)?.roles).toEqual(roles);
  });
});

describe('groups from claims', () => {
  it.each<[string, Claims, readonly string[]]>([
    ['admin', { groups: ['/tokens/IceProdAdmins'] }, ['admin']],
    ['simprod', { groups: ['/posix/simprod-submit'] }, ['simprod']],
    ['filtering', { groups: ['/posix/i3filter'] }, ['filtering']],
    ['users', { groups: ['/institutions/IceCube.*'] }, ['users']],
    ['simprod and users', { groups: ['/institutions/IceCube/UW', '/posix/simprod-submit'] }, ['simprod', 'users']],
    ['none for the system role', systemAccess, []],
    ['none named bare by an external issuer', { groups: ['admin', 'simprod'] }, []],
  ])('%s', (_name, claims, groups) => {
    expect(identity(claims)?.groups).toEqual(groups);
  });
});

describe('bare role and groups of tokens that Cairn signed', () => {
  it.each<[string, readonly string[]]>([
    ['admin', ['admin']],
    ['user', ['user']],
    ['system', ['system']],
    ['client', ['system', 'client']],
    ['pilot', ['pilot']],
    ['anonymous', []],
  ])('%s', (role, roles) => {
    expect(identity({ role, groups: ['simprod'] }, 'cairn')?.roles).toEqual(roles);
    expect(identity({ role, groups: ['simprod'] }, 'external')?.roles).toEqual([]);
  });

  it('are taken together with what the table grants', () => {
    expect(identity({ role: 'user', groups: ['filtering', '/posix/simprod-submit'] }, 'cairn')?.groups).toEqual(
      expect.arrayContaining(['filtering', 'simprod', 'users']),
    );
  });

  it('put a user into the group users', () => {
    expect(identity({ role: 'user' }, 'cairn')?.groups).toEqual(['users']);
  });
});

describe('user name', () => {
  it.each<[string, Claims, Trust, string | undefined]>([
    ['preferred_username first', { sub: 's', preferred_username: 'a', username: 'b' }, 'cairn', 'a'],
    ['then username of a token that Cairn signed', { sub: 's', username: 'b' }, 'cairn', 'b'],
    ['not username of another issuer', { sub: 's', username: 'b' }, 'external', undefined],
    ['fixed for the system role', { sub: 's', preferred_username: 'a', ...systemAccess }, 'external', 'iceprod-system'],
    ['none without a subject', { preferred_username: 'a' }, 'external', undefined],
    ['none that is empty', { sub: 's', preferred_username: '' }, 'external', undefined],
    ['none that is no text', { sub: 's', preferred_username: 7 }, 'external', undefined],
  ])('%s', (_name, claims, trust, username) => {
    expect(read(claims, trust)?.username).toBe(username);
  });
});

it('takes another table', () => {
  const reader = identityReader({
    roles: [{ name: 'user', claim: 'realm.roles', pattern: 'a|b' }],
    groups: [],
    groupsOfRoles: {},
  });
  const claims = (role: string): Claims => ({ sub: 's', preferred_username: 'p', realm: { roles: [role] } });
  expect(reader(claims('b'), 'external')).toEqual({ subject: 's', username: 'p', roles: ['user'], groups: [] });
  // The alternatives are bound together before the whole is compared.
  expect(reader(claims('ax'), 'external')?.roles).toEqual([]);
});

describe('claimsGranting', () => {
  it('makes claims that grant what was asked, and nothing else but what comes with a role', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('admin', 'user', 'system')),
        fc.option(fc.constantFrom('pilot', 'reviewer', 'constructor'), { nil: undefined }),
        fc.uniqueArray(fc.constantFrom('admin', 'users', 'simprod', 'filtering', 'sim/atmo', 'constructor')),
        (tableRoles, bareRole, groups) => {
          const roles = bareRole === undefined ? tableRoles : [...tableRoles, bareRole];
          const granted = read(claimsGranting({ username: 'alice', roles, groups }), 'cairn');
          const implied = [...(roles.includes('user') ? ['users'] : []), ...(roles.includes('admin') ? ['admin'] : [])];
          expect([...(granted?.roles ?? [])].sort()).toEqual([...roles].sort());
          const named = granted?.groups.filter((group) => !group.startsWith('/'));
          expect(named?.sort()).toEqual([...new Set([...groups, ...implied])].sort());
          expect(granted?.username).toBe(roles.includes('system') ? 'iceprod-system' : 'alice');
        },
      ),
    );
  });

  it('refuses two roles that only the one bare claim can carry', () => {
    expect(() => claimsGranting({ username: 'a', roles: ['pilot', 'reviewer'], groups: [] })).toThrow(RolesUnclaimable);
  });
});
