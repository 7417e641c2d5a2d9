import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose';
import { type HttpClient, type JsonAnswer, jsonAnswer } from '../../../harness/http-client.js';
import { done, ok, refused } from '../answers.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset } from '../fixtures.js';
import { PASSWORDS } from '../../../harness/passwords.js';

const LOGIN_SECONDS = 31_622_400;
const DAY_SECONDS = 86_400;

interface Login {
  readonly token: string;
  readonly username: string;
}

/** `iat` is exact to the millisecond; the other times are whole seconds. */
const issuedAt = ({ iat }: JWTPayload): number => Math.floor(Number(iat));

/** IceProd contract 15. */
export const logins = (cluster: GetTestCluster, stopLdap: () => Promise<void>): void => {
  const logIn = async (username: string, password: string): Promise<JsonAnswer> =>
    cluster().anonymous.post('/ldap', { username, password });
  const loggedIn = async (username: keyof typeof PASSWORDS): Promise<Login> => {
    const answer = await logIn(username, PASSWORDS[username]);
    expect(answer.status).toBe(200);
    return answer.json as Login;
  };
  const exchange = async (token: string | HttpClient, body: object = {}): Promise<JsonAnswer> =>
    (typeof token === 'string' ? cluster().anonymous.as(token) : token).post('/create_token', body);
  const exchanged = async (token: string | HttpClient, body: object = {}): Promise<string> => {
    const answer = await exchange(token, body);
    expect(answer.status).toBe(200);
    return (answer.json as { result: string }).result;
  };
  const withRoles = async (username: keyof typeof PASSWORDS, roles: readonly string[]): Promise<string> => {
    const { token } = await loggedIn(username);
    expect(await cluster().admin.put(`/users/${username}/roles`, { roles })).toEqual(done);
    return token;
  };

  describe('logins', () => {
    it('answer a long-lived token and create a user at the first login', async () => {
      const { system, anonymous } = cluster();
      expect(await system.get('/users/pingu')).toEqual(refused(404, 'User not found'));
      const answer = await logIn('pingu', PASSWORDS.pingu);
      expect(answer).toEqual(
        ok({
          token: expect.any(String) as string,
          username: 'pingu',
          roles: ['user'],
          current_role: 'user',
          groups: ['users'],
        }),
      );
      const { token } = answer.json as Login;
      expect(decodeProtectedHeader(token).alg).toBe('HS512');
      const claims = decodeJwt(token);
      expect(claims).toMatchObject({
        iss: 'IceProd',
        sub: 'pingu',
        type: 'user',
        username: 'pingu',
        preferred_username: 'pingu',
        role: 'user',
        groups: ['users'],
      });
      expect(claims.nbf).toBe(issuedAt(claims));
      expect(Number(claims.exp) - issuedAt(claims)).toBe(LOGIN_SECONDS);
      expect((await system.get('/users/pingu')).json).toMatchObject({ groups: ['users'], roles: ['user'] });
      const id = await newDataset(anonymous.as(token), { group: 'users' });
      expect((await anonymous.as(token).get(`/datasets/${id}`)).json).toMatchObject({ username: 'pingu' });
    });

    it('answer the existing user record', async () => {
      const { admin } = cluster();
      await loggedIn('zed');
      await admin.put('/users/zed/roles', { roles: ['admin'] });
      await admin.put('/users/zed/groups', { groups: ['simprod'] });
      expect((await logIn('zed', PASSWORDS.zed)).json).toMatchObject({
        roles: ['admin'],
        current_role: 'anonymous',
        groups: ['simprod'],
      });
    });

    it('complete a user record that a submission created', async () => {
      const { anonymous, cairn, system } = cluster();
      await newDataset(
        anonymous.as(await cairn.token({ username: 'submitter', roles: ['user'], groups: ['simprod'] })),
      );
      expect((await system.get('/users/submitter')).json).toMatchObject({ groups: [], roles: [] });
      const { user_id: id } = (await system.get('/users/submitter')).json as { user_id: string };
      await loggedIn('submitter');
      expect((await system.get('/users/submitter')).json).toMatchObject({
        user_id: id,
        groups: ['users'],
        roles: ['user'],
      });
    });

    it('accept names and passwords exactly as typed', async () => {
      expect((await loggedIn('odd, name+x')).username).toBe('odd, name+x');
    });

    it.each([
      ['a wrong password', '{"username":"pingu","password":"wrong"}'],
      ['an unknown user', '{"username":"nobody","password":"x"}'],
      ['an empty password, which servers take for nobody', '{"username":"pingu","password":""}'],
      ['an empty name', '{"username":"","password":"x"}'],
      ['a name that leads elsewhere', '{"username":"pingu,ou=people","password":"noot noot"}'],
      ['no password', '{"username":"pingu"}'],
      ['words that are none', '{"username":["pingu"],"password":{}}'],
      ['no body', ''],
      ['a body that is no JSON', '{"username":'],
      ['a list', '["pingu","noot noot"]'],
    ])('fail with %s', async (_name, body) => {
      expect(jsonAnswer(await cluster().anonymous.send('POST', '/ldap', { body }))).toEqual(
        refused(403, 'Login failed'),
      );
    });

    it('are refused without a look after too many wrong passwords, to the one who guesses only', async () => {
      const from = async (address: string, username: string, password: string): Promise<JsonAnswer> => {
        const headers = { 'x-forwarded-for': address };
        const body = JSON.stringify({ username, password });
        return jsonAnswer(await cluster().anonymous.send('POST', '/ldap', { body, headers }));
      };
      const right = async (username: keyof typeof PASSWORDS, address: string): Promise<number> =>
        (await from(address, username, PASSWORDS[username])).status;
      for (let guess = 0; guess < 10; guess += 1) await from('2001:db8::1', 'guessed', `guess ${guess}`);
      // All of a network of IPv6 count as one.
      expect(await from('2001:db8::2:2', 'guessed', PASSWORDS.guessed)).toEqual(refused(403, 'Login failed'));
      expect(await right('pingu', '2001:db8::2:2')).toBe(200);
      expect(await right('guessed', '2001:db8:0:1::1')).toBe(200);
      // What tries many names is refused for all of them, but not who shares its address and logged in before.
      for (let guess = 0; guess < 50; guess += 1) await from('2001:db8::3', `name ${guess}`, 'guess');
      expect(await right('zed', '2001:db8::3')).toBe(403);
      expect(await right('pingu', '2001:db8::3')).toBe(200);
      expect(await right('zed', '192.0.2.1')).toBe(200);
    });

    it('are not replayed to others by an Idempotency-Key', async () => {
      const { anonymous } = cluster();
      const send = async (username: keyof typeof PASSWORDS): Promise<unknown> => {
        const body = JSON.stringify({ username, password: PASSWORDS[username] });
        return jsonAnswer(await anonymous.send('POST', '/ldap', { body, headers: { 'idempotency-key': 'same' } })).json;
      };
      expect(await send('pingu')).toMatchObject({ username: 'pingu' });
      expect(await send('submitter')).toMatchObject({ username: 'submitter' });
    });
  });

  describe('token exchange', () => {
    it('issues temporary tokens by default', async () => {
      const token = await withRoles('pingu', ['user']);
      const claims = decodeJwt(await exchanged(token));
      expect(claims).toMatchObject({ sub: 'pingu', type: 'temp', role: 'user', groups: ['users'] });
      expect(Number(claims.exp) - issuedAt(claims)).toBe(DAY_SECONDS);
      const short = await exchanged(token, { exp: 60 });
      expect(Number(decodeJwt(short).exp) - issuedAt(decodeJwt(short))).toBe(60);
      expect((await cluster().anonymous.as(short).get('/datasets?keys=dataset')).status).toBe(200);
      expect(await exchange(short)).toEqual(refused(400, 'invalid token type'));
    });

    it('lets administrators choose type and role, and never widens them in later exchanges', async () => {
      const { anonymous, cairn, system } = cluster();
      const user = await withRoles('submitter', ['admin', 'user']);
      // Contract 15 would grant this by the record alone. Cairn grants nothing that the presented token lacks.
      expect(await exchange(user, { type: 'user', role: 'admin' })).toEqual(refused(400, 'invalid role request'));
      expect(decodeJwt(await exchanged(user, { type: 'user', role: 'user' }))).toMatchObject({ role: 'user' });
      const presented = await cairn.token({ username: 'submitter', roles: ['admin', 'user'] });
      const admin = await exchanged(presented, { type: 'user', role: 'admin', exp: 1000 });
      expect(decodeJwt(admin)).toMatchObject({ type: 'user', role: 'admin', groups: ['users'] });
      expect((await anonymous.as(admin).get('/roles')).status).toBe(200);
      expect(decodeJwt(await exchanged(admin, { type: 'temp' }))).toMatchObject({
        role: 'admin',
        exp: decodeJwt(admin).exp,
      });
      const grid = await exchanged(admin, { type: 'system', role: 'system' });
      expect(decodeJwt(grid)).toMatchObject({ type: 'system', role: 'system', groups: [] });
      expect((await anonymous.as(grid).get('/users')).status).toBe(200);
      expect(await exchange(grid, { type: 'system', role: 'pilot' })).toEqual(refused(403, 'authorization failed'));
      const client = await exchanged(admin, { type: 'system', role: 'client' });
      expect((await anonymous.as(client).get('/users')).status).toBe(200);
      const pilot = await exchanged(client, { type: 'system', role: 'pilot' });
      expect((await anonymous.as(pilot).get('/users')).status).toBe(403);
      expect(await exchange(pilot, {})).toEqual(refused(403, 'authorization failed'));
      expect(await exchange(client, { type: 'system', role: 'system' })).toEqual(refused(400, 'invalid role request'));
      expect(await exchange(admin, { type: 'system', role: 'pilot' })).toEqual(refused(400, 'invalid role request'));
      expect(await exchange(admin, { type: 'system' })).toEqual(refused(400, 'invalid role request'));
      expect(await exchange(admin, { type: 'user', role: 'system' })).toEqual(refused(400, 'invalid role request'));
      expect(await exchange(admin, { type: 'forever' })).toEqual(refused(400, 'invalid token type request'));
      expect((await system.get('/users/submitter')).json).toMatchObject({ roles: ['admin', 'user'] });
    });

    it('refuses plain users other types and roles, and never outlives the presented token', async () => {
      const { anonymous } = cluster();
      const token = await withRoles('pingu', ['user']);
      expect(await exchange(token, { type: 'user', role: 'admin' })).toEqual(
        refused(400, 'invalid token type request'),
      );
      expect(await exchange(token, { type: 'system', role: 'client' })).toEqual(
        refused(400, 'invalid token type request'),
      );
      expect(await exchange(token, { type: 7 })).toEqual(refused(400, 'invalid token type request'));
      expect(await exchange(token, { role: 'admin' })).toEqual(refused(400, 'invalid role request'));
      for (const exp of [-1, 1.5, '60', true, [], LOGIN_SECONDS + 100, 1e300]) {
        expect(await exchange(token, { exp })).toEqual(refused(400, 'invalid expiration'));
      }
      expect((await exchange(token, [])).status).toBe(400);
      expect(await exchange(anonymous)).toEqual(refused(403, 'authentication failed'));
    });

    it('refuses tokens that were issued before the user lost a role or was removed', async () => {
      const { admin, system } = cluster();
      const before = await withRoles('pingu', ['user']);
      await withRoles('pingu', []);
      expect(await exchange(before)).toEqual(refused(403, 'authentication failed'));
      const roleless = (await loggedIn('pingu')).token;
      expect(await exchange(roleless)).toEqual(refused(403, 'authorization failed'));
      await admin.put('/users/pingu/roles', { roles: ['user'] });
      const { token } = await loggedIn('pingu');
      await admin.send('DELETE', '/users/pingu', { body: '{}' });
      expect(await exchange(token)).toEqual(refused(403, 'authentication failed'));
      expect(await system.get('/users/pingu')).toEqual(refused(404, 'User not found'));
    });

    it("follows the claims of an issuer's token and creates a user at the first exchange", async () => {
      const { anonymous, cairn, system } = cluster();
      const dora = await cairn.token({ username: 'dora', roles: ['user'], groups: ['simprod'], lifetimeSeconds: 600 });
      expect(await exchange(dora, { type: 'system', role: 'client' })).toEqual(
        refused(400, 'invalid token type request'),
      );
      expect(await system.get('/users/dora')).toEqual(refused(404, 'User not found'));
      const claims = decodeJwt(await exchanged(dora));
      expect(claims).toMatchObject({ sub: 'dora', type: 'temp', role: 'user', exp: decodeJwt(dora).exp });
      expect((await system.get('/users/dora')).json).toMatchObject({ roles: ['user'], groups: ['simprod', 'users'] });
      const both = await cairn.token({ username: 'emil', roles: ['user', 'admin'] });
      const client = await exchanged(both, { type: 'system', role: 'client', exp: 30 });
      expect(decodeJwt(client)).toMatchObject({ sub: 'emil', role: 'client' });
      expect(decodeJwt(await exchanged(both, { type: 'user', role: 'user' }))).toMatchObject({ role: 'user' });
      const grid = anonymous.as(await cairn.token({ username: 'grid', roles: ['system'] }));
      expect(await exchange(grid)).toEqual(refused(403, 'authorization failed'));
    });

    it('repeats the answer of a repeated request only for the same token', async () => {
      const { anonymous, cairn } = cluster();
      const ask = async (token: string): Promise<string> => {
        const headers = { 'idempotency-key': 'again' };
        const { json } = jsonAnswer(await anonymous.as(token).send('POST', '/create_token', { body: '{}', headers }));
        return (json as { result: string }).result;
      };
      const admin = await cairn.token({ username: 'fritz', roles: ['user', 'admin'], lifetimeSeconds: 500 });
      const user = await cairn.token({ username: 'fritz', roles: ['user'], lifetimeSeconds: 400 });
      const first = await ask(admin);
      expect(decodeJwt(first)).toMatchObject({ role: 'admin' });
      expect(await ask(admin)).toBe(first);
      expect(decodeJwt(await ask(user))).toMatchObject({ role: 'user' });
    });

    it('signs with a secret that only its owner can read and that survives a restart', async () => {
      const { anonymous, cairn } = cluster();
      const { token } = await loggedIn('pingu');
      expect((await stat(join(cairn.dataDir, 'keys', 'shared-secret'))).mode & 0o777).toBe(0o600);
      const forged = await new SignJWT({ ...decodeJwt(token), role: 'admin' })
        .setProtectedHeader({ alg: 'HS512' })
        .sign(new TextEncoder().encode('secret'));
      expect(await anonymous.as(forged).get('/roles')).toEqual(refused(403, 'authentication failed'));
      await cairn.restart();
      expect((await anonymous.as(token).get('/datasets?keys=dataset')).status).toBe(200);
      await stopLdap();
      expect(await anonymous.post('/ldap', { username: 'pingu', password: PASSWORDS.pingu })).toEqual(
        refused(403, 'Login failed'),
      );
    });
  });
};
