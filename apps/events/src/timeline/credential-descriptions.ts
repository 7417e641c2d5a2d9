import type { ObjectName } from '#contracts/cairn/objects.js';
import type { CredentialEvents, CredentialRecord } from '#contracts/credential-events.js';
import type { CredentialOwner } from '#contracts/credentials.js';
import type { DescriptionsOf } from './description.js';
import { exactly, plainValues } from './values.js';

const ownerText = (owner: CredentialOwner): string => {
  if ('user' in owner) return `of ${owner.user}`;
  if ('group' in owner) return `of the group ${owner.group}`;
  return `of ${owner.workload_id}${owner.unit_name === undefined ? '' : ` for ${owner.unit_name}`}`;
};

/** What is kept of a credential: nothing secret. Each is a value of its own, named by its URL. */
const shown = (url: string): string => `credential ${url}`;

const objectOf = ({ credential_id: id }: CredentialRecord): ObjectName => `credential/${id}`;

const recordOf = ({ credential_id, owner, url, type, key_id }: CredentialRecord): Map<string, string> =>
  plainValues({ credential_id, owner, url, type, key_id });

export const credentialDescriptions: DescriptionsOf<CredentialEvents> = {
  CredentialStored: {
    what: ({ owner, url, type, replaces }) =>
      `stored a credential (${type}) ${ownerText(owner)} for ${url}${replaces.length > 0 ? ' in place of another' : ''}`,
    sets: {
      person: ({ url, credential_id, type }) => plainValues({ [shown(url)]: { credential_id, type } }),
      // Another one may have taken its place.
      object: (stored, { id, before }) => exactly(before, id === objectOf(stored) ? recordOf(stored) : undefined),
    },
  },
  CredentialDeleted: {
    what: ({ owner, url }) => `deleted a credential ${ownerText(owner)} for ${url}`,
    sets: { person: ({ url }) => new Map([[shown(url), undefined]]), object: (_, { before }) => exactly(before) },
  },
};
