import { type Nothing, query } from '#bus/contract.js';

/** Claims of a token signed with the secret, when `auth` alone knows it. */
export const CheckToken = query<{ token: string }, { claims: Readonly<Record<string, unknown>> }>(
  'auth',
  'tokens.check',
  { isSealed: true },
);

/** Public keys (JWK set) of the embedded issuer. */
export const GetSigningKeys = query<Nothing, { keys: readonly Readonly<Record<string, unknown>>[] }>(
  'auth',
  'keys.get',
);
