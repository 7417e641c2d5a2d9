import { randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { readOrMakeKey } from '../key-file.js';
import type { Claims } from './claims.js';
import { LEEWAY_SECONDS, SHARED_SECRET_ISSUER } from './verifier.js';

const ALGORITHM = 'HS512';
const FILE = 'shared-secret';
/** As long as what the algorithm hashes to. */
const SECRET_BYTES = 64;

/** Claims of a token of this kind, all of them: when it was made is the caller's to say. */
export interface SecretClaims extends Claims {
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
}

/** The secret behind tokens of kind B (IceProd contract 2.1). */
export class SecretSigner {
  private readonly key: Uint8Array;

  private constructor(
    secret: string,
    private readonly audience: string | undefined,
  ) {
    this.key = new TextEncoder().encode(secret);
  }

  /** @param audience that the tokens are for, if one is configured */
  static of(secret: string, audience?: string): SecretSigner {
    return new SecretSigner(secret, audience);
  }

  /** Reads `<data>/keys/shared-secret`, which is made when it is missing. */
  static async open(dataFolder: string, audience?: string): Promise<SecretSigner> {
    const secret = await readOrMakeKey(dataFolder, FILE, () => randomBytes(SECRET_BYTES).toString('base64url'));
    return new SecretSigner(secret, audience);
  }

  /** The same claims make the same token. */
  sign(claims: SecretClaims): Promise<string> {
    const aud = this.audience === undefined ? {} : { aud: [this.audience] };
    return new SignJWT({ ...claims, ...aud, iss: SHARED_SECRET_ISSUER })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .sign(this.key);
  }

  /** The claims of a good token; undefined for everything else. */
  async claimsOf(token: string): Promise<Claims | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: [ALGORITHM],
        issuer: SHARED_SECRET_ISSUER,
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: ['exp', 'iat', 'sub'],
        ...(this.audience !== undefined && { audience: this.audience }),
      });
      return { ...payload };
    } catch {
      return undefined;
    }
  }
}
