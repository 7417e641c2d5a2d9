import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { Trust } from './claims.js';

/** What checks the signature of one kind of token. */
export interface Scheme {
  readonly trust: Trust;
  readonly checksAudience: boolean;
  verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload>;
}

/** Told what a scheme cannot help. */
export type Warn = (details: Readonly<Record<string, unknown>>, message: string) => void;
