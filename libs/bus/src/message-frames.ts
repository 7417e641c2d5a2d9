import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  diffieHellman,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { ProcessName } from './contract.js';
import { isProcessName, keyIdOf, type MessageKeys } from './message-keys.js';

/** What the body of a frame is: JSON, or an announcement of chunks; `sealed` when the JSON is encrypted. */
export type Form = 'json' | 'chunks' | 'sealed' | 'sealed-chunks';

export interface Frame {
  /** The process that wrote it: proved when keys are configured. */
  readonly from: ProcessName;
  /** Names the keys that it was written with. */
  readonly ids: string;
  readonly form: Form;
  readonly body: Buffer;
}

/** Whoever sent the message could not prove to be one of Cairn's processes, or may not send it. */
export class MessageRefused extends DomainError {
  constructor(why: string) {
    super('forbidden', 'bus.refused', `the message was refused: ${why}`);
  }
}

/** SHA-256 works on blocks of this size, and HMAC makes one of its key. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/** Texts up to this size are copied for hashing, which is faster than to hash them in parts. */
const COPIED_BYTES_MAX = 16 * 1024;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEAL = 'aes-256-gcm';

/** Stands in a frame for the ids of keys and for the code when no keys are configured. */
const NONE = '-';
const LINE_END = 0x0a;
/** The first line is shorter. */
const HEAD_BYTES_MAX = 200;

/** Refused messages are counted, and logged at most so often. */
const LOG_PAUSE_MS = 10_000;

/** What two processes use in one direction. */
interface PairKeys {
  readonly ids: string;
  readonly code: KeyObject;
  readonly seal: KeyObject;
  /** The blocks that HMAC makes of the key; the second with room for the inner hash. */
  readonly innerBlock: Buffer;
  readonly outerBlock: Buffer;
}

const padded = (key: Buffer, pad: number, bytes: number): Buffer => {
  const block = Buffer.alloc(bytes, pad);
  for (const [index, byte] of key.entries()) block[index] = byte ^ pad;
  return block;
};

const isForm = (text: string): text is Form => ['json', 'chunks', 'sealed', 'sealed-chunks'].includes(text);

/**
 * Writes and reads messages as they are on the broker: a line `<from> <ids of keys> <form> <code>`, then the body. The code (HMAC)
 * covers all of it and what the frame is bound to, its subjects. Its key is one that only the two processes can compute,
 * from the private key of one and the public key of the other. See `docs/adr/0028-protected-messages.md`.
 */
export class MessageFrames {
  private readonly outgoing = new Map<ProcessName, PairKeys>();
  /** By sender and ids. Ids that are not known are not stored, so it stays small. */
  private readonly incoming = new Map<string, PairKeys>();
  private readonly copied = Buffer.alloc(BLOCK_BYTES + COPIED_BYTES_MAX);
  private refusals = 0;
  private loggedMs = Number.NEGATIVE_INFINITY;

  /** @param keys absent when messages are not protected */
  constructor(
    private readonly self: ProcessName,
    private readonly keys: MessageKeys | undefined,
    private readonly log: Log,
  ) {}

  /** Whether messages are authenticated and encrypted where their contract says so. */
  get areProtected(): boolean {
    return this.keys !== undefined;
  }

  /** @param bound what the reader must expect for the frame to be accepted */
  write(to: ProcessName, bound: string, form: Form, body: Buffer): Buffer {
    const keys = this.outgoingKeys(to);
    const head = `${this.self} ${keys?.ids ?? NONE} ${form}`;
    const code = keys === undefined ? NONE : this.code(keys, `${bound}\n${head}\n`, body);
    return Buffer.concat([Buffer.from(`${head} ${code}\n`, 'latin1'), body]);
  }

  /** @throws MessageRefused, after it has been logged, when it is no frame or was not written by the process that it names */
  read(bound: string, data: Buffer): Frame {
    const end = data.subarray(0, HEAD_BYTES_MAX).indexOf(LINE_END);
    const [from = '', ids = '', form = '', code = ''] = end === -1 ? [] : data.toString('latin1', 0, end).split(' ');
    if (!isProcessName(from) || !isForm(form)) throw this.refused(bound, 'it is not one of Cairn');
    const body = data.subarray(end + 1);
    if (this.keys === undefined) {
      if (code !== NONE) throw this.refused(bound, 'its sender has keys, but this process has none');
      return { from, ids, form, body };
    }
    const keys = this.incomingKeys(from, ids);
    if (keys === undefined) throw this.refused(bound, `its keys are not known (${from})`);
    const expected = this.code(keys, `${bound}\n${from} ${ids} ${form}\n`, body);
    if (
      code.length !== expected.length ||
      !timingSafeEqual(Buffer.from(code, 'latin1'), Buffer.from(expected, 'latin1'))
    ) {
      throw this.refused(bound, `it was not written by ${from}`);
    }
    return { from, ids, form, body };
  }

