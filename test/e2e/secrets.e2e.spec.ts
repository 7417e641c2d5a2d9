import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { startTokenIssuer, type TokenIssuer, ISSUER_CLIENT, tokenWith } from '../harness/token-issuer.js';
import { runCommand } from '../harness/cairn-command.js';
import { MODES } from '../harness/cairn-process.js';
import { logInByDevice, REALM, refresh, sendForm } from '../harness/device-login.js';
import { useTestCluster } from '../harness/test-cluster.js';

const SHARED = 'shared-secret-7f3a';
const SEALING = Buffer.from('sealing-key-of-32-bytes-91c2-xyz').toString('base64');
const PASSWORD = 'password-of-pingu-b81e';
const GUESS = 'wrong-password-52dd';
const S3_KEY = 'secret-key-of-s3-0c66';
const OAUTH = tokenWith({ sub: 'oauth-token-aa17' });
const GRANT = 'opaque-refresh-token-3e90';

/** The most verbose level. */
describe.each(MODES)('secrets ($mode)', (mode) => {
  let issuer: TokenIssuer | undefined;
  const cluster = useTestCluster(mode, async () => {
    issuer = await startTokenIssuer();
    return {
      LOG_LEVEL: 'trace',
      AUTH_SHARED_SECRET: SHARED,
      CAIRN_SECRET_KEY: SEALING,
      CREDENTIALS_ISSUER_URL: issuer.url,
      CREDENTIALS_URLS: 'https://osdf.example',
      CREDENTIALS_CLIENT_ID: ISSUER_CLIENT.id,
      CREDENTIALS_CLIENT_SECRET: ISSUER_CLIENT.secret,
      // Nothing listens there; each login logs that.
      LDAP_URL: 'ldap://127.0.0.1:9',
      LDAP_BASE: 'ou=people,dc=example,dc=org',
    };
  });

  afterAll(() => issuer?.stop());

  /** Everything secret that was sent or answered. */
  const secrets = new Set<string>([SHARED, SEALING, PASSWORD, GUESS, S3_KEY, OAUTH, GRANT, ISSUER_CLIENT.secret]);
  const secret = (value: unknown): string => {
    if (typeof value !== 'string') throw new Error(`no secret in ${JSON.stringify(value)}`);
    secrets.add(value);
    return value;
  };

  it('are sent and received in all ways that users and programs have', async () => {
    const { cairn, anonymous, alice, system, admin } = cluster();
    await runCommand(cairn, ['user', 'add', 'pingu'], `${PASSWORD}\n`);
    const clientSecret = secret(await runCommand(cairn, ['client', 'add', 'grid', '--system']));
    const token = secret(await logInByDevice(cairn, 'pingu', PASSWORD));
    await expect(logInByDevice(cairn, 'pingu', GUESS)).rejects.toThrow();
    await expect(logInByDevice(cairn, 'stranger', GUESS)).rejects.toThrow();
    const access = secret((await refresh(cairn, token)).json['access_token']);
    expect((await refresh(cairn, GRANT)).status).toBe(400);
    const client = { grant_type: 'client_credentials', client_id: 'grid' };
    const own = await sendForm(cairn, 'token', { ...client, client_secret: clientSecret });
    expect((await anonymous.as(secret(own.json['access_token'])).get('/users')).status).toBe(200);
    expect((await sendForm(cairn, 'token', { ...client, client_secret: GUESS })).status).toBe(401);
    await anonymous.post('/ldap', { username: 'pingu', password: GUESS });
    await anonymous.post('/ldap', `{"username": "pingu", "password": "${GUESS}`);

    const pingu = anonymous.as(access);
    const minted = (await pingu.post('/create_token', {})).json as { result?: unknown };
    expect((await anonymous.as(secret(minted.result)).get('/datasets?keys=dataset')).status).toBe(200);
    await anonymous.as(`${access}x`).get('/datasets');
    await anonymous.get(`/datasets?access_token=${access}`);
    await anonymous.get(`${REALM}/protocol/openid-connect/userinfo?access_token=${access}`);

    const at = '/users/alice/credentials';
    const s3 = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'a', secret_key: S3_KEY };
    const oauth = { url: 'https://osdf.example', type: 'oauth' };
    expect((await alice.post(at, s3)).status).toBe(200);
    expect((await alice.post(at, { ...s3, secret: S3_KEY })).status).toBe(400);
    expect((await alice.post(at, `{"secret_key": "${S3_KEY}"`)).status).toBe(400);
    expect((await alice.patch(at, { ...s3, secret_key: `${S3_KEY}-new` })).status).toBe(200);
    expect((await alice.post(at, { ...oauth, access_token: OAUTH, expiration: 1 })).status).toBe(200);
    // The issuer's refusal quotes this token.
    expect((await alice.post(at, { ...oauth, refresh_token: GRANT })).status).toBe(400);
    expect((await alice.post(at, { ...oauth, access_token: OAUTH, refresh_token: GRANT, expiration: 1 })).status).toBe(
      200,
    );
    const granted = secret(issuer?.grant('alice'));
    expect((await alice.post(at, { ...oauth, transfer_prefix: 'p', refresh_token: granted })).status).toBe(200);
    const listed = (await alice.get(at)).json as readonly Readonly<Record<string, unknown>>[];
    expect(listed).toHaveLength(3);
    const refreshed = listed.find(({ transfer_prefix: prefix }) => prefix === 'p');
    for (const name of ['access_token', 'refresh_token']) secret(refreshed?.[name]);
    const exchanged = await system.get('/users/alice/exchange?client_id=other');
    for (const { access_token } of exchanged.json as readonly { access_token?: unknown }[]) secret(access_token);
    expect((await admin.post('/users', { username: 'x' })).status).toBe(201);
  });

  it('are in no log line', () => {
    const output = cluster().cairn.output();
    expect(output).toContain('"level":"debug"');
    expect(output).toContain('LDAP server could not check a password');
    expect([...secrets].filter((each) => output.includes(each))).toEqual([]);
  });

  it('are in no file but the keys, which only their owner can read', async () => {
    const { dataDir } = cluster().cairn;
    const names = await readdir(dataDir, { recursive: true });
    const found: string[] = [];
    for (const name of names.filter((each) => !each.startsWith('keys'))) {
      if (!(await stat(join(dataDir, name))).isFile()) continue;
      const bytes = await readFile(join(dataDir, name));
      for (const each of secrets) if (bytes.includes(each)) found.push(`${name}: ${each}`);
    }
    expect(names.length).toBeGreaterThan(10);
    expect(found).toEqual([]);
    for (const name of ['keys', 'key-value-store']) expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o700);
    for (const name of names.filter((each) => each.startsWith('keys/'))) {
      expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
  });
});
