/** Facts of streams `user-cairn.main.<username>`; written and read by `auth`. All name the user, because a long name is hashed in a stream's. */
export interface UserEvents {
  /** From then on there is a record, whatever there was before. `extra` is the text of a JSON object. */
  readonly UserCreated: {
    readonly user_id: string;
    readonly username: string;
    readonly priority: number;
    readonly groups: readonly string[];
    readonly roles: readonly string[];
    readonly extra: string;
  };
  readonly UserPrioritized: { readonly username: string; readonly priority: number };
  readonly UserJoinedGroup: { readonly username: string; readonly group: string };
  /** The groups are these and no other. */
  readonly UserGroupsAssigned: { readonly username: string; readonly groups: readonly string[] };
  /** The roles are these and no other. */
  readonly UserRolesAssigned: { readonly username: string; readonly roles: readonly string[] };
  /** Gone, until enrolled again or implied by a later submission. */
  readonly UserDeleted: { readonly username: string };
}

export const USER_EVENT_TYPES = [
  'UserCreated',
  'UserPrioritized',
  'UserJoinedGroup',
  'UserGroupsAssigned',
  'UserRolesAssigned',
  'UserDeleted',
] as const satisfies readonly (keyof UserEvents)[];

/** A fact of a user's stream. */
export type UserEvent = {
  readonly [Type in keyof UserEvents]: { readonly type: Type; readonly data: UserEvents[Type] };
}[keyof UserEvents];