  /** Encrypts for one process; without keys the bytes stay as they are. */
  seal(to: ProcessName, bound: string, bytes: Buffer): Buffer {
    const keys = this.outgoingKeys(to);
    if (keys === undefined) return bytes;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(SEAL, keys.seal, nonce).setAAD(Buffer.from(bound));
    const sealed = [cipher.update(bytes), cipher.final()];
    return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
  }

  /**
   * Decrypts what the writer of a frame has sealed.
   *
   * @throws MessageRefused
   */
  unseal({ from, ids }: Frame, bound: string, bytes: Buffer): Buffer {
    const keys = this.incomingKeys(from, ids);
    if (keys === undefined) return bytes;
    try {
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv(SEAL, keys.seal, nonce, { authTagLength: TAG_BYTES }).setAAD(
        Buffer.from(bound),
      );
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      throw this.refused(bound, 'its text cannot be decrypted');
    }
  }

  /** Counts and logs it. The log is not flooded by a stranger who tries again and again. */
  refused(bound: string, why: string): MessageRefused {
    this.refusals += 1;
    if (performance.now() - this.loggedMs > LOG_PAUSE_MS) {
      this.log.warn({ bound, why, refusals: this.refusals }, 'a message was refused');
      this.loggedMs = performance.now();
    }
    return new MessageRefused(why);
  }

  private outgoingKeys(to: ProcessName): PairKeys | undefined {
    if (this.keys === undefined) return undefined;
    const known = this.outgoing.get(to);
    if (known !== undefined) return known;
    const [own] = this.keys.own;
    const [other] = this.keys.of[to];
    if (own === undefined || other === undefined) throw new TypeError(`no key for ${to}`);
    const keys = pairKeys(
      this.self,
      to,
      `${keyIdOf(own)}.${keyIdOf(other)}`,
      diffieHellman({ privateKey: own, publicKey: other }),
    );
    this.outgoing.set(to, keys);
    return keys;
  }

  private incomingKeys(from: ProcessName, ids: string): PairKeys | undefined {
    if (this.keys === undefined) return undefined;
    const known = this.incoming.get(`${from} ${ids}`);
    if (known !== undefined) return known;
    const [theirs, ours] = ids.split('.');
    const publicKey = this.keys.of[from].find((key) => keyIdOf(key) === theirs);
    const privateKey = this.keys.own.find((key) => keyIdOf(key) === ours);
    if (publicKey === undefined || privateKey === undefined) return undefined;
    const keys = pairKeys(from, this.self, ids, diffieHellman({ privateKey, publicKey }));
    this.incoming.set(`${from} ${ids}`, keys);
    return keys;
  }

  /** HMAC with SHA-256, by two calls of the fast one-shot hash instead of the slower stream. */
  private code({ code, innerBlock, outerBlock }: PairKeys, head: string, body: Buffer): string {
    if (head.length + body.length > COPIED_BYTES_MAX) {
      return createHmac('sha256', code).update(head, 'latin1').update(body).digest('base64url');
    }
    innerBlock.copy(this.copied);
    const at = BLOCK_BYTES + this.copied.write(head, BLOCK_BYTES, 'latin1');
    body.copy(this.copied, at);
    const inner = hash('sha256', this.copied.subarray(0, at + body.length), 'hex');
    outerBlock.write(inner, BLOCK_BYTES, 'hex');
    return hash('sha256', outerBlock, 'base64url');
  }
}

/** One secret per direction and purpose. */
const pairKeys = (from: ProcessName, to: ProcessName, ids: string, shared: Buffer): PairKeys => {
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', shared, '', `cairn bus 1 ${purpose} ${from} ${to} ${ids}`, HASH_BYTES));
  const code = derived('code');
  return {
    ids,
    code: createSecretKey(code),
    seal: createSecretKey(derived('seal')),
    innerBlock: padded(code, INNER_PAD, BLOCK_BYTES),
    outerBlock: padded(code, OUTER_PAD, BLOCK_BYTES + HASH_BYTES),
  };
};
