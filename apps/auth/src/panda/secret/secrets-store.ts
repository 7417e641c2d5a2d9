import { Injectable } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { entriesUnder } from '#storage/entries-under.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { type Encrypted, SecretKeys } from '#platform/secret-keys.js';
import type { Secrets } from './change-secrets.js';
import type { CurrentSecrets } from './secrets-projection.js';

const PREFIX = 'panda-secrets/';

interface Sealed {
  readonly owner: string;
  readonly sealed: Encrypted;
}

/** Binds the sealed text to its owner: moved elsewhere it cannot be opened. */
const contextOf = (owner: string): string => JSON.stringify(['panda-secrets', owner]);

/** Sealed secrets in the key-value store, by their ids. The ledger says which of them are current. */
@Injectable()
export class SecretsStore {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly keys: SecretKeys,
    private readonly log: Log,
  ) {}

  async put(id: string, owner: string, secrets: Secrets): Promise<void> {
    await this.putText(id, owner, JSON.stringify(secrets));
  }

  /** Undefined when the key that sealed them is gone. */
  async read(id: string, owner: string): Promise<Secrets | undefined> {
    const value = await this.keyValueStore.get(PREFIX + id);
    const text =
      value === undefined ? undefined : this.keys.decrypt((JSON.parse(value) as Sealed).sealed, contextOf(owner));
    if (text !== undefined) return JSON.parse(text) as Secrets;
    this.log.error({ secretsId: id }, 'Secrets of a user cannot be opened: their key is missing');
    return undefined;
  }

  async forget(id: string): Promise<void> {
    await this.keyValueStore.delete(PREFIX + id);
  }

  /** Seals with the current key what an old key sealed, and deletes what a crash left of older secrets. */
  async tidy(current: CurrentSecrets): Promise<void> {
    for await (const { key, value } of entriesUnder(this.keyValueStore, PREFIX)) {
      const id = key.slice(PREFIX.length);
      const { owner, sealed } = JSON.parse(value) as Sealed;
      const currentId = current.of(owner);
      // One that is newer than the current ones may belong to a change whose end nobody knows.
      if (currentId !== undefined && (currentId === null || id < currentId)) await this.forget(id);
      else if (sealed.key_id !== this.keys.currentId) await this.sealAgain(id, owner, sealed);
    }
  }

  private async sealAgain(id: string, owner: string, sealed: Encrypted): Promise<void> {
    const text = this.keys.decrypt(sealed, contextOf(owner));
    if (text !== undefined) await this.putText(id, owner, text);
    else this.log.error({ secretsId: id }, 'Secrets of a user cannot be opened: their key is missing');
  }

  private async putText(id: string, owner: string, text: string): Promise<void> {
    const sealed: Sealed = { owner, sealed: this.keys.encrypt(text, contextOf(owner)) };
    await this.keyValueStore.put(PREFIX + id, JSON.stringify(sealed));
  }
}
