import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from './environment.js';
import { readOrMakeKey, unusableKey } from './key-file.js';
import { KEYS_FOLDER } from './private-files.js';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_FILE = 'credentials-key';

/** A text that only the key of this id opens, and only for the context that it was encrypted for. */
export interface Encrypted {
  readonly key_id: string;
  /** Nonce, ciphertext and tag, in base 64. */
  readonly box: string;
}

/** Names a key without telling anything about it. */
const idOf = (key: Buffer): string =>
  createHash('sha256').update('cairn credential key\n').update(key).digest('hex').slice(0, 16);

const decoded = (text: string): Buffer => Buffer.from(text, 'base64');

interface SecretKeyOptions {
  readonly dataFolder: string;
  /** 32 bytes in base 64; without it the key in the data folder encrypts. */
  readonly key?: string | undefined;
  /** Keys that only open what they have encrypted before. */
  readonly oldKeys?: readonly string[];
}

/** The keys of what a service keeps secret: one encrypts, all open. */
export class SecretKeys {
  private readonly byId: ReadonlyMap<string, Buffer>;
  private readonly current: Buffer;
  readonly currentId: string;

  private constructor(current: Buffer, old: readonly Buffer[]) {
    this.current = current;
    this.currentId = idOf(current);
    this.byId = new Map([...old, current].map((key) => [idOf(key), key]));
  }

  /** {@link open} as the settings say. */
  static of(environment: Environment): Promise<SecretKeys> {
    const { CAIRN_DATA_DIR: dataFolder, CAIRN_SECRET_KEY: key, CAIRN_SECRET_KEYS_OLD: oldKeys } = environment;
    return SecretKeys.open({ dataFolder, key, oldKeys });
  }

  /**
   * The key in the data folder stays among those that open, so that a key of the environment can follow it.
   *
   * @throws CannotStart when the file holds no key
   */
  static async open({ dataFolder, key, oldKeys = [] }: SecretKeyOptions): Promise<SecretKeys> {
    const own = decoded(await readOrMakeKey(dataFolder, KEY_FILE, () => randomBytes(KEY_BYTES).toString('base64')));
    if (own.length !== KEY_BYTES) {
      throw unusableKey(join(dataFolder, KEYS_FOLDER, KEY_FILE), `holds no ${KEY_BYTES} bytes in base 64`);
    }
    return new SecretKeys(key === undefined ? own : decoded(key), [own, ...oldKeys.map(decoded)]);
  }

  encrypt(text: string, context: string): Encrypted {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.current, nonce).setAAD(Buffer.from(context));
    const box = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { key_id: this.currentId, box: box.toString('base64') };
  }

  /** Undefined when the key is gone, or when the box is not the one that was encrypted for this context. */
  decrypt({ key_id, box }: Encrypted, context: string): string | undefined {
    const key = this.byId.get(key_id);
    const bytes = Buffer.from(box, 'base64');
    if (key === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
