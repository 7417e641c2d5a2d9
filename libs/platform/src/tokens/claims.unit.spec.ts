import fc from 'fast-check';
import {
  cairnIdentityReader,
  type Claims,
  claimsGranting,
  DEFAULT_CLAIM_TABLE,
  externalIdentityReader,
  type ExternalSource,
  RolesUnclaimable,
} from './claims.js';
import { localName } from './user-name.js';

const ISSUER = 'https://idp.example/realm';
const source: ExternalSource = { issuer: ISSUER, table: DEFAULT_CLAIM_TABLE, namesAreLocal: false, users: {} };
const READERS = { cairn: cairnIdentityReader(), external: externalIdentityReader(source) };
type Signer = keyof typeof READERS;
const identity = (claims: Claims, signer: Signer = 'external') =>
  READERS[signer]({ sub: 'subject', preferred_username: 'pingu', iat: 7, ...claims });
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

describe('user name of a token that Cairn signed', () => {
  it.each<[string, Claims, string | undefined]>([
    ['preferred_username first', { sub: 's', preferred_username: 'a', username: 'b' }, 'a'],
    ['then username', { sub: 's', username: 'b' }, 'b'],
    ['fixed for the system role', { sub: 's', preferred_username: 'a', ...systemAccess }, 'iceprod-system'],
    ['fixed for a system without a name', { sub: 's', ...systemAccess }, 'iceprod-system'],
    ['in its composed spelling', { sub: 's', username: 'Andre\u0301' }, 'Andr\u00e9'],
    ['an address of mail', { sub: 's', username: 'a@b.example' }, 'a@b.example'],
    ['none without a subject', { preferred_username: 'a' }, undefined],
    ['none without a name', { sub: 's' }, undefined],
    ['none that is empty', { sub: 's', preferred_username: '' }, undefined],
    ['none that is no text', { sub: 's', preferred_username: 7 }, undefined],
    ['none that the role alone gives', { sub: 's', preferred_username: 'iceprod-system' }, undefined],
    ['a person of an external issuer', { sub: 's', preferred_username: `5d1f@${ISSUER}` }, `5d1f@${ISSUER}`],
    ['none that is like one', { sub: 's', preferred_username: `5d 1f@${ISSUER}` }, undefined],
    ['none with a line end', { sub: 's', preferred_username: 'admin\n' }, undefined],
    ['none with an invisible character', { sub: 's', preferred_username: 'ad\u200bmin' }, undefined],
    ['none with a reversed direction', { sub: 's', preferred_username: '\u202enimda' }, undefined],
    ['none with half a surrogate', { sub: 's', preferred_username: 'a\ud800' }, undefined],
    ['none with a blank at its end', { sub: 's', preferred_username: 'admin ' }, undefined],
    ['none of 256 characters', { sub: 's', preferred_username: 'x'.repeat(256) }, undefined],
  ])('%s', (_name, claims, username) => {
    expect(READERS.cairn(claims)?.username).toBe(username);
  });

  it('of a system keeps the account that the token was issued to', () => {
    const granted = { sub: 's', preferred_username: 'grid', iat: 1.5, ...systemAccess };
    expect(READERS.cairn(granted)).toMatchObject({
      subject: 'grid',
      username: 'iceprod-system',
      tokenIssuedAtMs: 1500,
    });
    expect(READERS.cairn({ sub: 'service-1', ...systemAccess })).toMatchObject({ subject: 'service-1' });
  });
});

describe('user name of a person of an external issuer', () => {
  const mapping = externalIdentityReader({ ...source, users: { '5d1f': 'alice' } });
  const trusting = externalIdentityReader({ ...source, namesAreLocal: true });

  it.each<[string, (claims: Claims) => { readonly username: string } | undefined, Claims, string | undefined]>([
    ['subject and issuer', READERS.external, { sub: '5d1f', preferred_username: 'admin' }, `5d1f@${ISSUER}`],
    ['without a name at the issuer', READERS.external, { sub: '5d1f' }, `5d1f@${ISSUER}`],
    ['a mapped subject', mapping, { sub: '5d1f', preferred_username: 'admin' }, 'alice'],
    ['another subject', mapping, { sub: '5d1e', preferred_username: 'alice' }, `5d1e@${ISSUER}`],
    ['a subject that every object has', mapping, { sub: 'constructor' }, `constructor@${ISSUER}`],
    ['a name of a trusted issuer', trusting, { sub: '5d1f', preferred_username: 'pingu' }, 'pingu'],
    ['no name of a trusted issuer', trusting, { sub: '5d1f' }, `5d1f@${ISSUER}`],
    ['the system by name', trusting, { sub: '5d1f', preferred_username: 'iceprod-system' }, undefined],
    ['another person by name', trusting, { sub: '1', preferred_username: `5d1f@${ISSUER}` }, undefined],
    ['the system by role', READERS.external, { sub: '5d1f', ...systemAccess }, 'iceprod-system'],
    ['a subject with other characters', READERS.external, { sub: 'andr\u00e9' }, undefined],
    ['a subject with a blank', READERS.external, { sub: 'a b' }, undefined],
  ])('%s', (_name, read, claims, username) => {
    expect(read(claims)?.username).toBe(username);
  });

  it('goes with the issuer', () => {
    expect(mapping({ sub: '5d1f', iat: 1 })).toMatchObject({ issuer: ISSUER, subject: 'alice' });
    expect(READERS.cairn({ sub: 's', username: 'alice' })).not.toHaveProperty('issuer');
  });

  it('is never that of somebody else', () => {
    const names = fc.string({ minLength: 1, maxLength: 20 });
    const issuers = fc.constantFrom('https://a.example', 'https://a.example/b', 'http://a.example');
    fc.assert(
      fc.property(names, names, issuers, issuers, (one, other, issuer, another) => {
        const external = (sub: string, at: string) =>
          externalIdentityReader({ ...source, issuer: at })({ sub, preferred_username: other })?.username;
        const name = external(one, issuer);
        if (name === undefined) return;
        expect(localName(name)).toBeUndefined();
        // The token that the person gets from Cairn names the same person.
        expect(READERS.cairn({ sub: 's', username: name })?.username).toBe(name);
        const isSame = one === other && issuer === another;
        expect(external(other, another) === name).toBe(isSame);
      }),
    );
  });
});

it('takes another table', () => {
  const table = {
    roles: [{ name: 'user', claim: 'realm.roles', pattern: 'a|b' }],
    groups: [],
    groupsOfRoles: {},
  };
  const reader = externalIdentityReader({ ...source, table });
  const claims = (role: string): Claims => ({ sub: 's', preferred_username: 'p', realm: { roles: [role] } });
  expect(reader(claims('b'))).toMatchObject({ roles: ['user'], groups: [] });
  // The alternatives are bound together before the whole is compared.
  expect(reader(claims('ax'))?.roles).toEqual([]);
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
          const granted = READERS.cairn(claimsGranting({ username: 'alice', roles, groups }));
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
