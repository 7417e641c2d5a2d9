import { createPublicKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { DomainError } from '../domain-error.js';
import { type Claims, claimsGranting, DEFAULT_CLAIM_TABLE, type ExternalSource, type Identity } from './claims.js';
import { withoutSlash } from './issuer-keys.js';
import { type RevocationSource, Revocations } from './revocations.js';
import { eventually } from '../testing/eventually.js';
import { SigningKey } from './signing-key.js';
import { TokenVerifier, type TokenVerifierOptions } from './verifier.js';

const NOW_MS = 1_767_225_600_000;
const NOW = NOW_MS / 1000;
const SECRET = 'secret';

const folder = mkdtempSync(join(tmpdir(), 'cairn-tokens-'));
const key = await SigningKey.open(folder);
afterAll(() => rmSync(folder, { recursive: true }));

const verifier = (options: Partial<TokenVerifierOptions> = {}): TokenVerifier =>
  new TokenVerifier({
    ownKeys: () => Promise.resolve([key.publicJwk]),
    sharedSecret: SECRET,
    nowMs: () => NOW_MS,
    ...options,
  });

const alice = claimsGranting({ username: 'alice', roles: ['user'], groups: ['simprod'] });

const handmade = async (header: object, claims: object, by?: CryptoKey): Promise<string> => {
  const signer = by ?? ((await importJWK(key.privateJwk, 'RS256')) as CryptoKey);
  const data = [
    { alg: 'RS256', kid: key.publicJwk.kid, typ: 'JWT', ...header },
    { ...alice, iss: 'cairn', iat: NOW, exp: NOW + 60, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', signer, Buffer.from(data));
  return `Bearer ${data}.${Buffer.from(signature).toString('base64url')}`;
};

/** Somebody else's key. */
const forger = (async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { privateKey, jwk: await exportJWK(publicKey) };
})();
const forged = async (header: object): Promise<string> => handmade(header, {}, (await forger).privateKey);

/** Signed by HMAC with what everybody knows, in the hope that the key is not asked what it is for. */
const confused = async (alg: string): Promise<string> => {
  const pem = createPublicKey({ key: key.publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const token = await new SignJWT({ ...alice })
    .setProtectedHeader({ alg, kid: key.publicJwk.kid })
    .setIssuer('cairn')
    .setIssuedAt(NOW)
    .setExpirationTime(NOW + 60)
    .sign(new TextEncoder().encode(String(pem)));
  return `Bearer ${token}`;
};

const refusalOf = (outcome: Identity | DomainError): string | undefined =>
  outcome instanceof DomainError ? `${outcome.kind}: ${outcome.message}` : undefined;
const REFUSED = 'unauthenticated: authentication failed';

const ownToken = (claims: Claims = alice, lifetime = 3600, now = NOW): Promise<string> =>
  key.sign(claims, lifetime, now);

describe('own tokens', () => {
  it('are accepted, with the scheme in any case', async () => {
    const token = await ownToken();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect(await verifier().verify(`${scheme} ${token}`)).toEqual({
        subject: 'alice',
        username: 'alice',
        roles: ['user'],
        groups: expect.arrayContaining(['simprod', 'users']) as unknown,
        tokenIssuedAtMs: NOW_MS,
      });
    }
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ['no header', () => Promise.resolve(undefined)],
    ['no token', () => Promise.resolve('Bearer ')],
    ['another scheme', async () => `Basic ${await ownToken()}`],
    ['no JWT', () => Promise.resolve('Bearer abc')],
    ['nonsense in three parts', () => Promise.resolve('Bearer a.b.c')],
    ['an expired token', async () => `Bearer ${await ownToken(alice, 3600, NOW - 3600 - 61)}`],
    ['a token of the future', async () => `Bearer ${await ownToken(alice, 3600, NOW + 61)}`],
    ['a token not yet valid', async () => `Bearer ${await ownToken({ ...alice, nbf: NOW + 61 })}`],
    [
      'a changed token',
      async () =>
        `Bearer ${(await ownToken()).replace(/\.[^.]*\./, (await ownToken({ ...alice, x: 1 })).replace(/^[^.]*(\.[^.]*\.).*$/, '$1'))}`,
    ],
    ['no subject', async () => `Bearer ${await ownToken({ preferred_username: 'alice' })}`],
    ['no user name', async () => `Bearer ${await ownToken({ sub: 'alice' })}`],
    ['no signature', () => Promise.resolve(`Bearer ${unsecured({ ...alice, iss: 'cairn', iat: NOW, exp: NOW + 60 })}`)],
    ['an issuer that nobody configured', () => foreignToken('https://elsewhere.example')],
    ['an end that is no number', () => handmade({}, { exp: String(NOW + 60) })],
    ['a name that is no text', () => handmade({}, { preferred_username: ['alice'] })],
    ['an empty name', () => handmade({}, { preferred_username: '' })],
    ['a subject that is no text', () => handmade({}, { sub: 7 })],
    ['no key id', () => handmade({ kid: undefined }, {})],
    ['a key id that leads elsewhere', () => handmade({ kid: '../signing-key.pem' }, {})],
    ['a key id that every object has', () => handmade({ kid: 'constructor' }, {})],
    ['a key of its own', async () => forged({ jwk: (await forger).jwk })],
    ['a key from elsewhere', () => forged({ jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' })],
    ['an extension that must be understood', () => handmade({ crit: ['b64'], b64: false }, {})],
    ['the public key as secret of HS256', () => confused('HS256')],
    ['the public key as secret of HS512', () => confused('HS512')],
    ['128 KiB', async () => `Bearer ${await ownToken({ ...alice, pad: 'x'.repeat(128 * 1024) })}`],
  ])('%s is refused', async (_name, header) => {
    expect(refusalOf(await verifier().verify(await header()))).toBe(REFUSED);
  });

  it('made by hand are accepted when they are right, with times in fractions', async () => {
    const header = await handmade({}, { iat: NOW - 1.25, nbf: NOW - 1.5, exp: NOW + 10.75 });
    expect(refusalOf(await verifier().verify(header))).toBeUndefined();
  });

  it('need the audience that is configured', async () => {
    const wanted = verifier({ audience: 'iceprod' });
    expect(refusalOf(await wanted.verify(await handmade({}, {})))).toBe(REFUSED);
    expect(refusalOf(await wanted.verify(await handmade({}, { aud: ['iceprods', 'account'] })))).toBe(REFUSED);
    expect(refusalOf(await wanted.verify(await handmade({}, { aud: ['account', 'iceprod'] })))).toBeUndefined();
  });

  it('may be a minute early or late', async () => {
    expect(
      refusalOf(await verifier().verify(`Bearer ${await ownToken(alice, 3600, NOW - 3600 - 59)}`)),
    ).toBeUndefined();
    expect(refusalOf(await verifier().verify(`Bearer ${await ownToken(alice, 3600, NOW + 59)}`))).toBeUndefined();
  });

  it('need the audience when one is configured', async () => {
    const strict = verifier({ audience: 'iceprod' });
    expect(refusalOf(await strict.verify(`Bearer ${await ownToken()}`))).toBe(REFUSED);
    expect(
      refusalOf(await strict.verify(`Bearer ${await ownToken({ ...alice, aud: ['x', 'iceprod'] })}`)),
    ).toBeUndefined();
  });

  it('pass on that their keys cannot be asked for', async () => {
    const unavailable = new DomainError('unavailable', 'bus.timeout', 'server overloaded');
    const deaf = verifier({ ownKeys: () => Promise.reject(unavailable) });
    expect(await deaf.verify(`Bearer ${await ownToken()}`)).toBe(unavailable);
  });

  it('are remembered until they expire', async () => {
    let nowMs = NOW_MS;
    let asked = 0;
    const remembering = verifier({
      nowMs: () => nowMs,
      ownKeys: () => {
        asked += 1;
        return Promise.resolve([key.publicJwk]);
      },
    });
    const header = `Bearer ${await ownToken()}`;
    expect(remembering.known(header)).toBeUndefined();
    const identity = await remembering.verify(header);
    expect(remembering.known(header)).toBe(identity);
    expect(await remembering.verify(header)).toBe(identity);
    expect(asked).toBe(1);
    nowMs += 3_661_000;
    expect(remembering.known(header)).toBeUndefined();
    expect(refusalOf(await remembering.verify(header))).toBe(REFUSED);
  });
});

const unsecured = (claims: object): string =>
  [{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.';

const secretToken = (claims: object, algorithm = 'HS512', secret = SECRET): Promise<string> =>
  new SignJWT({ iss: 'IceProd', iat: NOW + 0.25, exp: NOW + 60.75, ...claims })
    .setProtectedHeader({ alg: algorithm })
    .sign(new TextEncoder().encode(secret));

describe('tokens of the shared secret', () => {
  const claims = { sub: 'p', username: 'pingu', role: 'user', groups: ['simprod'], type: 'user' };
  const outcome = async (token: Promise<string>, by = verifier()): Promise<Identity | DomainError> =>
    by.verify(`Bearer ${await token}`);

  it('are accepted, with bare role and groups and fractional times', async () => {
    expect(await outcome(secretToken(claims))).toEqual({
      subject: 'pingu',
      username: 'pingu',
      roles: ['user'],
      groups: ['users', 'simprod'],
      tokenIssuedAtMs: NOW_MS + 250,
    });
  });

  it.each([
    ['known here', { sharedSecret: SECRET }],
    [
      'known elsewhere',
      {
        sharedSecret: undefined,
        checkSecretToken: (token: string) => Promise.resolve({ ...decodeJwt(token) }),
      },
    ],
  ])('need the audience when one is configured and the secret is %s', async (_where, options) => {
    const strict = verifier({ ...options, audience: 'iceprod' });
    for (const aud of [undefined, 'iceprods', ['account']]) {
      expect(refusalOf(await outcome(secretToken({ ...claims, aud }), strict))).toBe(REFUSED);
    }
    for (const aud of ['iceprod', ['account', 'iceprod']]) {
      expect(refusalOf(await outcome(secretToken({ ...claims, aud }), strict))).toBeUndefined();
    }
    expect(refusalOf(await outcome(secretToken(claims), verifier(options)))).toBeUndefined();
  });

  it('are checked again from time to time where the secret is known', async () => {
    let nowMs = NOW_MS;
    let isKnown = true;
    const asking = verifier({
      nowMs: () => nowMs,
      sharedSecret: undefined,
      checkSecretToken: (token) =>
        isKnown ? Promise.resolve({ ...decodeJwt(token) }) : Promise.reject(new Error('another secret')),
    });
    const token = secretToken({ ...claims, exp: NOW + 3600 });
    expect(refusalOf(await outcome(token, asking))).toBeUndefined();
    isKnown = false;
    expect(refusalOf(await outcome(token, asking))).toBeUndefined();
    nowMs += 300_000;
    expect(refusalOf(await outcome(token, asking))).toBe(REFUSED);
  });

  it.each<[string, () => Promise<string>]>([
    ['another secret', () => secretToken(claims, 'HS512', 'other')],
    ['another issuer', () => secretToken({ ...claims, iss: 'cairn' })],
    ['another algorithm', () => secretToken(claims, 'HS256')],
    ['no end', () => secretToken({ ...claims, exp: undefined })],
    ['no beginning', () => secretToken({ ...claims, iat: undefined })],
    ['the public key as secret', () => secretToken(claims, 'HS512', JSON.stringify(key.publicJwk))],
  ])('%s is refused', async (_name, token) => {
    expect(refusalOf(await outcome(token()))).toBe(REFUSED);
  });

  it('are refused when there is no secret', async () => {
    expect(refusalOf(await outcome(secretToken(claims), verifier({ sharedSecret: undefined })))).toBe(REFUSED);
  });
});

const foreignToken = async (issuer: string, kid = 'k1', signer?: CryptoKey, lifetime = 60): Promise<string> => {
  const privateKey = signer ?? (await generateKeyPair('RS512')).privateKey;
  const token = await new SignJWT({
    sub: '5d1f',
    preferred_username: 'pingu',
    groups: ['/institutions/IceCube/UW', 'admin'],
  })
    .setProtectedHeader({ alg: 'RS512', kid })
    .setIssuer(issuer)
    .setIssuedAt(NOW)
    .setExpirationTime(NOW + lifetime)
    .sign(privateKey);
  return `Bearer ${token}`;
};

const trusted = (url: string, options: Partial<ExternalSource> = {}): ExternalSource => ({
  issuer: withoutSlash(url),
  table: DEFAULT_CLAIM_TABLE,
  namesAreLocal: false,
  users: {},
  ...options,
});

describe('an external issuer', () => {
  let server: Server;
  let url: string;
  let requests: string[];
  let up: boolean;
  /** Answers nothing while it is set. */
  let silent: boolean;
  let keys: JWK[];
  let signer: CryptoKey;

  beforeEach(async () => {
    const pair = await generateKeyPair('RS512', { extractable: true });
    signer = pair.privateKey;
    keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', use: 'sig', alg: 'RS512' }];
    requests = [];
    up = true;
    silent = false;
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      if (silent) return;
      response.statusCode = up ? 200 : 500;
      response.end(
        JSON.stringify(
          request.url === '/realm/certs' ? { keys } : { issuer: `${url}/realm`, jwks_uri: `${url}/realm/certs` },
        ),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Trusts the issuer, on a clock that only the test moves. */
  const watched = () => {
    const clock = { nowMs: NOW_MS };
    const warnings: string[] = [];
    const trusting = verifier({
      issuers: [trusted(`${url}/realm`)],
      nowMs: () => clock.nowMs,
      warn: (_details, message) => warnings.push(message),
    });
    return { trusting, clock, warnings };
  };

  it('has its tokens accepted, its keys fetched once, its bare group names ignored', async () => {
    const trusting = verifier({ issuers: [trusted(`${url}/realm/`)] });
    for (const spelling of [1, 2]) {
      const header = await foreignToken(`${url}/realm`, 'k1', signer);
      expect(await trusting.verify(`${header}${' '.repeat(spelling)}`)).toEqual({
        issuer: `${url}/realm`,
        subject: `5d1f@${url}/realm`,
        username: `5d1f@${url}/realm`,
        roles: ['user'],
        groups: ['users'],
        tokenIssuedAtMs: NOW_MS,
      });
    }
    expect(requests).toEqual(['/realm/.well-known/openid-configuration', '/realm/certs']);
  });

  it('has its claims read by a table of its own, which says nothing of own tokens', async () => {
    const table = {
      roles: [{ name: 'admin', claim: 'groups', pattern: '/institutions/.*' }],
      groups: [{ name: 'filtering', claim: 'groups', pattern: 'admi' }],
      groupsOfRoles: {},
    };
    const trusting = verifier({ issuers: [trusted(`${url}/realm`, { table })] });
    expect(await trusting.verify(await foreignToken(`${url}/realm`, 'k1', signer))).toMatchObject({
      roles: ['admin'],
      groups: [],
    });
    expect(await trusting.verify(`Bearer ${await ownToken()}`)).toMatchObject({ roles: ['user'] });
  });

  it('has tokens of unknown or wrong keys refused', async () => {
    const trusting = verifier({ issuers: [trusted(`${url}/realm`)] });
    expect(refusalOf(await trusting.verify(await foreignToken(`${url}/realm`, 'k2', signer)))).toBe(REFUSED);
    expect(refusalOf(await trusting.verify(await foreignToken(`${url}/realm`, 'k1')))).toBe(REFUSED);
  });

  it('is reported when it fails, and asked again a little later', async () => {
    const { trusting, clock, warnings } = watched();
    const header = await foreignToken(`${url}/realm`, 'k1', signer);
    up = false;
    expect(refusalOf(await trusting.verify(header))).toBe(REFUSED);
    up = true;
    expect(refusalOf(await trusting.verify(header))).toBe(REFUSED);
    expect(requests).toHaveLength(1);
    clock.nowMs += 5_000;
    expect(refusalOf(await trusting.verify(header))).toBeUndefined();
    expect(warnings).toEqual(['Issuer not available']);
  });

  it('may rotate its keys: tokens of a new one are accepted, and those of a withdrawn one refused', async () => {
    const { trusting, clock } = watched();
    const old = await foreignToken(`${url}/realm`, 'k1', signer);
    expect(refusalOf(await trusting.verify(old))).toBeUndefined();
    const next = await generateKeyPair('RS512', { extractable: true });
    keys = [{ ...(await exportJWK(next.publicKey)), kid: 'k2', use: 'sig', alg: 'RS512' }];
    const renewed = await foreignToken(`${url}/realm`, 'k2', next.privateKey);
    clock.nowMs += 5_000;
    expect(refusalOf(await trusting.verify(renewed))).toBeUndefined();
    expect(trusting.known(old)).toBeUndefined();
    expect(refusalOf(await trusting.verify(old))).toBe(REFUSED);
    expect(refusalOf(await trusting.verify(`${old} `))).toBe(REFUSED);
    expect(refusalOf(await trusting.verify(renewed))).toBeUndefined();
    expect(trusting.known(renewed)).toBeDefined();
    // Unknown keys do not have it asked all the time.
    const asked = requests.length;
    for (const kid of ['a', 'b', 'c']) await trusting.verify(await foreignToken(`${url}/realm`, kid, signer));
    expect(requests).toHaveLength(asked);
  });

  it('may withdraw a key: tokens that were verified with it are refused as soon as its keys are due', async () => {
    const { trusting, clock } = watched();
    const header = await foreignToken(`${url}/realm`, 'k1', signer, 3600);
    expect(refusalOf(await trusting.verify(header))).toBeUndefined();
    keys = [];
    clock.nowMs += 299_999;
    expect(trusting.known(header)).toBeDefined();
    clock.nowMs += 1;
    // A request starts the renewal and does not wait for it.
    await eventually(() => Promise.resolve(trusting.known(header)), undefined);
    expect(refusalOf(await trusting.verify(header))).toBe(REFUSED);
  });

  it('may replace a key under the same id', async () => {
    const { trusting, clock } = watched();
    const header = await foreignToken(`${url}/realm`, 'k1', signer, 3600);
    expect(refusalOf(await trusting.verify(header))).toBeUndefined();
    const next = await generateKeyPair('RS512', { extractable: true });
    keys = [{ ...(await exportJWK(next.publicKey)), kid: 'k1', use: 'sig', alg: 'RS512' }];
    clock.nowMs += 300_000;
    await eventually(() => Promise.resolve(trusting.known(header)), undefined);
    expect(refusalOf(await trusting.verify(header))).toBe(REFUSED);
  });

  it('is trusted for a limited time while it cannot be reached', async () => {
    const { trusting, clock, warnings } = watched();
    const header = await foreignToken(`${url}/realm`, 'k1', signer, 36_000);
    expect(refusalOf(await trusting.verify(header))).toBeUndefined();
    up = false;
    clock.nowMs += 3_599_999;
    expect(trusting.known(header)).toBeDefined();
    await eventually(() => Promise.resolve(warnings.length), 1);
    clock.nowMs += 1;
    expect(trusting.known(header)).toBeUndefined();
    expect(refusalOf(await trusting.verify(header))).toBe(REFUSED);
    up = true;
    clock.nowMs += 5_000;
    expect(refusalOf(await trusting.verify(header))).toBeUndefined();
  });

  it('is not waited for when it is down or silent, as long as its keys are known', async () => {
    const { trusting, clock, warnings } = watched();
    const known = await foreignToken(`${url}/realm`, 'k1', signer, 3600);
    expect(refusalOf(await trusting.verify(known))).toBeUndefined();
    up = false;
    clock.nowMs += 600_000;
    expect(refusalOf(await trusting.verify(`${known} `))).toBeUndefined();
    while (warnings.length === 0) await new Promise(setImmediate);
    expect(requests).toHaveLength(3);
    silent = true;
    clock.nowMs += 5_000;
    expect(refusalOf(await trusting.verify(`${known}  `))).toBeUndefined();
    while (requests.length < 4) await new Promise(setImmediate);
  });

  it('is waited for a short while only when nothing is known yet', async () => {
    silent = true;
    const trusting = verifier({ issuers: [trusted(`${url}/realm`)] });
    const headers = [
      await foreignToken(`${url}/realm`, 'k1', signer),
      await foreignToken(`${url}/realm`, 'k2', signer),
    ];
    const outcomes = await Promise.all(headers.map((header) => trusting.verify(header)));
    expect(outcomes.map(refusalOf)).toEqual([REFUSED, REFUSED]);
    expect(requests).toHaveLength(1);
  });
});

describe('revoked tokens', () => {
  const sourceOf = (revocations: Revocations, state = { isCurrent: true }): RevocationSource => ({
    isRevoked: (...token) => revocations.isRevoked(...token),
    isCurrent: () => state.isCurrent,
    refresh: () => Promise.resolve(),
  });
  const foreignIdToken = async (issuedAt: number, claims: Claims = {}): Promise<string> =>
    new SignJWT({ sub: 'alice', iat: issuedAt, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'foreign' })
      .sign((await forger).privateKey);

  it('are not told from others while revocations are not known: then all tokens have to wait', async () => {
    const state = { isCurrent: true };
    const checking = verifier({ revocations: sourceOf(new Revocations(), state) });
    const header = `Bearer ${await ownToken()}`;
    const identity = await checking.verify(header);
    state.isCurrent = false;
    expect(checking.known(header)).toBeUndefined();
    expect(refusalOf(await checking.verify(header))).toBe('unavailable: revoked tokens are not known');
    expect(refusalOf(await checking.verify('Bearer a.b.c'))).toBe(REFUSED);
    state.isCurrent = true;
    expect(await checking.verify(header)).toEqual(identity);
  });

  it('are refused when they were issued until the revocation, however well they are known', async () => {
    const revocations = new Revocations();
    const checking = verifier({ revocations: sourceOf(revocations) });
    const header = `Bearer ${await ownToken()}`;
    const later = `Bearer ${await ownToken(alice, 3600, NOW + 0.002)}`;
    expect(await checking.verify(header)).toBe(checking.known(header));
    expect(checking.known(header)).toMatchObject({ username: 'alice' });
    revocations.add({ subject: 'alice', revokedAtMs: NOW_MS + 1 });
    revocations.add({ subject: 'alice', revokedAtMs: NOW_MS - 1 });
    expect(checking.known(header)).toBeUndefined();
    expect(refusalOf(await checking.verify(header))).toBe(REFUSED);
    expect(await checking.verify(later)).toMatchObject({ username: 'alice' });
    const bob = claimsGranting({ username: 'bob', roles: ['user'], groups: [] });
    expect(await checking.verify(`Bearer ${await ownToken(bob)}`)).toMatchObject({ username: 'bob' });
  });

  it('that others take as those of another issuer hold until then, if the own key has signed them', async () => {
    const revocations = new Revocations();
    const state = { isCurrent: true };
    const checking = verifier({ revocations: sourceOf(revocations, state) });
    const issuedAt = Math.floor(NOW);
    const claims = { iss: 'https://cairn.example.org/auth/realms/cairn', iat: issuedAt };
    const idToken = (await handmade({}, claims)).slice('Bearer '.length);
    const foreign = await foreignIdToken(issuedAt);
    const [own, other] = [await checking.unlessRevoked(idToken), await checking.unlessRevoked(foreign)];
    expect([own(), other()]).toEqual([true, true]);
    revocations.add({ subject: 'bob', revokedAtMs: issuedAt * 1000 });
    expect(own()).toBe(true);
    state.isCurrent = false;
    expect([own(), other()]).toEqual([false, true]);
    state.isCurrent = true;
    revocations.add({ subject: 'alice', revokedAtMs: issuedAt * 1000 });
    expect([own(), other()]).toEqual([false, true]);
    expect((await checking.unlessRevoked(idToken))()).toBe(false);
  });

  it('that others take as those of an external issuer hold until then, too, without own keys', async () => {
    const revocations = new Revocations();
    const issuer = 'https://iam.example.org';
    const checking = verifier({
      ownKeys: () => Promise.reject(new Error('down')),
      issuers: [{ issuer, table: DEFAULT_CLAIM_TABLE, namesAreLocal: false, users: { bob: 'robert' } }],
      revocations: sourceOf(revocations),
    });
    const issuedAt = Math.floor(NOW);
    const tokens = await Promise.all(['alice', 'bob'].map((sub) => foreignIdToken(issuedAt, { sub, iss: issuer })));
    const hold = await Promise.all(tokens.map((token) => checking.unlessRevoked(token)));
    hold.push(await checking.unlessRevoked(await foreignIdToken(issuedAt, { iss: 'https://other.example.org' })));
    for (const subject of ['alice', 'bob']) revocations.add({ subject, revokedAtMs: issuedAt * 1000 });
    expect(hold.map((holds) => holds())).toEqual([true, true, true]);
    for (const subject of [`alice@${issuer}`, 'robert']) revocations.add({ subject, revokedAtMs: issuedAt * 1000 });
    expect(hold.map((holds) => holds())).toEqual([false, false, true]);
  });

  it('of a service are found by the account that they were issued to', async () => {
    const revocations = new Revocations();
    const checking = verifier({ revocations: sourceOf(revocations) });
    const grid = claimsGranting({ username: 'grid', roles: ['system'], groups: [] });
    const header = `Bearer ${await ownToken(grid)}`;
    expect(await checking.verify(header)).toMatchObject({ username: 'iceprod-system' });
    revocations.add({ subject: 'grid', revokedAtMs: NOW_MS });
    expect(refusalOf(await checking.verify(header))).toBe(REFUSED);
  });
});

it('tokens of an own key that was deleted are refused half a minute later', async () => {
  let nowMs = NOW_MS;
  let keys: readonly JWK[] = [key.publicJwk];
  const checking = verifier({ nowMs: () => nowMs, ownKeys: () => Promise.resolve(keys) });
  const header = `Bearer ${await ownToken()}`;
  expect(refusalOf(await checking.verify(header))).toBeUndefined();
  keys = [];
  nowMs += 29_999;
  expect(checking.known(header)).toBeDefined();
  nowMs += 1;
  await eventually(() => Promise.resolve(checking.known(header)), undefined);
  expect(refusalOf(await checking.verify(header))).toBe(REFUSED);
});

describe('tokens of the own OpenID provider', () => {
  const ISSUER = 'https://cairn.example/auth/realms/IceCube';
  const issued = async (typ: string, claims: Claims = alice, issuer = ISSUER): Promise<string> => {
    const privateKey = await importJWK(key.privateJwk, 'RS256');
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: key.publicJwk.kid, typ })
      .setIssuer(issuer)
      .setIssuedAt(NOW)
      .setExpirationTime(NOW + 60)
      .sign(privateKey);
    return `Bearer ${token}`;
  };

  it('are accepted wherever it was reached, unless it is known where', async () => {
    const token = await issued('at+jwt');
    for (const publicUrl of [undefined, 'https://cairn.example', 'https://cairn.example/']) {
      expect(await verifier({ publicUrl }).verify(token)).toMatchObject({ username: 'alice', roles: ['user'] });
    }
    expect(refusalOf(await verifier({ publicUrl: 'https://other.example' }).verify(token))).toBe(REFUSED);
  });

  it('are access tokens only', async () => {
    expect(refusalOf(await verifier().verify(await issued('JWT')))).toBe(REFUSED);
  });

  it('come from a realm', async () => {
    const elsewhere = await issued('at+jwt', alice, 'https://cairn.example/');
    expect(refusalOf(await verifier().verify(elsewhere))).toBe(REFUSED);
  });

  it('have to be signed with the own key', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT({ ...alice })
      .setProtectedHeader({ alg: 'RS256', kid: key.publicJwk.kid, typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setIssuedAt(NOW)
      .setExpirationTime(NOW + 60)
      .sign(privateKey);
    expect(refusalOf(await verifier().verify(`Bearer ${forged}`))).toBe(REFUSED);
  });
});
