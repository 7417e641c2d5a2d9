import { command, type Nothing, query } from '#bus/contract.js';
import type { AccessAction, AccessRule } from '../access.js';

export interface SetAccessRuleRequest {
  readonly dataset_id: string;
  readonly read_groups: readonly string[];
  readonly write_groups: readonly string[];
  readonly read_users?: readonly string[];
  readonly write_users?: readonly string[];
}

export const SetAccessRule = command<SetAccessRuleRequest, Nothing>('auth', 'access.set', ['datasets', 'tasks']);
export const GetAccessRule = query<{ dataset_id: string }, AccessRule>('auth', 'access.get');

export interface AuthorizeNamedRequest {
  /** Attribute that rules hang on: `dataset_id`. */
  readonly name: string;
  readonly value: string;
  readonly role: string;
  readonly username: string;
  readonly groups: readonly string[];
}
/** Whether a user of this name and these groups has access; the caller does not matter (contract 14). */
export const AuthorizeNamed = query<AuthorizeNamedRequest, Nothing>('auth', 'access.authorize-named');
/** Whether the caller has access (contract 14). */
export const AuthorizeOwnAccess = query<{ dataset_id: string; action: AccessAction }, Nothing>(
  'auth',
  'access.authorize-own',
);

/** Replies `{"results": [...]}` as raw JSON. */
export const ListUsers = query<{ username?: string }, { document: string }>('auth', 'users.list');
/** `user` is a name or an id. */
export const GetUser = query<{ user: string }, { document: string }>('auth', 'users.get', { calledBy: ['datasets'] });
/** Replies `{"results": [...]}`: names of groups. */
export const GetUserGroups = query<{ user: string }, { results: readonly string[] }>('auth', 'users.groups');

export interface CreateUserRequest {
  readonly username: string;
  readonly priority?: number;
  readonly groups?: readonly string[];
  readonly roles?: readonly string[];
  /** Further members of the record: the text of a JSON object. */
  readonly extra?: string;
  /** What a second record of the same name counts as: the two routes differ (contract 13). */
  readonly duplicate: 'invalid' | 'conflict';
}
export const CreateUser = command<CreateUserRequest, { user_id: string }>('auth', 'users.create');
export const DeleteUser = command<{ user: string }, Nothing>('auth', 'users.delete');
export const PrioritizeUser = command<{ username: string; priority: number }, Nothing>('auth', 'users.prioritize');
export const AddUserToGroup = command<{ user: string; group: string }, Nothing>('auth', 'users.join');
export const AssignUserGroups = command<{ user: string; groups: readonly string[] }, Nothing>('auth', 'users.regroup');
export const AssignUserRoles = command<{ user: string; roles: readonly string[] }, Nothing>('auth', 'users.assign');

export interface GroupRequest {
  readonly name: string;
  readonly priority?: number;
  /** Further members of the group's document: the text of a JSON object. */
  readonly extra: string;
}
/** Replies `{"results": [...]}` as raw JSON. */
export const ListGroups = query<Nothing, { document: string }>('auth', 'groups.list');
/** `group` is a name or an id. */
export const GetGroup = query<{ group: string }, { document: string }>('auth', 'groups.get');
export const CreateGroup = command<GroupRequest, { group_id: string }>('auth', 'groups.create', ['datasets']);
/** Creates the group, or changes the given members. */
export const DescribeGroup = command<GroupRequest, Nothing>('auth', 'groups.describe', ['datasets']);
export const DeleteGroup = command<{ group: string }, Nothing>('auth', 'groups.delete', ['datasets']);

export const ListRoles = query<Nothing, { results: readonly string[] }>('auth', 'roles.list');
export const GetRole = query<{ name: string }, { document: string }>('auth', 'roles.get');
/** `extra` is the text of a JSON object: the role's document without its name. */
export const DefineRole = command<{ name: string; extra: string }, Nothing>('auth', 'roles.define');
export const DeleteRole = command<{ name: string }, Nothing>('auth', 'roles.delete');

export interface LogInRequest {
  readonly username: string;
  readonly password: string;
  /** Network address of the client, for which wrong passwords are counted. */
  readonly address: string;
}
/** Checks a password; replies the whole answer as raw JSON (contract 15). */
export const LogIn = command<LogInRequest, { document: string }>('auth', 'login', [], { isSealed: true });

/** What a verified token says about itself, where that decides which tokens it may be exchanged for (contract 15). */
export interface PresentedToken {
  /** Signed with the secret (kind B) or with a key (kind A). */
  readonly kind: 'secret' | 'key';
  /** Claim of kind B, required there. Whose token it is, says the caller. */
  readonly username?: string;
  readonly role?: string;
  readonly type?: string;
  /** Seconds since the Unix epoch. */
  readonly expiresAtSeconds: number;
}
export interface CreateTokenRequest {
  readonly presented: PresentedToken;
  readonly type?: string;
  readonly role?: string;
  /** Seconds from now; not a whole number when the client sent no such. */
  readonly exp?: number;
}
export const CreateToken = command<CreateTokenRequest, { token: string }>('auth', 'tokens.create', [], {
  isSealed: true,
});
