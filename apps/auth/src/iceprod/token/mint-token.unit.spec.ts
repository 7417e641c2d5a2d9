import type { CreateTokenRequest } from '#contracts/iceprod/users.js';
import { mintToken, type Presenter } from './mint-token.js';

const NOW = 1_000_000;
const LIFE = 200_000;

const presenter = (changes: Partial<Presenter> = {}): Presenter => ({
  username: 'pingu',
  role: 'user',
  groups: ['users', 'own', 'admin'],
  type: 'user',
  user: { roles: ['user'], groups: ['users', 'own'] },
  ...changes,
});
const administrator = presenter({ role: 'admin', user: { roles: ['admin', 'user'], groups: ['admin'] } });

const promoted = presenter({ user: { roles: ['admin', 'user'], groups: ['users'] } });

const unknown: Presenter = { username: 'pingu', role: 'user', groups: [], type: 'user' };
const nameless: Presenter = { role: 'user', groups: [], type: 'user' };
const roleless: Presenter = { username: 'pingu', groups: [], type: 'user' };
const typeless: Presenter = { username: 'pingu', groups: [], role: 'user' };

const mint = (asked: Omit<CreateTokenRequest, 'presented'>, who: Presenter = presenter()) =>
  mintToken({ presented: { kind: 'secret', expiresAtSeconds: NOW + LIFE + 0.9 }, ...asked }, who, NOW);

describe('an exchanged token', () => {
  it('says who, what and how long', () => {
    expect(mint({})).toEqual({
      sub: 'pingu',
      username: 'pingu',
      preferred_username: 'pingu',
      type: 'temp',
      role: 'user',
      groups: ['users', 'own'],
      iat: NOW,
      nbf: NOW,
      exp: NOW + 86_400,
    });
  });

  it.each([
    [{ exp: 0 }, NOW],
    [{ exp: 10 }, NOW + 10],
    [{ exp: 100_000 }, NOW + 86_400],
  ])('of the temporary kind lives a day at most: %j', (asked, exp) => {
    expect(mint(asked)).toMatchObject({ type: 'temp', exp });
  });

  it.each([
    [{ type: 'user' }, 'admin', ['admin'], NOW + LIFE],
    [{ type: 'user', role: 'user', exp: LIFE }, 'user', ['admin'], NOW + LIFE],
    [{ type: 'system', role: 'system' }, 'system', [], NOW + LIFE],
    [{ type: 'system', role: 'client', exp: 5 }, 'client', [], NOW + 5],
  ])('of an administrator may be %j', (asked, role, groups, exp) => {
    expect(mint(asked, administrator)).toMatchObject({ type: asked.type, role, groups, exp });
  });

  it('has only groups that both the presented token and the record have', () => {
    expect(mint({}, presenter({ groups: ['own', 'lost'] }))).toMatchObject({ groups: ['own'] });
    expect(mint({ type: 'user' }, { ...administrator, groups: [] })).toMatchObject({ role: 'admin', groups: [] });
  });

  it('of a user who became an administrator later is still the token of a user', () => {
    expect(mint({ type: 'user' }, promoted)).toMatchObject({ type: 'user', role: 'user' });
  });

  it('of a client may be a pilot', () => {
    const client = presenter({ role: 'client', type: 'system' });
    expect(mint({ type: 'system', role: 'pilot' }, client)).toMatchObject({
      type: 'system',
      role: 'pilot',
      groups: [],
    });
  });

  it.each<[string, Omit<CreateTokenRequest, 'presented'>, Presenter, string]>([
    ['without a name', { exp: -1 }, nameless, 'invalid username'],
    ['without a role', { exp: -1 }, roleless, 'invalid role'],
    ['without a type', { exp: -1 }, typeless, 'invalid token type'],
    ['of the temporary kind', { exp: -1 }, presenter({ type: 'temp' }), 'invalid token type'],
    ['of nobody with a record', { exp: -1 }, unknown, 'invalid username'],
    ['for the past', { exp: -1, type: 'x' }, presenter(), 'invalid expiration'],
    ['beyond its own end', { exp: LIFE + 1, type: 'x' }, presenter(), 'invalid expiration'],
    ['for a fraction', { exp: 0.5, type: 'x' }, presenter(), 'invalid expiration'],
    ['for a kind that is none', { type: 'x' }, administrator, 'invalid token type request'],
    ['for another role', { role: 'admin' }, presenter(), 'invalid role request'],
    ['for a role the record lost', {}, presenter({ user: { roles: [], groups: [] } }), 'invalid role request'],
    ['for a user, by no administrator', { type: 'user' }, presenter(), 'invalid token type request'],
    [
      'for an administrator, by a user whose record says so',
      { type: 'user', role: 'admin' },
      promoted,
      'invalid role request',
    ],
    [
      'for a system, by a user whose record says admin',
      { type: 'system', role: 'system' },
      promoted,
      'invalid token type request',
    ],
    [
      'for a user, by a client',
      { type: 'user' },
      { ...promoted, role: 'client', type: 'system' },
      'invalid token type request',
    ],
    ['for a user of another role', { type: 'user', role: 'system' }, administrator, 'invalid role request'],
    ['for a system, by a user', { type: 'system', role: 'pilot' }, presenter(), 'invalid token type request'],
    ['for a system without a role', { type: 'system' }, administrator, 'invalid role request'],
    ['for a pilot, by an administrator', { type: 'system', role: 'pilot' }, administrator, 'invalid role request'],
    ['for a pilot, temporarily, by a client', {}, presenter({ role: 'client' }), 'invalid role request'],
    [
      'for a system, by a name of every object',
      { type: 'system' },
      presenter({ role: 'constructor' }),
      'invalid token type request',
    ],
  ])('is refused to one %s', (_name, asked, who, message) => {
    expect(mint(asked, who)).toMatchObject({ kind: 'invalid', message });
  });
});
