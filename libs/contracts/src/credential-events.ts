import { ref, streamName } from '#ledger/ref.js';
import { type CredentialOwner, ownerKey } from './credentials.js';

/** What is known about a credential outside the key-value store: nothing secret. `key_id` names the key that encrypts it. */
export type CredentialRecord = {
  readonly credential_id: string;
  readonly owner: CredentialOwner;
  readonly url: string;
  readonly type: string;
  readonly key_id: string;
};

/** Events of streams `credential-<ref>`, one per owner; written and read by `auth`. */
export interface CredentialEvents {
  /** A credential was stored. It replaces those that `replaces` names. Nothing secret is said of it; `key_id` names the key that encrypts it. */
  readonly CredentialStored: CredentialRecord & { readonly replaces: readonly string[] };
  /** A credential was deleted. */
  readonly CredentialDeleted: CredentialRecord;
}

export const credentialStream = (owner: CredentialOwner): string =>
  streamName('credential', ref('dialect' in owner ? owner.dialect : 'cairn', 'main', ownerKey(owner)));
