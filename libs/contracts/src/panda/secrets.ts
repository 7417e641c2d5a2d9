import { command, type Nothing, query } from '#bus/contract.js';
import { ref, streamName } from '#ledger/ref.js';

/** Events of streams `credential-panda.main.<owner>`; written and read by `auth`. The secrets themselves are sealed in its key-value store. */
export interface UserSecretsEvents {
  /** All secrets of an owner, one of them changed, were sealed in place of those before. */
  readonly UserSecretsSealed: {
    readonly owner: string;
    /** Names them in the key-value store; null when the owner has none any more. Later ones are greater. */
    readonly secrets_id: string | null;
  };
}

/** @param owner compact name */
export const secretsStream = (owner: string): string => streamName('credential', ref('panda', 'main', owner));

export interface ChangeSecretsRequest {
  /** Compact name. */
  readonly owner: string;
  /** Null changes all: they are deleted (contract 6.1). */
  readonly key: string | null;
  /** Null deletes the key and its twin that holds a file. */
  readonly value: string | null;
}

/** Refused with kind `invalid` when they get too large. */
export const ChangeSecrets = command<ChangeSecretsRequest, Nothing>('auth', 'panda.secrets.change', [], {
  isSealed: true,
});

/** `document` is JSON text of an object of texts; of those keys only, if some are named. Absent when the owner has no secrets. */
export const GetSecretsOfOwner = query<
  { readonly owner: string; readonly keys?: readonly string[] },
  { readonly document?: string }
>('auth', 'panda.secrets.of-owner', { isSealed: true });

/** The content of a file of the operator's folder of keys; nothing when there is no such file. */
export const GetKeyFile = query<{ readonly name: string }, { readonly found?: string }>('auth', 'panda.grant.key', {
  isSealed: true,
});

/** A proxy that the operator keeps for somebody; without a role the one that is for none. */
export const GetProxy = query<{ readonly dn: string; readonly role: string | null }, { readonly found?: string }>(
  'auth',
  'panda.grant.proxy',
  { isSealed: true },
);

/** A token of a client that the operator has set up. `invalid-key`: the client demands its token key. */
export const GetAccessToken = query<
  { readonly client_name: string; readonly token_key: string | null },
  { readonly found?: string; readonly refusal?: 'invalid-key' }
>('auth', 'panda.grant.token', { isSealed: true });

export const GetTokenKey = query<{ readonly client_name: string }, { readonly found?: string }>(
  'auth',
  'panda.grant.token-key',
  { isSealed: true },
);
