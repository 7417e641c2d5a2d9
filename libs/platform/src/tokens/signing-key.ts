import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose';
import type { Claims } from './claims.js';

/** Issuer of tokens that Cairn signs with the key in its data folder. */
export const OWN_ISSUER = 'cairn';

const RSA_BITS = 2048;
const ALGORITHM = 'RS256';
const FILE = 'signing-key.pem';

const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;

const readKey = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
};

const writeDurably = async (file: string, text: string): Promise<void> => {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Makes a key; when another process was faster, its key stands. */
const createKey = async (folder: string, file: string): Promise<string> => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const temporary = join(folder, `${FILE}.${randomUUID()}`);
  await writeDurably(temporary, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  try {
    // A link fails when the name is taken, where a rename would replace the other process's key.
    await link(temporary, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(temporary);
  }
  return readFile(file, 'utf8');
};

/** Cairn's own RSA key pair. */
export class SigningKey {
  private constructor(
    private readonly privateKey: KeyObject,
    readonly publicJwk: JWK & { readonly kid: string },
  ) {}

  /** Reads `<data>/keys/signing-key.pem`, which is made when it is missing. Several processes may do so at once. */
  static async open(dataFolder: string): Promise<SigningKey> {
    const folder = join(dataFolder, 'keys');
    await mkdir(dataFolder, { recursive: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, FILE);
    const privateKey = createPrivateKey((await readKey(file)) ?? (await createKey(folder, file)));
    const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    return new SigningKey(privateKey, { ...jwk, kid, use: 'sig', alg: ALGORITHM });
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
