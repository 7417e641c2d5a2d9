/** Events of streams `user-cairn.main.<username>`; written and read by `auth`. All name the user, because a stream's name holds a long name as a hash. */
export interface UserEvents {
  /** The user has a record from then on, whatever there was before. `extra` is the text of a JSON object. */
  readonly UserCreated: {
    readonly user_id: string;
    readonly username: string;
    readonly priority: number;
    readonly groups: readonly string[];
    readonly roles: readonly string[];
    readonly extra: string;
  };
  /** The user got another priority. */
  readonly UserPrioritized: { readonly username: string; readonly priority: number };
  /** The user became a member of one more group. */
  readonly UserJoinedGroup: { readonly username: string; readonly group: string };
  /** The user's groups are these and no other. */
  readonly UserGroupsAssigned: { readonly username: string; readonly groups: readonly string[] };
  /** The user's roles are these and no other. */
  readonly UserRolesAssigned: { readonly username: string; readonly roles: readonly string[] };
  /** Tokens that were issued to the user until then (milliseconds since the Unix epoch) are refused. `UserDeleted` has the same effect. */
  readonly UserTokensRevoked: { readonly username: string; readonly issued_until_ms: number };
  /** The user has no record until it is created again or a later submission implies one. */
  readonly UserDeleted: { readonly username: string };
}
