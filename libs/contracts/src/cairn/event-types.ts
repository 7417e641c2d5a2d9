import type { BatchEvents } from '../batch-events.js';
import type { CredentialEvents } from '../credential-events.js';
import type { DirectoryEvents } from '../directory-events.js';
import type { CheckpointEvents } from './proof.js';
import type { RewriteEvents } from './rewrite-events.js';
import type { UserEvents } from '../user-events.js';
import type { WebhookEvents } from './webhook-events.js';

/** All events of streams that belong to no dialect, by type. */
export type CairnEventTypes = UserEvents &
  DirectoryEvents &
  CredentialEvents &
  WebhookEvents &
  CheckpointEvents &
  RewriteEvents &
  BatchEvents;

/** The schema version in which each is recorded. */
export const CAIRN_EVENT_VERSIONS: Readonly<Record<keyof CairnEventTypes, number>> = {
  ...{ UserCreated: 1, UserPrioritized: 1, UserJoinedGroup: 1, UserGroupsAssigned: 1, UserRolesAssigned: 1 },
  ...{ UserTokensRevoked: 1, UserDeleted: 1 },
  ...{ GroupCreated: 1, GroupDescribed: 1, GroupDeleted: 1, RoleDefined: 1, RoleDeleted: 1 },
  ...{ CredentialStored: 1, CredentialDeleted: 1, CheckpointSigned: 1, EventsRewritten: 1, BatchAbandoned: 1 },
  ...{ WebhookRegistered: 1, WebhookPaused: 1, WebhookResumed: 1, WebhookDeleted: 1 },
};
