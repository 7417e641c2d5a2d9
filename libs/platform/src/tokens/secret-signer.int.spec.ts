import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { DomainError } from '../domain-error.js';
import type { SecretClaims } from './secret-signer.js';
import { SecretSigner } from './secret-signer.js';
import { authenticationFailed, TokenVerifier } from './verifier.js';

const nowSeconds = Math.floor(Date.now() / 1000);
const claims: SecretClaims = { sub: 'pingu', username: 'pingu', role: 'user', iat: nowSeconds, exp: nowSeconds + 600 };

const verifierAsking = (checkSecretToken: (token: string) => Promise<Readonly<Record<string, unknown>>>) =>
  new TokenVerifier({ ownKeys: () => Promise.resolve([]), checkSecretToken });

describe('the secret of kind B tokens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-secret-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is made once, however many open it at the same time, and is for the owner only', async () => {
    const signers = await Promise.all(Array.from({ length: 8 }, () => SecretSigner.open(folder)));
    const tokens = await Promise.all(signers.map((signer) => signer.sign(claims)));
    expect(new Set(tokens).size).toBe(1);
    expect(readdirSync(join(folder, 'keys'))).toEqual(['shared-secret']);
    expect(statSync(join(folder, 'keys', 'shared-secret')).mode & 0o777).toBe(0o600);
  });

  it.each(['', '\n'])('is never nothing, with which anybody could sign: %j', async (text) => {
    const data = join(folder, `empty ${text.length}`);
    mkdirSync(join(data, 'keys'), { recursive: true });
    writeFileSync(join(data, 'keys', 'shared-secret'), text, { mode: 0o600 });
    await expect(SecretSigner.open(data)).rejects.toThrow('shared-secret is empty; restore it');
  });

  it('differs from folder to folder', async () => {
    const other = await SecretSigner.open(join(folder, 'other'));
    const token = await (await SecretSigner.open(folder)).sign(claims);
    expect(await other.claimsOf(token)).toBeUndefined();
  });

  it('signs what everybody accepts who knows it', async () => {
    const token = await SecretSigner.of('known').sign(claims);
    expect(decodeJwt(token)).toEqual({ ...claims, iss: 'IceProd' });
    const verifier = new TokenVerifier({ ownKeys: () => Promise.resolve([]), sharedSecret: 'known' });
    expect(await verifier.verify(`Bearer ${token}`)).toMatchObject({ username: 'pingu', roles: ['user'] });
  });

  it('returns claims of valid tokens only', async () => {
    const signer = SecretSigner.of('known');
    expect(await signer.claimsOf(await signer.sign(claims))).toEqual({ ...claims, iss: 'IceProd' });
    const late = await signer.sign({ ...claims, exp: nowSeconds - 61 });
    for (const token of [late, await SecretSigner.of('other').sign(claims), 'a.b.c', '']) {
      expect(await signer.claimsOf(token)).toBeUndefined();
    }
  });

  it('signs for the audience that is configured, and checks it', async () => {
    const signer = SecretSigner.of('known', 'iceprod');
    const token = await signer.sign(claims);
    expect(await signer.claimsOf(token)).toMatchObject({ sub: 'pingu', aud: ['iceprod'] });
    expect(await signer.claimsOf(await SecretSigner.of('known').sign(claims))).toBeUndefined();
    expect(await SecretSigner.of('known', 'other').claimsOf(token)).toBeUndefined();
  });

  it('may be known elsewhere: then tokens are asked about once', async () => {
    const signer = SecretSigner.of('known');
    const token = await signer.sign(claims);
    const asked: string[] = [];
    const verifier = verifierAsking(async (each) => {
      asked.push(each);
      const known = await signer.claimsOf(each);
      if (known === undefined) throw authenticationFailed();
      return known;
    });
    for (let round = 0; round < 3; round += 1) {
      expect(await verifier.verify(`Bearer ${token}`)).toMatchObject({ username: 'pingu', groups: ['users'] });
    }
    expect(asked).toEqual([token]);
    const forged = await SecretSigner.of('guessed').sign(claims);
    expect(await verifier.verify(`Bearer ${forged}`)).toMatchObject({ kind: 'unauthenticated' });
  });

  it('may be known by somebody who does not answer: then nothing is known about the token', async () => {
    const silence = new DomainError('unavailable', 'bus.no-answer', 'no answer');
    const verifier = verifierAsking(() => Promise.reject(silence));
    expect(await verifier.verify(`Bearer ${await SecretSigner.of('known').sign(claims)}`)).toBe(silence);
  });
});
