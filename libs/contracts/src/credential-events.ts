import { ref, streamName } from '#ledger/ref.js';
import { type CredentialOwner, ownerKey } from './iceprod/credentials.js';

/** What is known of a credential outside the keep: nothing secret. `key_id` names the key that it was sealed with. */
export type CredentialFact = {
  readonly credential_id: string;
  readonly owner: CredentialOwner;
  readonly url: string;
  readonly type: string;
  readonly key_id: string;
};

/** Facts of streams `credential-…`, one per owner; written and read by `auth`. */
export interface CredentialEvents {
  /** In the place of those that it names. */
  readonly CredentialStored: CredentialFact & { readonly replaces: readonly string[] };
  readonly CredentialDeleted: CredentialFact;
}

export const credentialStream = (owner: CredentialOwner): string =>
  streamName('credential', ref('iceprod', 'main', ownerKey(owner)));
