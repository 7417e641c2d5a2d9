import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { IdentityReader } from './claims.js';

/** What checks the signature of one kind of token. */
export interface Scheme {
  readonly identityOf: IdentityReader;
  /**
   * Changes whenever tokens that were verified before must be verified again, because their key may have been withdrawn. Reading it
   * may start a renewal of the keys in the background.
   */
  generation(): number;
  verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload>;
}

/** Told what a scheme cannot help. */
export type Warn = (details: Readonly<Record<string, unknown>>, message: string) => void;
