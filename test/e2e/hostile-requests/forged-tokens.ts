import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Cairn } from '../../harness/cairn-process.js';
import { SHARED_SECRET } from '../../harness/test-cluster.js';

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const hmac = (algorithm: string, header: object, claims: object, secret: string): string => {
  const signed = `${encoded(header)}.${encoded(claims)}`;
  return `${signed}.${createHmac(algorithm, secret).update(signed).digest('base64url')}`;
};

/** Forged administrator tokens by their flaw. */
export const forgedTokens = async (cairn: Cairn): Promise<ReadonlyMap<string, string>> => {
  const key = await SigningKey.open(cairn.dataDir);
  const { kid } = key.publicJwk;
  const now = Math.floor(Date.now() / 1000);
  const person = {
    sub: 'root',
    preferred_username: 'root',
    username: 'root',
    role: 'admin',
    groups: ['/tokens/IceProdAdmins'],
  };
  const claims = { ...person, iss: 'cairn', iat: now, exp: now + 3600 };
  const shared = { ...claims, iss: 'IceProd' };
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = foreign.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const rs256 = (payload: object, header: object = {}): Promise<string> =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(foreign.privateKey);
  const [head = '', body = '', signature = ''] = (await key.sign(person, 3600)).split('.');
  return new Map([
    ['no token', 'x'],
    ['no JSON in it', 'a.b.c'],
    ['no algorithm', `${encoded({ alg: 'none' })}.${encoded(claims)}.`],
    ['no algorithm, and something for a signature', `${encoded({ alg: 'none', kid })}.${encoded(claims)}.AA`],
    ['no algorithm, in capitals', `${encoded({ alg: 'NONE' })}.${encoded(shared)}.AA`],
    ['the public key as the secret', hmac('sha256', { alg: 'HS256', kid }, claims, JSON.stringify(key.publicJwk))],
    ['the public key as the secret of HS512', hmac('sha512', { alg: 'HS512', kid }, shared, pem)],
    ['the secret with another algorithm', hmac('sha256', { alg: 'HS256' }, shared, SHARED_SECRET)],
    ['the secret for another issuer', hmac('sha512', { alg: 'HS512' }, claims, SHARED_SECRET)],
    ['a guessed secret', hmac('sha512', { alg: 'HS512' }, shared, 'secret')],
    ['an empty secret', hmac('sha512', { alg: 'HS512' }, shared, '')],
    ['a key of its own under our name', await rs256(claims)],
    ['a key that it brings along', await rs256(claims, { jwk: foreign.publicKey.export({ format: 'jwk' }) })],
    ['a key from elsewhere', await rs256(claims, { jku: 'http://127.0.0.1:1/keys', kid: 'elsewhere' })],
    ['a key name that is a path', await rs256(claims, { kid: '../../../dev/null' })],
    ['other claims under our signature', `${head}.${encoded({ ...claims, sub: 'another' })}.${signature}`],
    ['another header under our signature', `${encoded({ alg: 'RS512', kid })}.${body}.${signature}`],
    ['half a signature', `${head}.${body}.${signature.slice(0, 100)}`],
    ['no signature', `${head}.${body}.`],
    ['ended', await key.sign(person, 600, now - 4000)],
    ['from the future', await key.sign(person, 600, now + 4000)],
    ['not valid yet', await key.sign({ ...person, nbf: now + 4000 }, 9000)],
    ['no subject', await key.sign({ ...person, sub: '' }, 600)],
    ['no name', await key.sign({ sub: 'root', groups: person.groups }, 600)],
    ['names that are no texts', await key.sign({ ...person, preferred_username: { a: 1 }, username: 7 }, 600)],
    [
      'another issuer',
      hmac('sha512', { alg: 'HS512' }, { ...shared, iss: 'https://elsewhere.example' }, SHARED_SECRET),
    ],
    ['no end', hmac('sha512', { alg: 'HS512' }, { ...person, iss: 'IceProd', iat: now }, SHARED_SECRET)],
    ['an end that is no number', hmac('sha512', { alg: 'HS512' }, { ...shared, exp: '9999999999' }, SHARED_SECRET)],
    [
      'an end beyond numbers',
      hmac('sha512', { alg: 'HS512' }, shared, SHARED_SECRET).replace(encoded(shared), 'eyJleHAiOjFlNDAwfQ'),
    ],
    ['claims that are a list', hmac('sha512', { alg: 'HS512' }, [shared], SHARED_SECRET)],
    ['a header that must be understood', hmac('sha512', { alg: 'HS512', crit: ['x'], x: 1 }, shared, SHARED_SECRET)],
    ['a claim of 20,000 characters', `${head}.${'a'.repeat(20_000)}.${signature}`],
  ]);
};
