import { DomainError } from '#platform/domain-error.js';
import type { GroupRequest } from '#contracts/iceprod/users.js';
import { BUILT_IN_GROUPS } from '#contracts/directory.js';
import { type DirectoryEvents, GROUPS_STREAM } from '#contracts/directory-events.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { CustomGroup, Groups } from '#event-sourcing/groups.js';
import { isTooLarge } from '../too-large.js';

/** Priority of a group that is given none (IceProd contract 13). */
const DEFAULT_PRIORITY = 0.5;

const event = <Type extends keyof DirectoryEvents>(type: Type, data: DirectoryEvents[Type]): DecidedEvent => ({
  stream: GROUPS_STREAM,
  type,
  data,
});

export const groupNotFound = (): DomainError => new DomainError('not-found', 'group.not-found', 'Group not found');
const builtIn = (): DomainError => new DomainError('invalid', 'group.built-in', 'group is built in');
const noName = (): DomainError => new DomainError('invalid', 'group.no-name', 'missing name');
const tooLarge = (): DomainError => new DomainError('invalid', 'group.too-large', 'group too large');

type View = Pick<Groups, 'has' | 'isBuiltIn' | 'named' | 'find'>;

const founded = ({ name, priority = DEFAULT_PRIORITY, extra }: GroupRequest, groupId: string): DecidedEvent =>
  event('GroupCreated', { group_id: groupId, name, priority, extra });

export const foundGroup = (view: View, request: GroupRequest, groupId: string): DecidedEvent | DomainError => {
  if (request.name === '') return noName();
  if (view.has(request.name)) return new DomainError('conflict', 'group.exists', 'duplicate group');
  return isTooLarge(request) ? tooLarge() : founded(request, groupId);
};

const described = (group: CustomGroup, { priority = group.priority, extra }: GroupRequest): DecidedEvent =>
  event('GroupDescribed', {
    name: group.name,
    priority,
    // What a request leaves out stays, as it did on the servers that had this route.
    extra: objectText(new Map([...membersOf(group.extra), ...membersOf(extra)])),
  });

export const describeGroup = (view: View, request: GroupRequest, groupId: string): DecidedEvent | DomainError => {
  if (request.name === '') return noName();
  if (view.isBuiltIn(request.name)) return builtIn();
  const group = view.named(request.name);
  const decided = group === undefined ? founded(request, groupId) : described(group, request);
  return isTooLarge(decided.data) ? tooLarge() : decided;
};

/** Nothing happens when there is no such group. */
export const dissolveGroup = (view: View, nameOrId: string): DecidedEvent | DomainError | undefined => {
  if (view.isBuiltIn(nameOrId)) return builtIn();
  const group = view.find(nameOrId);
  return group === undefined ? undefined : event('GroupDeleted', { name: group.name });
};

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
