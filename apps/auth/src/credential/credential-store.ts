import { Log } from '#platform/logging.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { type CredentialOwner, ownerKey } from '#contracts/credentials.js';
import type { CredentialRecord } from '#contracts/credential-events.js';
import { entriesUnder } from '#storage/entries-under.js';
import type { Credential } from './credential.js';
import type { CredentialRecords } from './credential-projection.js';
import type { Encrypted, SecretKeys } from '#platform/secret-keys.js';

const PREFIX = 'credential/';

/** A current credential. Without its content when the key that encrypted it is gone. */
export interface Kept {
  readonly record: CredentialRecord;
  readonly credential?: Credential;
}

/** Binds encrypted text to its owner and URL: moved elsewhere it cannot be decrypted. */
const contextOf = ({ owner, url }: Pick<CredentialRecord, 'owner' | 'url'>): string =>
  JSON.stringify([ownerKey(owner), url]);

/** Encrypted credentials in the key-value store, by their ids. The ledger says which of them are current. */
export class CredentialStore {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly keys: SecretKeys,
    private readonly log: Log,
  ) {}

  get keyId(): string {
    return this.keys.currentId;
  }

  async put(id: string, owner: CredentialOwner, credential: Credential): Promise<void> {
    const encrypted = this.keys.encrypt(JSON.stringify(credential), contextOf({ owner, url: credential.url }));
    await this.keyValueStore.put(PREFIX + id, JSON.stringify(encrypted));
  }

  async read(records: readonly CredentialRecord[]): Promise<readonly Kept[]> {
    const boxes = await this.keyValueStore.getAll(records.map(({ credential_id }) => PREFIX + credential_id));
    return records.map((record) => {
      const box = boxes.get(PREFIX + record.credential_id);
      const text = box === undefined ? undefined : this.keys.decrypt(JSON.parse(box) as Encrypted, contextOf(record));
      if (text !== undefined) return { record, credential: JSON.parse(text) as Credential };
      this.log.error({ credentialId: record.credential_id }, 'A credential cannot be decrypted: its key is missing');
      return { record };
    });
  }

  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.keyValueStore.delete(PREFIX + id);
  }

  /** Encrypts with the current key what an old key encrypted, and deletes what a crash left of deleted credentials. */
  async tidy(records: CredentialRecords): Promise<void> {
    for await (const { key, value } of entriesUnder(this.keyValueStore, PREFIX)) {
      await this.tidyOne(key.slice(PREFIX.length), value, records);
    }
  }

  private async tidyOne(id: string, value: string, records: CredentialRecords): Promise<void> {
    if (records.ended(id)) {
      await this.forget([id]);
      return;
    }
    const record = records.named(id);
    const encrypted = JSON.parse(value) as Encrypted;
    if (record === undefined || encrypted.key_id === this.keys.currentId) return;
    const text = this.keys.decrypt(encrypted, contextOf(record));
    if (text === undefined) {
      this.log.error(
        { credentialId: id, keyId: encrypted.key_id },
        'A credential cannot be decrypted: its key is missing',
      );
      return;
    }
    await this.keyValueStore.put(PREFIX + id, JSON.stringify(this.keys.encrypt(text, contextOf(record))));
  }
}
