import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose';
import { readOrMakeKey, unusableKey } from '../key-file.js';
import { KEYS_FOLDER, readPrivateFile } from '../private-files.js';
import type { Claims } from './claims.js';

/** Issuer of tokens that Cairn signs with the key in its data folder. */
export const OWN_ISSUER = 'cairn';

const RSA_BITS = 2048;
const ALGORITHM = 'RS256';
/** In the folder of keys of the data folder. */
export const SIGNING_KEY_FILE = 'signing-key.pem';
/** Rotated keys are stored beside it, under their ids. */
const RETIRED_FILE = /^signing-key-[\w-]+\.pem$/;

const makeKey = async (): Promise<string> => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
};

const privateKeyIn = (file: string, pem: string | Buffer): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch {
    throw unusableKey(file, 'holds no private key');
  }
};

/** Cairn's own RSA key pair. */
export class SigningKey {
  private constructor(
    private readonly privateKey: KeyObject,
    readonly publicJwk: JWK & { readonly kid: string },
  ) {}

  /**
   * Reads `<data>/keys/signing-key.pem`, which is made when it is missing. Several processes may do so at once.
   *
   * @throws CannotStart when it holds no key
   */
  static async open(dataFolder: string): Promise<SigningKey> {
    return SigningKey.of(
      join(dataFolder, KEYS_FOLDER, SIGNING_KEY_FILE),
      await readOrMakeKey(dataFolder, SIGNING_KEY_FILE, makeKey),
    );
  }

  /** The key that signs, then those that have signed before: what they signed counts until it expires, or their file is deleted. */
  static async openAll(dataFolder: string): Promise<readonly [SigningKey, ...SigningKey[]]> {
    const current = await SigningKey.open(dataFolder);
    const folder = join(dataFolder, KEYS_FOLDER);
    const names = (await readdir(folder)).filter((name) => RETIRED_FILE.test(name)).sort();
    return [
      current,
      ...(await Promise.all(
        names.map(async (name) => SigningKey.of(join(folder, name), await readPrivateFile(join(folder, name)))),
      )),
    ];
  }

  /** Makes another key sign from now on; a process that has opened the one before signs with it until it starts again. */
  static async rotate(dataFolder: string): Promise<SigningKey> {
    const { publicJwk } = await SigningKey.open(dataFolder);
    const folder = join(dataFolder, KEYS_FOLDER);
    await rename(join(folder, SIGNING_KEY_FILE), join(folder, `signing-key-${publicJwk.kid}.pem`));
    return SigningKey.open(dataFolder);
  }

  private static async of(file: string, pem: string | Buffer): Promise<SigningKey> {
    const privateKey = privateKeyIn(file, pem);
    const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    return new SigningKey(privateKey, { ...jwk, kid, use: 'sig', alg: ALGORITHM });
  }

  /** Both halves, for the OpenID provider, which signs by itself. */
  get privateJwk(): JWK & { readonly kid: string } {
    return { ...(this.privateKey.export({ format: 'jwk' }) as JWK), ...this.publicJwk };
  }

  /**
   * A token with these claims that is valid from now on, for so long. When it was issued is exact to the millisecond, so that a
   * revocation tells it from one that was issued later in the same second.
   */
  sign(claims: Claims, lifetimeSeconds: number, nowSeconds = Date.now() / 1000): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.publicJwk.kid, typ: 'JWT' })
      .setIssuer(OWN_ISSUER)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(Math.floor(nowSeconds) + lifetimeSeconds)
      .sign(this.privateKey);
  }
}
