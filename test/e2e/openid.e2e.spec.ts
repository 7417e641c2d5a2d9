import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { type LdapServer, LDAP_BASE, startLdapServer } from '../harness/ldap-server.js';
import { runCommand } from '../harness/cairn-command.js';
import { type Cairn, MODES } from '../harness/cairn-process.js';
import { type HttpClient } from '../harness/http-client.js';
import { refused } from '../compat/iceprod/answers.js';
import { Browser } from '../harness/browser.js';
import { beginDevice, logInByDevice, pollDevice, REALM, refresh, sendForm, wordIn } from '../harness/device-login.js';
import { PASSWORDS } from '../harness/passwords.js';
import { useTestCluster } from '../harness/test-cluster.js';

const USERINFO = `${REALM}/protocol/openid-connect/userinfo`;
const REDIRECT = 'http://web.example.org/login';
const REFRESH_SECONDS = 2_592_000;

type Fields = Readonly<Record<string, string>>;
type Json = Readonly<Record<string, unknown>>;

const basic = (id: string, secret: string): Fields => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

describe.each(MODES)('the OpenID provider ($mode)', (mode) => {
  let ldap: LdapServer | undefined;
  let adminPassword = '';
  let changeIt = '';
  const cluster = useTestCluster(mode, async () => {
    ldap = await startLdapServer(PASSWORDS);
    return { LDAP_URL: ldap.url, LDAP_BASE };
  });
  const cairn = (): Cairn => cluster().cairn;
  const client = (): HttpClient => cluster().anonymous;

  beforeAll(async () => {
    const file = /account admin has the password in (\S+)/.exec(cairn().output())?.[1] ?? '';
    expect(file).toBe(join(cairn().dataDir, 'first-admin-password'));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    adminPassword = (await readFile(file, 'utf8')).trim();
    changeIt = /Change the password with: (.+)/.exec(cairn().output())?.[1] ?? '';
    await runCommand(cairn(), ['user', 'add', 'pingu', '--group', 'simprod', '--group', 'users'], 'noot noot\n');
  });

  afterAll(() => ldap?.stop());

  const claimsOf = async (token: string) => {
    const keys = createRemoteJWKSet(new URL(`${cairn().url}${REALM}/protocol/openid-connect/certs`));
    return jwtVerify(token, keys, { issuer: `${cairn().url}${REALM}`, audience: 'iceprod', typ: 'at+jwt' });
  };
  const withBrowser = async (work: (browser: Browser) => Promise<void>): Promise<void> => {
    const browser = new Browser(cairn());
    try {
      await work(browser);
    } finally {
      browser.close();
    }
  };
  /** Approves a device code in a browser. */
  const approve = async (address: string, username: string, password: string): Promise<void> =>
    withBrowser(async (browser) => {
      expect((await browser.open(address)).headers['content-type']).toMatch(/^text\/html/);
      expect((await browser.submit()).text).toContain('Is this your program?');
      expect((await browser.submit()).text).toContain('Password');
      expect((await browser.submit({ username, password })).text).toContain('You are logged in');
    });

  it('publishes its discovery document', async () => {
    const { status, json } = await client().get(`${REALM}/.well-known/openid-configuration`);
    expect(status).toBe(200);
    const base = `${cairn().url}${REALM}`;
    expect(json).toMatchObject({
      issuer: base,
      token_endpoint: `${base}/protocol/openid-connect/token`,
      jwks_uri: `${base}/protocol/openid-connect/certs`,
      device_authorization_endpoint: `${base}/protocol/openid-connect/auth/device`,
      authorization_endpoint: `${base}/protocol/openid-connect/auth`,
      userinfo_endpoint: `${base}/protocol/openid-connect/userinfo`,
      end_session_endpoint: `${base}/protocol/openid-connect/logout`,
    });
    const { keys } = (await client().get(`${REALM}/protocol/openid-connect/certs`)).json as { keys: Json[] };
    const text = expect.any(String) as string;
    expect(keys).toEqual([{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: text, n: text, e: 'AQAB' }]);
  });

  it("supports the script of IceProd's guide: code, page, two concurrent refreshes, list of datasets", async () => {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const device = await beginDevice(cairn(), { code_challenge: challenge, code_challenge_method: 'S256' });
    expect(device).toMatchObject({ status: 200, json: { interval: 5, expires_in: expect.any(Number) as number } });
    const code = wordIn(device, 'device_code');
    const pending = { status: 400, json: { error: 'authorization_pending' } };
    expect(await pollDevice(cairn(), code, { code_verifier: verifier })).toMatchObject(pending);
    expect(await pollDevice(cairn(), code, { code_verifier: 'another' })).toMatchObject({
      status: 400,
      json: { error: 'invalid_grant' },
    });

    await approve(wordIn(device, 'verification_uri_complete'), 'pingu', 'noot noot');
    const answer = await pollDevice(cairn(), code, { code_verifier: verifier });
    expect(answer).toMatchObject({ status: 200, json: { token_type: 'Bearer', expires_in: 3600 } });
    const saved = wordIn(answer, 'refresh_token');
    expect(saved.split('.')).toHaveLength(1);

    const twice = await Promise.all([refresh(cairn(), saved), refresh(cairn(), saved)]);
    for (const each of twice) {
      expect(each).toMatchObject({ status: 200, json: { refresh_token: saved, refresh_expires_in: REFRESH_SECONDS } });
      const { payload } = await claimsOf(wordIn(each, 'access_token'));
      expect(payload).toMatchObject({
        aud: ['iceprod'],
        azp: 'iceprod-public',
        sub: 'pingu',
        preferred_username: 'pingu',
        scope: 'offline_access',
        groups: ['/institutions/IceCube/Cairn', '/posix/simprod-submit'],
      });
      expect(Number(payload.exp) - Math.floor(Number(payload.iat))).toBe(3600);
      const me = client().as(wordIn(each, 'access_token'));
      expect((await me.get('/datasets?keys=dataset_id')).status).toBe(200);
      expect((await me.get(USERINFO)).json).toMatchObject({ sub: 'pingu', preferred_username: 'pingu' });
      expect(await me.get('/roles')).toEqual(refused(403, 'authorization failed'));
    }
    // A repeated code may have been stolen: all tokens issued for it are revoked.
    const invalid = { status: 400, json: { error: 'invalid_grant' } };
    expect(await pollDevice(cairn(), code, { code_verifier: verifier })).toMatchObject(invalid);
    expect(await refresh(cairn(), saved)).toMatchObject(invalid);
  });

  it('keeps refresh tokens across a restart, and not in clear text', async () => {
    const saved = await logInByDevice(cairn(), 'pingu', 'noot noot');
    const file = join(cairn().dataDir, 'key-value-store', 'auth.sqlite');
    for (const each of [file, `${file}-wal`]) {
      expect((await readFile(each).catch(() => Buffer.alloc(0))).includes(saved)).toBe(false);
    }
    await cairn().restart({ only: [mode.processOf('auth')] });
    expect((await refresh(cairn(), saved)).status).toBe(200);
    expect(cairn().output()).not.toContain('First start');
  });

  it('creates an administrator at the first start whose password can be changed', async () => {
    expect(adminPassword).not.toBe('');
    // What a process prints is kept by whoever collects logs.
    expect(cairn().output()).not.toContain(adminPassword);
    expect(changeIt).toBe(`CAIRN_DATA_DIR=${cairn().dataDir} npx cairn user password admin`);
    const me = client().as(
      wordIn(await refresh(cairn(), await logInByDevice(cairn(), 'admin', adminPassword)), 'access_token'),
    );
    expect((await me.get('/roles')).status).toBe(200);
    await runCommand(cairn(), ['user', 'password', 'admin'], 'another one\n');
    await withBrowser(async (browser) => {
      await browser.open(wordIn(await beginDevice(cairn()), 'verification_uri_complete'));
      await browser.submit();
      await browser.submit();
      const wrong = await browser.submit({ username: 'admin', password: adminPassword });
      expect(wrong).toMatchObject({ status: 403, text: expect.stringContaining('wrong') as string });
      expect((await browser.submit({ username: 'admin', password: 'another one' })).text).toContain(
        'You are logged in',
      );
    });
  });

  it('logs users of the LDAP server in and rate-limits password guessing', async () => {
    const me = client().as(
      wordIn(await refresh(cairn(), await logInByDevice(cairn(), 'zed', PASSWORDS.zed)), 'access_token'),
    );
    expect((await me.get('/datasets?keys=dataset_id')).status).toBe(200);
    expect((await me.get(USERINFO)).json).toMatchObject({ groups: ['/institutions/IceCube/Cairn'] });
    await withBrowser(async (browser) => {
      await browser.open(wordIn(await beginDevice(cairn()), 'verification_uri_complete'));
      await browser.submit();
      await browser.submit();
      for (let guess = 0; guess < 10; guess += 1) {
        expect((await browser.submit({ username: 'zed', password: `guess ${guess}` })).status).toBe(403);
      }
      expect((await browser.submit({ username: 'zed', password: PASSWORDS.zed })).status).toBe(429);
      expect((await browser.submit({ username: 'pingu', password: 'noot noot' })).text).toContain('You are logged in');
    });
  });

  it('lets users refuse a program and accepts no code twice', async () => {
    await withBrowser(async (browser) => {
      const device = await beginDevice(cairn());
      await browser.open(wordIn(device, 'verification_uri_complete'));
      await browser.submit();
      expect((await browser.submit({ abort: 'yes' })).text).toContain('no access');
      const denied = await pollDevice(cairn(), wordIn(device, 'device_code'));
      expect(denied).toMatchObject({ status: 400, json: { error: 'access_denied' } });
      await browser.open(`${REALM}/device?user_code=%22%3E%3Cscript%3E`);
      expect(browser.page?.text).not.toContain('<script>');
      expect((await browser.submit()).text).toContain('This code is not known');
    });
  });

  it('gives services tokens, with the secret in the form or in the header', async () => {
    const secret = await runCommand(cairn(), ['client', 'add', 'grid', '--system']);
    const fields = { grant_type: 'client_credentials', client_id: 'grid', scope: 'offline_access' };
    const answer = await sendForm(cairn(), 'token', { ...fields, client_secret: secret });
    expect(answer.status).toBe(200);
    const { payload } = await claimsOf(wordIn(answer, 'access_token'));
    expect(payload).toMatchObject({ azp: 'grid', resource_access: { iceprod: { roles: ['iceprod-system'] } } });
    expect((await client().as(wordIn(answer, 'access_token')).get('/users')).status).toBe(200);
    expect((await sendForm(cairn(), 'token', fields, basic('grid', secret))).status).toBe(200);

    const workerSecret = await runCommand(cairn(), ['client', 'add', 'farm', '--worker']);
    const farm = { ...fields, client_id: 'farm', client_secret: workerSecret };
    const worker = client().as(wordIn(await sendForm(cairn(), 'token', farm), 'access_token'));
    expect(await worker.get('/users')).toEqual(refused(403, 'authorization failed'));
    expect(await worker.get('/tasks/unknown')).toEqual(refused(403, 'lease not held'));

    const plain = await runCommand(cairn(), ['client', 'add', 'plain']);
    const little = await sendForm(cairn(), 'token', { ...fields, client_id: 'plain', client_secret: plain });
    expect(await client().as(wordIn(little, 'access_token')).get('/users')).toEqual(
      refused(403, 'authorization failed'),
    );

    const wrong = { status: 401, json: { error: 'invalid_client' } };
    expect(await sendForm(cairn(), 'token', { ...fields, client_secret: `${secret}x` })).toMatchObject(wrong);
    const kept = createHash('sha256').update(secret).digest('hex');
    expect(await sendForm(cairn(), 'token', { ...fields, client_secret: kept })).toMatchObject(wrong);
    expect(await sendForm(cairn(), 'token', fields)).toMatchObject(wrong);
    await runCommand(cairn(), ['client', 'remove', 'grid']);
    expect(await sendForm(cairn(), 'token', { ...fields, client_secret: secret })).toMatchObject(wrong);
  });

  /** Grants that end soon, because no code of theirs was exchanged. */
  const countShortGrants = async (): Promise<number> => {
    const store = new SqliteKeyValueStore(join(cairn().dataDir, 'key-value-store', 'auth.sqlite'));
    const grants = await store.list('openid/IceCube/Grant/');
    await store.close();
    return grants.filter(({ expiresAtMs = Infinity }) => expiresAtMs < Date.now() + 3_600_000).length;
  };

  it('logs users in to web pages by code and PKCE, and out', async () => {
    await runCommand(cairn(), ['client', 'add', 'web', '--public', '--redirect-uri', REDIRECT]);
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: 'web',
      response_type: 'code',
      redirect_uri: REDIRECT,
      scope: 'openid profile ',
      state: 'mine',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const path = `${REALM}/protocol/openid-connect/auth`;
    await withBrowser(async (browser) => {
      await browser.open(`${path}?${query.toString()}`);
      await browser.submit({ username: 'pingu', password: 'noot noot' });
      expect(browser.left()?.href.startsWith(`${REDIRECT}?`)).toBe(true);
      expect(browser.left()?.searchParams.get('state')).toBe('mine');
      // What nobody fetches is not stored for long.
      const unused = await countShortGrants();
      expect(unused).toBeGreaterThan(0);
      const code = browser.left()?.searchParams.get('code') ?? '';
      const fields = { grant_type: 'authorization_code', client_id: 'web', code, redirect_uri: REDIRECT };
      const invalid = { status: 400, json: { error: 'invalid_grant' } };
      expect(await sendForm(cairn(), 'token', { ...fields, code_verifier: `${verifier}x` })).toMatchObject(invalid);
      const answer = await sendForm(cairn(), 'token', { ...fields, code_verifier: verifier });
      expect(answer).toMatchObject({ status: 200, json: { expires_in: 3600, refresh_expires_in: REFRESH_SECONDS } });
      expect(await countShortGrants()).toBe(unused - 1);
      const token = wordIn(answer, 'access_token');
      expect((await client().as(token).get('/datasets?keys=dataset_id')).status).toBe(200);
      // panda-client shows its ID token; access tokens are as before.
      const { preferred_username, groups } = decodeJwt(token);
      expect(decodeJwt(wordIn(answer, 'id_token'))).toMatchObject({ name: 'pingu', preferred_username, groups });
      expect(groups).toContain('/posix/simprod-submit');
      expect(decodeJwt(token)).not.toHaveProperty('name');
      // An ID token is signed with the same key but is not accepted as an access token.
      expect(await client().as(wordIn(answer, 'id_token')).get('/datasets')).toEqual(
        refused(403, 'authentication failed'),
      );
      expect((await client().as(wordIn(answer, 'id_token')).get(USERINFO)).status).toBe(401);

      // The session lasts until logout.
      await browser.open(`${path}?${query.toString()}`);
      expect(String(browser.left())).toContain('code=');
      await browser.open(`${REALM}/protocol/openid-connect/logout`);
      expect((await browser.submit({ logout: 'yes' })).text).toContain('You are logged out');
      expect((await browser.open(`${path}?${query.toString()}`)).text).toContain('Password');
      query.set('redirect_uri', 'http://elsewhere.example.org/');
      expect((await browser.open(`${path}?${query.toString()}`)).status).toBe(400);
      query.set('redirect_uri', REDIRECT);
      query.delete('code_challenge');
      await browser.open(`${path}?${query.toString()}`);
      expect(browser.left()?.searchParams.get('error')).toBe('invalid_request');
    });
  });

  it('refuses unknown clients, grants and tokens', async () => {
    expect(await beginDevice(cairn(), { client_id: 'nobody' })).toMatchObject({
      status: 401,
      json: { error: 'invalid_client' },
    });
    const invalid = { status: 400, json: { error: 'invalid_grant' } };
    expect(await pollDevice(cairn(), 'no such code')).toMatchObject(invalid);
    expect(await refresh(cairn(), 'no such token')).toMatchObject(invalid);
    const saved = await logInByDevice(cairn(), 'pingu', 'noot noot');
    expect(await refresh(cairn(), saved, { client_id: 'web' })).toMatchObject(invalid);
    expect(await refresh(cairn(), saved, { scope: 'profile' })).toMatchObject({
      status: 400,
      json: { error: 'invalid_scope' },
    });
    expect((await refresh(cairn(), saved, { scope: ' offline_access ' })).status).toBe(200);
    expect((await sendForm(cairn(), 'token', { grant_type: 'password', client_id: 'iceprod-public' })).status).toBe(
      400,
    );
    expect((await client().get(USERINFO)).status).toBe(401);
    expect(await client().post(`${REALM}/protocol/openid-connect/certs`)).toEqual(refused(405, 'Method Not Allowed'));
    const wrongHost = await client().send('GET', `${REALM}/.well-known/openid-configuration`, {
      headers: { host: 'evil.example' },
    });
    expect(wrongHost.status).toBe(400);
    expect((await client().send('GET', `${REALM}/interaction/none`)).status).toBe(400);
    // Deleting a user revokes the user's tokens.
    const root = client().as(await cairn().token({ username: 'root', roles: ['admin'] }));
    await root.send('DELETE', '/users/pingu', { body: '{}' });
    expect(await refresh(cairn(), saved)).toMatchObject(invalid);
  });

  it('puts no password or token into events or output', () => {
    expect(cairn().output()).not.toContain('noot noot');
  });
});
