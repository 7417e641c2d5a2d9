import { generateKeyPairSync } from 'node:crypto';
import { importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { claimsGranting } from '#platform/tokens/claims.js';
import { OWN_ISSUER, SigningKey } from '#platform/tokens/signing-key.js';
import { SHARED_SECRET_ISSUER } from '#platform/tokens/verifier.js';
import type { Cairn } from '../../harness/cairn-process.js';
import type { OpenIdIssuer } from '../../harness/openid-issuer.js';
import { SHARED_SECRET } from '../../harness/test-cluster.js';

export const AUDIENCE = 'the farm';

type TokensByName = Readonly<Record<string, string>>;

/** Tokens of administrators: sound ones of each kind that Cairn accepts, and copies of them with one flaw each. */
export const tokensOf = async (
  cairn: Cairn,
  issuer: OpenIdIssuer,
  stranger: OpenIdIssuer,
): Promise<{ readonly sound: TokensByName; readonly bad: TokensByName }> => {
  const key = await SigningKey.open(cairn.dataDir);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = { ...claimsGranting({ username: 'root', roles: ['admin'], groups: [] }), aud: AUDIENCE };
  const { aud, ...withoutAudience } = claims;
  const elsewhere = { ...claims, aud: `not ${aud}` };
  const signedFor = async (algorithm: string, signer: Parameters<SignJWT['sign']>[0], of: object, iss: string) =>
    new SignJWT({ ...of })
      .setProtectedHeader({ alg: algorithm, kid: key.publicJwk.kid })
      .setIssuer(iss)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(signer);
  const secret = new TextEncoder().encode(SHARED_SECRET);
  const shared = (of: object, { iss = SHARED_SECRET_ISSUER, algorithm = 'HS512' } = {}): Promise<string> =>
    signedFor(algorithm, secret, of, iss);
  const ownKey = await importJWK(key.privateJwk, 'RS512');
  const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return {
    sound: {
      'own key': await key.sign(claims, 3600),
      'shared secret': await shared(claims),
      'external issuer': await issuer.sign({ ...claims, sub: '5d1f' }),
    },
    bad: {
      expired: await key.sign(claims, 600, nowSeconds - 4000),
      'wrong audience, own key': await key.sign(elsewhere, 3600),
      'wrong audience, shared secret': await shared(elsewhere),
      'wrong audience, external issuer': await issuer.sign(elsewhere),
      'no audience': await key.sign(withoutAudience, 3600),
      'wrong issuer, own key of it': await stranger.sign(claims),
      'wrong issuer, shared secret': await shared(claims, { iss: 'https://elsewhere.example' }),
      'other algorithm, own key': await signedFor('RS512', ownKey, claims, OWN_ISSUER),
      'other algorithm, shared secret': await shared(claims, { algorithm: 'HS256' }),
      'other key of the algorithm': await signedFor('RS256', foreignKey, claims, OWN_ISSUER),
      'no algorithm': new UnsecuredJWT({ ...claims })
        .setIssuer(OWN_ISSUER)
        .setIssuedAt()
        .setExpirationTime('1h')
        .encode(),
    },
  };
};
