import type { Dialect } from '#ledger/ref.js';

/** Who holds a credential. */
export type CredentialOwner =
  | { readonly user: string }
  | { readonly group: string }
  | { readonly dialect: Dialect; readonly workload_id: string; readonly unit_name?: string };

/** One text per owner. */
export const ownerKey = (owner: CredentialOwner): string => {
  if ('user' in owner) return JSON.stringify(['user', owner.user]);
  if ('group' in owner) return JSON.stringify(['group', owner.group]);
  const { dialect, workload_id, unit_name } = owner;
  const key = ['workload', dialect, workload_id];
  return JSON.stringify(unit_name === undefined ? key : [...key, unit_name]);
};

export const CREDENTIAL_TYPES = ['s3', 'oauth'] as const;
export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

/** A credential as clients send it. The type decides which members are required. */
export interface CredentialFields {
  readonly url: string;
  readonly type: CredentialType;
  readonly transfer_prefix?: string;
  readonly buckets?: readonly string[];
  readonly access_key?: string;
  readonly secret_key?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly scope?: string;
  /** Unix seconds. */
  readonly expiration?: number;
  /** Unix seconds. */
  readonly last_use?: number;
}

/** Empty filters match everything. */
export interface CredentialFilters {
  readonly url?: string;
  readonly transfer_prefix?: string;
  readonly scope?: string;
}
