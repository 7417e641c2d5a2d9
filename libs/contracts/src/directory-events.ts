import { ref, streamName } from '#ledger/ref.js';

/** What a group or role has besides name and priority is the text of a JSON object (`extra`). */
export interface DirectoryEvents {
  /** A group was created. */
  readonly GroupCreated: {
    readonly group_id: string;
    readonly name: string;
    readonly priority: number;
    readonly extra: string;
  };
  /** A group was changed: all of it that can change, with the new values. */
  readonly GroupDescribed: { readonly name: string; readonly priority: number; readonly extra: string };
  /** A group was deleted. */
  readonly GroupDeleted: { readonly name: string };
  /** A role was created or changed: it has exactly these members from then on. */
  readonly RoleDefined: { readonly name: string; readonly extra: string };
  /** A role was deleted. */
  readonly RoleDeleted: { readonly name: string };
}

/** All groups are in one stream, so that their names and ids are unique; roles likewise. Written by `auth`. */
export const GROUPS_STREAM = streamName('directory', ref('cairn', 'main', 'groups'));
export const ROLES_STREAM = streamName('directory', ref('cairn', 'main', 'roles'));
