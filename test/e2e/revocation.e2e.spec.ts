import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { ref, streamName } from '#ledger/ref.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { eventually } from '#platform/testing/eventually.js';
import { runCommand } from '../harness/cairn-command.js';
import { type Cairn, MODES } from '../harness/cairn-process.js';
import { Browser } from '../harness/browser.js';
import { HttpClient, jsonAnswer } from '../harness/http-client.js';
import { done, ok, refused } from '../compat/iceprod/answers.js';
import { beginDevice, logInByDevice, REALM, refresh, sendForm, wordIn } from '../harness/device-login.js';
import { useTestCluster } from '../harness/test-cluster.js';

const PASSWORD = 'noot noot';
const FORGOTTEN = refused(403, 'authentication failed');
const ENDED = { status: 400, json: { error: 'invalid_grant' } };
const KEY = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'a', secret_key: 'very secret' };

/** Revocation as operators do it (docs/operations.md). */
describe.each(MODES)('revocation ($mode)', (mode) => {
  const owner = mode.processOf('auth');
  const cluster = useTestCluster(mode, () => ({}));
  const cairn = (): Cairn => cluster().cairn;

  const addAccount = (): Promise<string> => runCommand(cairn(), ['user', 'add', 'pingu'], `${PASSWORD}\n`);
  beforeAll(addAccount);

  const logIn = (): Promise<string> => logInByDevice(cairn(), 'pingu', PASSWORD);
  const remove = async (client: HttpClient, path: string) =>
    jsonAnswer(await client.send('DELETE', path, { body: '{}' }));
  const accessToken = async (refreshToken: string): Promise<string> =>
    String((await refresh(cairn(), refreshToken)).json['access_token']);
  const countCredentials = async (): Promise<number> => {
    const store = new SqliteKeyValueStore(join(cairn().dataDir, 'key-value-store', 'auth.sqlite'));
    const found = await store.list('credential/');
    await store.close();
    return found.length;
  };

  const readWith = (token: string) => cluster().anonymous.as(token).get('/datasets?keys=dataset');

  it('revokes a refresh token for its own client only', async () => {
    const [mine, other] = [await logIn(), await logIn()];
    await runCommand(cairn(), ['client', 'add', 'stranger', '--public']);
    const revoke = (client_id: string) => sendForm(cairn(), 'revoke', { token: mine, client_id });
    await revoke('stranger');
    expect((await refresh(cairn(), mine)).status).toBe(200);
    expect((await revoke('iceprod-public')).status).toBe(200);
    expect(await refresh(cairn(), mine)).toMatchObject(ENDED);
    expect((await refresh(cairn(), other)).status).toBe(200);
    // Unknown and expired tokens count as revoked (RFC 7009).
    expect((await revoke('iceprod-public')).status).toBe(200);
    const { json } = await cluster().anonymous.get(`${REALM}/.well-known/openid-configuration`);
    expect(json).toMatchObject({ revocation_endpoint: `${cairn().url}${REALM}/protocol/openid-connect/revoke` });
  });

  it('revokes all tokens of a user while the server runs', async () => {
    const tokens = [await logIn(), await logIn()];
    const access = await accessToken(tokens[0] ?? '');
    expect((await readWith(access)).status).toBe(200);
    await runCommand(cairn(), ['user', 'logout', 'pingu']);
    for (const token of tokens) expect(await refresh(cairn(), token)).toMatchObject(ENDED);
    await eventually(() => readWith(access), FORGOTTEN);
    expect((await refresh(cairn(), await logIn())).status).toBe(200);
  });

  /** Appends the removal only, as a process does that dies right after appending. */
  const recordRemoval = async (username: string): Promise<void> => {
    const stream = streamName('user', ref('cairn', 'main', username));
    const ledger = await openTestLedger(cairn());
    const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
    const metadata = {
      ...{ actor: 'root', dialect: 'iceprod', correlationId: 'c', causationId: 'c' },
      ...{ timeMicros: Date.now() * 1000, schemaVersion: 1 },
    };
    await ledger.append(stream, last?.revision ?? -1, [
      { id: randomUUID(), type: 'UserDeleted', data: { username }, metadata },
    ]);
    await ledger.close();
  };

  it('revokes the tokens of a user whose removal is only in the ledger', async () => {
    const token = await logIn();
    await recordRemoval('pingu');
    await eventually(async () => (await refresh(cairn(), token)).status, ENDED.status);
    const later = await logIn();
    expect(await refresh(cairn(), token)).toMatchObject(ENDED);
    expect((await refresh(cairn(), later)).status).toBe(200);
  });

  it('removes a user, whose tokens and credentials do not return with the name', async () => {
    const { admin, system } = cluster();
    const token = await logIn();
    expect(await admin.post('/users/pingu/credentials', KEY)).toEqual(done);
    expect(await admin.post('/users/tux/credentials', KEY)).toEqual(done);
    expect(await countCredentials()).toBe(2);
    const { user_id: id } = (await system.get('/users/pingu')).json as { user_id: string };
    expect(await remove(admin, `/users/${id}`)).toEqual(done);
    expect(await refresh(cairn(), token)).toMatchObject(ENDED);
    expect(await countCredentials()).toBe(1);
    // The password is worth nothing any more. A new account has a new record, without the old credentials.
    await expect(logIn()).rejects.toThrow('not logged in');
    await addAccount();
    expect((await refresh(cairn(), await logIn())).status).toBe(200);
    expect(await refresh(cairn(), token)).toMatchObject(ENDED);
    expect(await system.get('/users/pingu/credentials')).toEqual(ok([]));
    // Users without a record may have credentials too.
    expect(await remove(admin, '/users/tux')).toEqual(done);
    expect(await system.get('/users/tux/credentials')).toEqual(ok([]));
    expect(await countCredentials()).toBe(0);
  });

  it('refuses all tokens of a removed user, also after restarts and under the same name again', async () => {
    const { admin, anonymous, system } = cluster();
    const access = await accessToken(await logIn());
    const signed = await cairn().token({ username: 'pingu', roles: ['user', 'admin'] });
    const temporary = (await anonymous.as(access).post('/create_token', {})).json as { result: string };
    const tokens = [access, signed, temporary.result];
    for (const token of tokens) expect((await readWith(token)).status).toBe(200);
    expect(await remove(admin, '/users/pingu')).toEqual(done);
    for (const token of tokens) {
      // The service refuses what the gateway might not know of yet.
      expect(await anonymous.as(token).post('/create_token', {})).toMatchObject({ status: 403 });
      await eventually(() => readWith(token), FORGOTTEN);
      expect(await anonymous.as(token).post('/datasets', {})).toEqual(FORGOTTEN);
    }
    expect(await system.get('/users/pingu')).toEqual(refused(404, 'User not found'));
    // A gateway that starts later, and then a rebuilt service, know it as well.
    await cairn().restart();
    for (const token of tokens) expect(await readWith(token)).toEqual(FORGOTTEN);
    expect(await admin.put('/users/pingu')).toEqual(done);
    expect((await admin.get('/users/pingu')).json).toMatchObject({ roles: [], groups: [] });
    await addAccount();
    expect(await admin.put('/users/pingu/roles', { roles: ['user'] })).toEqual(done);
    const later = await accessToken(await logIn());
    expect((await readWith(later)).status).toBe(200);
    for (const token of tokens) expect(await readWith(token)).toEqual(FORGOTTEN);
  });

  it('refuses tokens of a removed user who never had a record', async () => {
    const { admin } = cluster();
    const token = await cairn().token({ username: 'visitor', roles: ['user'] });
    expect((await readWith(token)).status).toBe(200);
    expect(await remove(admin, '/users/visitor')).toEqual(done);
    await eventually(() => readWith(token), FORGOTTEN);
  });

  it('refuses tokens of a service whose account was removed, and no others', async () => {
    const { admin, system } = cluster();
    const token = await cairn().token({ username: 'old-grid', roles: ['system'] });
    expect((await readWith(token)).status).toBe(200);
    expect(await remove(admin, '/users/old-grid')).toEqual(done);
    await eventually(() => readWith(token), FORGOTTEN);
    expect((await system.get('/users')).status).toBe(200);
  });

  it('refuses tokens with roles and groups that a user has lost', async () => {
    const { admin } = cluster();
    const refreshToken = await logIn();
    await admin.put('/users/pingu/roles', { roles: ['user', 'admin'] });
    await admin.put('/users/pingu/groups', { groups: ['users', 'simprod'] });
    const strong = await accessToken(refreshToken);
    expect((await cluster().anonymous.as(strong).get('/roles')).status).toBe(200);
    await admin.put('/users/pingu/roles', { roles: ['user'] });
    await eventually(() => readWith(strong), FORGOTTEN);
    const grouped = await accessToken(refreshToken);
    expect(decodeJwt(grouped)['groups']).toContain('/posix/simprod-submit');
    // What a user gains revokes nothing.
    await admin.put('/users/pingu/groups', { groups: ['users', 'simprod', 'filtering'] });
    expect((await readWith(grouped)).status).toBe(200);
    await admin.put('/users/pingu/groups', { groups: ['users'] });
    await eventually(() => readWith(grouped), FORGOTTEN);
    const now = await accessToken(refreshToken);
    expect(decodeJwt(now)['groups']).not.toContain('/posix/simprod-submit');
    expect((await readWith(now)).status).toBe(200);
  });

  it('revokes the tokens of a removed client', async () => {
    const secret = await runCommand(cairn(), ['client', 'add', 'old-farm', '--system']);
    const form = { grant_type: 'client_credentials', client_id: 'old-farm', client_secret: secret };
    const service = String((await sendForm(cairn(), 'token', form)).json['access_token']);
    expect((await readWith(service)).status).toBe(200);
    await runCommand(cairn(), ['client', 'remove', 'old-farm']);
    await eventually(() => readWith(service), FORGOTTEN);
  });

  it('removes a group with its credentials', async () => {
    const { admin, system } = cluster();
    await admin.put('/groups/sim/atmo');
    expect(await admin.post('/groups/sim/atmo/credentials', KEY)).toEqual(done);
    expect(await admin.post('/groups/users/credentials', KEY)).toEqual(done);
    const { group_id: id } = (await system.get('/groups/sim/atmo')).json as { group_id: string };
    expect(await remove(admin, `/groups/${id}`)).toEqual(done);
    await admin.put('/groups/sim/atmo');
    expect(await system.get('/groups/sim/atmo/credentials')).toEqual(ok([]));
    // A built-in group cannot be removed.
    expect((await remove(admin, '/groups/users')).status).toBe(400);
    expect((await system.get('/groups/users/credentials')).json).toHaveLength(1);
    expect(await countCredentials()).toBe(1);
  });

  if (mode.isDistributed) {
    it('refuses tokens at every gateway, and counts wrong passwords at all of them together', async () => {
      const { admin, anonymous } = cluster();
      const other = { url: await cairn().addGateway() };
      const atOther = new HttpClient(other, undefined);
      const access = await accessToken(await logIn());
      const { result } = (await anonymous.as(access).post('/create_token', {})).json as { result: string };
      const tokens = [access, result, await cairn().token({ username: 'pingu', roles: ['user'] })];
      const readAtOther = (token: string) => atOther.as(token).get('/datasets?keys=dataset');
      for (const token of tokens) expect((await readAtOther(token)).status).toBe(200);
      expect(await remove(admin, '/users/pingu')).toEqual(done);
      for (const token of tokens) {
        expect((await atOther.as(token).post('/create_token', {})).status).toBe(403);
        await eventually(() => readAtOther(token), FORGOTTEN);
      }
      await addAccount();
      const begin = async (server: { readonly url: string }): Promise<Browser> => {
        const browser = new Browser(server);
        await browser.open(wordIn(await beginDevice(server), 'verification_uri_complete'));
        await browser.submit();
        await browser.submit();
        return browser;
      };
      const browsers = [await begin(cairn()), await begin(other)];
      const guess = async (password: string) => {
        const answers = await Promise.all(browsers.map((browser) => browser.submit({ username: 'pingu', password })));
        return answers.map(({ status }) => status);
      };
      for (let round = 0; round < 5; round += 1) expect(await guess(`guess ${round}`)).toEqual([403, 403]);
      expect(await guess(PASSWORD)).toEqual([429, 429]);
      for (const browser of browsers) browser.close();
      atOther.close();
      // The count ends with the process.
      await cairn().restart({ only: [owner] });
      expect((await refresh(cairn(), await logIn())).status).toBe(200);
    });
  }

  it('removes an account with its tokens', async () => {
    const token = await logIn();
    await runCommand(cairn(), ['user', 'remove', 'pingu']);
    expect(await refresh(cairn(), token)).toMatchObject(ENDED);
    await expect(logIn()).rejects.toThrow('not logged in');
    await addAccount();
  });

  it('rotates the signing key, first for new tokens and then for all', async () => {
    const { anonymous } = cluster();
    const token = await logIn();
    const before = await accessToken(token);
    const works = async (access: string): Promise<number> =>
      (await anonymous.as(access).get('/datasets?keys=dataset')).status;
    expect(await works(before)).toBe(200);
    const kid = await runCommand(cairn(), ['key', 'rotate']);
    await cairn().restart({ only: [owner] });
    const after = await accessToken(token);
    expect(decodeProtectedHeader(after).kid).toBe(kid);
    expect(decodeProtectedHeader(before).kid).not.toBe(kid);
    expect([await works(before), await works(after)]).toEqual([200, 200]);
    const published = (await anonymous.get(`${REALM}/protocol/openid-connect/certs`)).json as { keys: object[] };
    expect(published.keys).toHaveLength(2);

    const old = `signing-key-${decodeProtectedHeader(before).kid ?? ''}.pem`;
    await rm(join(cairn().dataDir, 'keys', old));
    await cairn().restart();
    const again = anonymous.as(before);
    expect(await again.get('/datasets?keys=dataset')).toEqual(refused(403, 'authentication failed'));
    expect(await works(await accessToken(token))).toBe(200);
  });
});
