import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose';
import { readOrMakeKey } from '../key-file.js';
import type { Claims } from './claims.js';

/** Issuer of tokens that Cairn signs with the key in its data folder. */
export const OWN_ISSUER = 'cairn';

const RSA_BITS = 2048;
const ALGORITHM = 'RS256';
const FILE = 'signing-key.pem';

const makeKey = async (): Promise<string> => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
};

/** Cairn's own RSA key pair. */
export class SigningKey {
  private constructor(
    private readonly privateKey: KeyObject,
    readonly publicJwk: JWK & { readonly kid: string },
  ) {}

  /** Reads `<data>/keys/signing-key.pem`, which is made when it is missing. Several processes may do so at once. */
  static async open(dataFolder: string): Promise<SigningKey> {
    const privateKey = createPrivateKey(await readOrMakeKey(dataFolder, FILE, makeKey));
    const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    return new SigningKey(privateKey, { ...jwk, kid, use: 'sig', alg: ALGORITHM });
  }

  /** Both halves, for the OpenID provider, which signs by itself. */
  get privateJwk(): JWK & { readonly kid: string } {
    return { ...(this.privateKey.export({ format: 'jwk' }) as JWK), ...this.publicJwk };
  }

  /** A token with these claims that is valid from now on, for so long. */
  sign(claims: Claims, lifetimeSeconds: number, nowSeconds = Math.floor(Date.now() / 1000)): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.publicJwk.kid, typ: 'JWT' })
      .setIssuer(OWN_ISSUER)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + lifetimeSeconds)
      .sign(this.privateKey);
  }
}
