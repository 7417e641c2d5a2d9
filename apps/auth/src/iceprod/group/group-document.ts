import { DomainError } from '#platform/domain-error.js';
import { BUILT_IN_GROUPS } from '#contracts/directory.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { CustomGroup } from '#event-sourcing/groups.js';

export const groupNotFound = (): DomainError => new DomainError('not-found', 'group.not-found', 'Group not found');

/** A custom group as answers show it. */
export const groupDocument = ({ name, priority, group_id, extra }: CustomGroup): string =>
  objectText([
    ['name', JSON.stringify(name)],
    ['priority', JSON.stringify(priority)],
    ['group_id', JSON.stringify(group_id)],
    ...membersOf(extra),
  ]);

export const builtInGroupDocuments: ReadonlyMap<string, string> = new Map(
  BUILT_IN_GROUPS.map((group) => [group.name, JSON.stringify(group)]),
);
