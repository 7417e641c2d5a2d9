import { Log } from '#platform/logging.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { type CredentialOwner, ownerKey } from '#contracts/iceprod/credentials.js';
import type { CredentialFact } from '#contracts/credential-events.js';
import { entriesUnder } from '../key-value-entries.js';
import type { Credential } from './credential.js';
import type { CredentialFacts } from './credential-projection.js';
import type { Sealed, SecretKeys } from './secret-keys.js';

const PREFIX = 'credential/';

/** A credential that counts. Without its content when the key that sealed it is gone. */
export interface Kept {
  readonly fact: CredentialFact;
  readonly credential?: Credential;
}

/** What a box is sealed for: moved to another owner or place it does not open. */
const contextOf = ({ owner, url }: Pick<CredentialFact, 'owner' | 'url'>): string =>
  JSON.stringify([ownerKey(owner), url]);

/** Sealed credentials in the keep, by their ids. Which of them count is told by the ledger. */
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

  async read(facts: readonly CredentialFact[]): Promise<readonly Kept[]> {
    const boxes = await this.keyValueStore.getAll(facts.map(({ credential_id }) => PREFIX + credential_id));
    return facts.map((fact) => {
      const box = boxes.get(PREFIX + fact.credential_id);
      const text = box === undefined ? undefined : this.keys.unseal(JSON.parse(box) as Sealed, contextOf(fact));
      if (text !== undefined) return { fact, credential: JSON.parse(text) as Credential };
      this.log.error({ credentialId: fact.credential_id }, 'a credential does not open: its key is missing');
      return { fact };
    });
  }

  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.keyValueStore.delete(PREFIX + id);
  }

  /** Seals with the current key what another has sealed, and deletes what a crash kept of those that have ended. */
  async tidy(facts: CredentialFacts): Promise<void> {
    for await (const { key, value } of entriesUnder(this.keyValueStore, PREFIX)) {
      await this.tidyOne(key.slice(PREFIX.length), value, facts);
    }
  }

  private async tidyOne(id: string, value: string, facts: CredentialFacts): Promise<void> {
    if (facts.ended(id)) {
      await this.forget([id]);
      return;
    }
    const fact = facts.named(id);
    const sealed = JSON.parse(value) as Sealed;
    if (fact === undefined || sealed.key_id === this.keys.currentId) return;
    const text = this.keys.unseal(sealed, contextOf(fact));
    if (text === undefined) {
      this.log.error({ credentialId: id, keyId: sealed.key_id }, 'a credential does not open: its key is missing');
      return;
    }
    await this.keyValueStore.put(PREFIX + id, JSON.stringify(this.keys.seal(text, contextOf(fact))));
  }
}
