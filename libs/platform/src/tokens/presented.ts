import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Claims } from './claims.js';

/** The claims of a token that has been verified already. */
export interface PresentedClaims {
  /** Signed with the shared secret (`HS512`) or with a key. */
  readonly kind: 'secret' | 'key';
  readonly claims: Claims;
}

/** Reads an `Authorization` header that a {@link TokenVerifier} has accepted; it verifies nothing itself. */
export const presentedClaims = (authorization: string): PresentedClaims => {
  const token = authorization.trim().replace(/^bearer +/i, '');
  return {
    kind: decodeProtectedHeader(token).alg === 'HS512' ? 'secret' : 'key',
    claims: { ...decodeJwt(token) },
  };
};
