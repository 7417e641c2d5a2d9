import { type Caller, command, type Nothing, query } from '#bus/contract.js';
import { actsForGroup, isPrivileged } from '../access.js';
import type { CredentialFields, CredentialFilters } from '../credentials.js';

/** Whose a credential is: exactly the members that its document shows (contract 19). */
export type IceprodCredentialOwner =
  | { readonly username: string }
  | { readonly groupname: string }
  | { readonly dataset_id: string; readonly task_name?: string };

/** Plain users have their own credentials and those of their groups; those of datasets are for services. */
export const mayUseCredentials = (caller: Caller, owner: IceprodCredentialOwner): boolean => {
  if (isPrivileged(caller)) return true;
  if (!caller.roles.includes('user')) return false;
  if ('username' in owner) return owner.username === caller.username;
  return 'groupname' in owner && actsForGroup(caller, owner.groupname);
};

type OfOwner = { readonly owner: IceprodCredentialOwner };

export const StoreCredential = command<OfOwner & CredentialFields, { credential_id: string }>(
  'auth',
  'credentials.store',
  [],
  { calledBy: ['datasets'], isSealed: true },
);
export const AmendCredential = command<OfOwner & CredentialFields, { credential_id: string }>(
  'auth',
  'credentials.amend',
  [],
  { isSealed: true },
);
export const DeleteCredentials = command<OfOwner & CredentialFilters, { deleted: number }>(
  'auth',
  'credentials.delete',
  [],
  { calledBy: ['datasets'] },
);

/** Replies an array of documents as raw JSON. */
export const ListCredentials = query<
  OfOwner & CredentialFilters & { readonly norefresh: boolean },
  { document: string }
>('auth', 'credentials.list', { calledBy: ['datasets'], isSealed: true });
/** Replies an array of documents as raw JSON: those whose tokens another client got. */
export const ExchangeCredentials = query<
  OfOwner & CredentialFilters & { readonly client_id: string; readonly new_scope?: string },
  { document: string }
>('auth', 'credentials.exchange', { isSealed: true });

/** When the service started and when it last asked an issuer for new tokens; `''` before the first time (contract 20). */
export interface CredentialHealth {
  readonly start_time: string;
  readonly last_run_time: string;
  readonly last_success_time: string;
}
export const GetCredentialHealth = query<Nothing, CredentialHealth>('auth', 'credentials.health');

export interface CreateCredentialRequest {
  readonly username: string;
  readonly scope: string;
  readonly url: string;
  readonly transfer_prefix: string;
}
/** Mints an OAuth credential that is kept nowhere; replies its document as raw JSON. */
export const CreateCredential = command<CreateCredentialRequest, { document: string }>(
  'auth',
  'credentials.create',
  [],
  { calledBy: ['datasets'], isSealed: true },
);
