import { type Nothing, query } from '#bus/contract.js';
import type { Revocation } from '#platform/tokens/revocations.js';

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

/** Where a reader of the revocations is; it means something to `auth` only. */
export interface RevocationCursor {
  readonly numbering: string;
  readonly sequence: number;
}
export interface RevocationsAfter {
  /** Of the last reply; without it, all revocations are listed. */
  readonly cursor?: RevocationCursor;
}
export interface RevocationsReply {
  readonly revocations: readonly Revocation[];
  readonly cursor: RevocationCursor;
  /** Whether there are no more at the moment. */
  readonly isLast: boolean;
}

/** Whether a token has been revoked since a service got a message of its holder. */
export const CheckRevocation = query<
  { readonly subject: string; readonly token_issued_at_ms: number },
  { readonly is_revoked: boolean }
>('auth', 'revocations.check', { calledBy: ['datasets'] });

/** Tokens of which accounts are refused although they are not expired. Revocations that the reader has already may be repeated. */
export const ListRevocations = query<RevocationsAfter, RevocationsReply>('auth', 'revocations.list');
