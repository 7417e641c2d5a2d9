import { EVERY } from '#contracts/cairn/objects.js';
import { credentialMentions } from '../index/engine-mentions.js';
import type { Mentioned, MentionsOf } from '../index/mentioned.js';

const ofUser = ({ username }: { readonly username: string }): Mentioned => ({ people: [username] });

/** Every group may have got, or lost, a member. */
const ofMember = ({ username }: { readonly username: string }): Mentioned => ({
  people: [username],
  objects: [`user_group/${EVERY}`],
});

const ofGroup = ({ name }: { readonly name: string }): Mentioned => ({ objects: [`user_group/${name}`] });
const ofRole = ({ name }: { readonly name: string }): Mentioned => ({ objects: [`role/${name}`] });
const ofWebhook = ({ webhook_id: id }: { readonly webhook_id: string }): Mentioned => ({ objects: [`webhook/${id}`] });

export const mentions: MentionsOf<'cairn'> = {
  ...credentialMentions,
  UserCreated: ofMember,
  UserPrioritized: ofUser,
  UserJoinedGroup: ({ username, group }) => ({ ...ofUser({ username }), ...ofGroup({ name: group }) }),
  UserGroupsAssigned: ofMember,
  UserRolesAssigned: ofUser,
  UserTokensRevoked: ofUser,
  UserDeleted: ofMember,
  GroupCreated: ofGroup,
  GroupDescribed: ofGroup,
  GroupDeleted: ofGroup,
  RoleDefined: ofRole,
  RoleDeleted: ofRole,
  WebhookRegistered: ({ owner, webhook_id }) => ({ people: [owner.username], ...ofWebhook({ webhook_id }) }),
  WebhookPaused: ofWebhook,
  WebhookResumed: ({ owner, webhook_id }) => ({ people: [owner.username], ...ofWebhook({ webhook_id }) }),
  WebhookDeleted: ofWebhook,
  CheckpointSigned: ({ number }) => ({ objects: [`checkpoint/${number}`] }),
};
