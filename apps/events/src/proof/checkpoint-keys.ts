import { Injectable } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { type Encrypted, SecretKeys } from '#platform/secret-keys.js';
import { CheckpointKey } from '#ledger/proof/checkpoint.js';
import { KeyValueStore } from '#storage/key-value-store.js';

const KEY = 'checkpoint-key';
/** What the key is encrypted for. */
const CONTEXT = 'cairn checkpoint key';

/** The key that signs checkpoints: encrypted in the key-value store, made when it is missing. */
@Injectable()
export class CheckpointKeys {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly environment: Environment,
  ) {}

  /** @throws DomainError when the key that encrypted it is gone */
  async current(): Promise<CheckpointKey> {
    const secrets = await SecretKeys.of(this.environment);
    const kept = await this.keyValueStore.get(KEY);
    if (kept === undefined) {
      const made = CheckpointKey.make();
      await this.keyValueStore.put(KEY, JSON.stringify(secrets.encrypt(made.pem, CONTEXT)));
      return made;
    }
    const pem = secrets.decrypt(JSON.parse(kept) as Encrypted, CONTEXT);
    if (pem !== undefined) return CheckpointKey.of(pem);
    throw new DomainError(
      'state',
      'checkpoint.key-missing',
      "The key that signs checkpoints cannot be decrypted: give its CAIRN_SECRET_KEY, or make another one with 'cairn checkpoint rotate-key'",
    );
  }

  /** Has the next checkpoint signed with a new key. */
  forget(): Promise<void> {
    return this.keyValueStore.delete(KEY);
  }
}
