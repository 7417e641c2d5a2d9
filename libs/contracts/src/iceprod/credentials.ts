import { command, type Caller, query } from '#bus/contract.js';

/** Whose a credential is: exactly the members that its document shows (contract 19). */
export type CredentialOwner =
  | { readonly username: string }
  | { readonly groupname: string }
  | { readonly dataset_id: string; readonly task_name?: string };

/** One text per owner. */
export const ownerKey = (owner: CredentialOwner): string => {
  if ('username' in owner) return JSON.stringify(['user', owner.username]);
  if ('groupname' in owner) return JSON.stringify(['group', owner.groupname]);
  const { dataset_id, task_name } = owner;
  return JSON.stringify(task_name === undefined ? ['dataset', dataset_id] : ['dataset', dataset_id, task_name]);
};

/** Plain users have their own credentials and those of their groups; those of datasets are for services. */
export const mayUseCredentials = ({ roles, username, groups }: Caller, owner: CredentialOwner): boolean => {
  if (roles.includes('admin') || roles.includes('system')) return true;
  if (!roles.includes('user')) return false;
  if ('username' in owner) return owner.username === username;
  return 'groupname' in owner && groups.includes(owner.groupname);
};

export const CREDENTIAL_TYPES = ['s3', 'oauth'] as const;
export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

/** What a client says of a credential; which members it must have follows from the type. */
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

type OfOwner = { readonly owner: CredentialOwner };

export const StoreCredential = command<OfOwner & CredentialFields, { credential_id: string }>(
  'auth',
  'credentials.store',
);
export const AmendCredential = command<OfOwner & CredentialFields, { credential_id: string }>(
  'auth',
  'credentials.amend',
);
export const DeleteCredentials = command<OfOwner & CredentialFilters, { deleted: number }>(
  'auth',
  'credentials.delete',
);

/** Replies an array of documents as raw JSON. */
export const ListCredentials = query<
  OfOwner & CredentialFilters & { readonly norefresh: boolean },
  { document: string }
>('auth', 'credentials.list');
/** Replies an array of documents as raw JSON: those whose tokens another client got. */
export const ExchangeCredentials = query<
  OfOwner & CredentialFilters & { readonly client_id: string; readonly new_scope?: string },
  { document: string }
>('auth', 'credentials.exchange');

export interface CreateCredentialRequest {
  readonly username: string;
  readonly scope: string;
  readonly url: string;
  readonly transfer_prefix: string;
}
/** Mints an OAuth credential that is kept nowhere; replies its document as raw JSON. */
export const CreateCredential = command<CreateCredentialRequest, { document: string }>('auth', 'credentials.create');
