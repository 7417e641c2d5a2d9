import type { CredentialOwner } from '#contracts/credentials.js';
import type { IceprodCredentialOwner } from '#contracts/iceprod/credentials.js';

/** An owner in IceProd's words, as Cairn stores it. */
export const ownerOf = (owner: IceprodCredentialOwner): CredentialOwner => {
  if ('username' in owner) return { user: owner.username };
  if ('groupname' in owner) return { group: owner.groupname };
  const { dataset_id, task_name } = owner;
  return { dialect: 'iceprod', workload_id: dataset_id, ...(task_name !== undefined && { unit_name: task_name }) };
};

/** The members that a credential's document shows of its owner (contract 19). */
export const ownerMembers = (owner: CredentialOwner): IceprodCredentialOwner => {
  if ('user' in owner) return { username: owner.user };
  if ('group' in owner) return { groupname: owner.group };
  const { workload_id, unit_name } = owner;
  return { dataset_id: workload_id, ...(unit_name !== undefined && { task_name: unit_name }) };
};
