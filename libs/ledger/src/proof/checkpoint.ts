import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { GENESIS } from '../hash-chain.js';
import { ref, streamName } from '../ref.js';
import type { LedgerSummary } from './ledger-tree.js';

/** Where checkpoints are recorded. */
export const CHECKPOINTS_STREAM = streamName('directory', ref('cairn', 'main', 'checkpoints'));
export const CHECKPOINT_SIGNED = 'CheckpointSigned';

/** What is known of the first events of a ledger at some time. */
export interface Checkpoint extends LedgerSummary {
  /** From 1 on, without gaps. */
  readonly number: number;
  /** {@link checkpointHash} of the checkpoint before; zeros for the first. */
  readonly previous: string;
  /** UTC with microseconds and `Z`. */
  readonly time: string;
  /** Id of the key that signs: the thumbprint (RFC 7638) of its public half. */
  readonly key: string;
}

/** A checkpoint as it is recorded and exported. */
export interface SignedCheckpoint extends Checkpoint {
  /** `x` of the public JWK: Ed25519, base64url. */
  readonly public_key: string;
  /** Ed25519 over {@link checkpointText}, base64url. */
  readonly signature: string;
}

/** What is signed. Lines, so that the order of members in JSON means nothing. */
export const checkpointText = (checkpoint: Checkpoint): string =>
  [
    'cairn checkpoint 1',
    `number ${checkpoint.number}`,
    `events ${checkpoint.events}`,
    `streams ${checkpoint.streams}`,
    `root ${checkpoint.root}`,
    `log ${checkpoint.log}`,
    `previous ${checkpoint.previous}`,
    `time ${checkpoint.time}`,
    `key ${checkpoint.key}`,
    '',
  ].join('\n');

export const checkpointHash = (checkpoint: Checkpoint): string => hash('sha256', checkpointText(checkpoint));

/** What the checkpoint behind this one names as its previous. */
export const previousFor = (last: Checkpoint | undefined): string =>
  last === undefined ? GENESIS : checkpointHash(last);

/** Public half of a key that signs checkpoints, as JWK. */
export interface CheckpointJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** Thumbprint of a public key (RFC 7638). */
export const keyIdOf = (x: string): string =>
  hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }), 'base64url');

export const checkpointJwk = (x: string): CheckpointJwk => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x,
  kid: keyIdOf(x),
  use: 'sig',
  alg: 'EdDSA',
});

/** The key that signs checkpoints. */
export class CheckpointKey {
  readonly id: string;
  private readonly publicKey: string;

  private constructor(private readonly privateKey: KeyObject) {
    this.publicKey = createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
    this.id = keyIdOf(this.publicKey);
  }

  static make(): CheckpointKey {
    return new CheckpointKey(generateKeyPairSync('ed25519').privateKey);
  }

  /** Reads the result of {@link pem}. */
  static of(pem: string): CheckpointKey {
    return new CheckpointKey(createPrivateKey(pem));
  }

  /** The private key. */
  get pem(): string {
    return this.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  }

  /** The public half. */
  get jwk(): CheckpointJwk {
    return checkpointJwk(this.publicKey);
  }

  sign(checkpoint: Omit<Checkpoint, 'key'>): SignedCheckpoint {
    const named: Checkpoint = { ...checkpoint, key: this.id };
    return { ...named, ...this.signText(checkpointText(named)) };
  }

  /** @param text begins with what it is, so that nothing can be taken for something else */
  signText(text: string): Pick<SignedCheckpoint, 'public_key' | 'signature'> {
    const signature = sign(null, Buffer.from(text), this.privateKey).toString('base64url');
    return { public_key: this.publicKey, signature };
  }
}

/** Whether the key that a checkpoint names has signed it. Whose key that is, the caller must know. */
export const isSignatureGood = (checkpoint: SignedCheckpoint): boolean => {
  const { public_key: x, signature, key } = checkpoint;
  return keyIdOf(x) === key && isSigned(checkpointText(checkpoint), x, signature);
};

/** @param x of the public JWK */
export const isSigned = (text: string, x: string, signature: string): boolean => {
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'));
  } catch {
    // Not a key.
    return false;
  }
};
