import { Log } from '#platform/logging.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { type CredentialOwner, ownerKey } from '#contracts/credentials.js';
import type { CredentialRecord } from '#contracts/credential-events.js';
import { entriesUnder } from '#storage/entries-under.js';
import type { Credential } from './credential.js';
import type { CredentialRecords } from './credential-projection.js';
import type { Sealed, SecretKeys } from './secret-keys.js';

const PREFIX = 'credential/';

/** A current credential. Without its content when the key that encrypted it is gone. */
export interface Kept {
  readonly fact: CredentialRecord;
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
    const sealed = this.keys.seal(JSON.stringify(credential), contextOf({ owner, url: credential.url }));
    await this.keyValueStore.put(PREFIX + id, JSON.stringify(sealed));
  }

  async read(facts: readonly CredentialRecord[]): Promise<readonly Kept[]> {
    const boxes = await this.keyValueStore.getAll(facts.map(({ credential_id }) => PREFIX + credential_id));
    return facts.map((fact) => {
      const box = boxes.get(PREFIX + fact.credential_id);
      const text = box === undefined ? undefined : this.keys.unseal(JSON.parse(box) as Sealed, contextOf(fact));
      if (text !== undefined) return { fact, credential: JSON.parse(text) as Credential };
      this.log.error({ credentialId: fact.credential_id }, 'A credential cannot be decrypted: its key is missing');
      return { fact };
    });
  }

  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.keyValueStore.delete(PREFIX + id);
  }

  /** Encrypts with the current key what an old key encrypted, and deletes what a crash left of deleted credentials. */
  async tidy(facts: CredentialRecords): Promise<void> {
    for await (const { key, value } of entriesUnder(this.keyValueStore, PREFIX)) {
      await this.tidyOne(key.slice(PREFIX.length), value, facts);
    }
  }

  private async tidyOne(id: string, value: string, facts: CredentialRecords): Promise<void> {
    if (facts.ended(id)) {
      await this.forget([id]);
      return;
    }
    const fact = facts.named(id);
    const sealed = JSON.parse(value) as Sealed;
    if (fact === undefined || sealed.key_id === this.keys.currentId) return;
    const text = this.keys.unseal(sealed, contextOf(fact));
    if (text === undefined) {
      this.log.error(
        { credentialId: id, keyId: sealed.key_id },
        'A credential cannot be decrypted: its key is missing',
      );
      return;
    }
    await this.keyValueStore.put(PREFIX + id, JSON.stringify(this.keys.seal(text, contextOf(fact))));
  }
}
