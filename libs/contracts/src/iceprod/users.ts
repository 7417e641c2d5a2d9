import { command, query } from '#bus/contract.js';
import type { AccessRule } from './access.js';

/** Groups that always exist, with their priorities, in this order (contract 2.2, 13). */
export const BUILT_IN_GROUPS: readonly { readonly name: string; readonly priority: number }[] = [
  { name: 'admin', priority: 1.0 },
  { name: 'simprod', priority: 0.5 },
  { name: 'filtering', priority: 0.9 },
  { name: 'users', priority: 0.8 },
];

export interface SetAccessRuleRequest {
  readonly dataset_id: string;
  readonly read_groups: readonly string[];
  readonly write_groups: readonly string[];
  readonly read_users?: readonly string[];
  readonly write_users?: readonly string[];
}

export const SetAccessRule = command<SetAccessRuleRequest, Record<never, never>>('auth', 'access.set', [
  'datasets',
  'tasks',
]);
export const GetAccessRule = query<{ dataset_id: string }, AccessRule>('auth', 'access.get');
/** Replies `{"results": [...]}` as raw JSON. */
export const ListUsers = query<{ username?: string }, { document: string }>('auth', 'users.list');
/** Public keys (JWK set) of the embedded issuer. */
export const GetSigningKeys = query<Record<never, never>, { keys: readonly Readonly<Record<string, unknown>>[] }>(
  'auth',
  'keys.get',
);
