import { credentialMentions } from '../index/engine-mentions.js';
import type { Mentioned, MentionsOf } from '../index/mentioned.js';

const ofUser = ({ username }: { readonly username: string }): Mentioned => ({ people: [username] });

export const mentions: MentionsOf<'cairn'> = {
  ...credentialMentions,
  UserCreated: ofUser,
  UserPrioritized: ofUser,
  UserJoinedGroup: ofUser,
  UserGroupsAssigned: ofUser,
  UserRolesAssigned: ofUser,
  UserTokensRevoked: ofUser,
  UserDeleted: ofUser,
  WebhookRegistered: ({ owner }) => ({ people: [owner.username] }),
  WebhookResumed: ({ owner }) => ({ people: [owner.username] }),
};
