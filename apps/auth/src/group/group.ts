import { DomainError } from '#platform/domain-error.js';
import { type DirectoryEvents, GROUPS_STREAM } from '#contracts/directory-events.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { CustomGroup, Groups } from '#event-sourcing/groups.js';
import { isTooLarge } from '../too-large.js';

/** Priority of a group without an own one (IceProd contract 13). */
const DEFAULT_PRIORITY = 0.5;

const event = <Type extends keyof DirectoryEvents>(type: Type, data: DirectoryEvents[Type]): DecidedEvent => ({
  stream: GROUPS_STREAM,
  type,
  data,
});

const builtIn = (): DomainError => new DomainError('invalid', 'group.built-in', 'group is built in');
const noName = (): DomainError => new DomainError('invalid', 'group.no-name', 'missing name');
const tooLarge = (): DomainError => new DomainError('invalid', 'group.too-large', 'group too large');

interface GroupFields {
  readonly name: string;
  readonly priority?: number;
  /** Further members of the group's document: the text of a JSON object. */
  readonly extra: string;
}

type View = Pick<Groups, 'has' | 'isBuiltIn' | 'named' | 'find'>;

const created = ({ name, priority = DEFAULT_PRIORITY, extra }: GroupFields, groupId: string): DecidedEvent =>
  event('GroupCreated', { group_id: groupId, name, priority, extra });

export const createGroup = (view: View, request: GroupFields, groupId: string): DecidedEvent | DomainError => {
  if (request.name === '') return noName();
  if (view.has(request.name)) return new DomainError('conflict', 'group.exists', 'duplicate group');
  return isTooLarge(request) ? tooLarge() : created(request, groupId);
};

const described = (group: CustomGroup, { priority = group.priority, extra }: GroupFields): DecidedEvent =>
  event('GroupDescribed', {
    name: group.name,
    priority,
    // What a request leaves out stays, as it did on the servers that had this route.
    extra: objectText(new Map([...membersOf(group.extra), ...membersOf(extra)])),
  });

export const describeGroup = (view: View, request: GroupFields, groupId: string): DecidedEvent | DomainError => {
  if (request.name === '') return noName();
  if (view.isBuiltIn(request.name)) return builtIn();
  const group = view.named(request.name);
  const decided = group === undefined ? created(request, groupId) : described(group, request);
  return isTooLarge(decided.data) ? tooLarge() : decided;
};

/** Nothing happens when there is no such group. */
export const deleteGroup = (view: View, nameOrId: string): DecidedEvent | DomainError | undefined => {
  if (view.isBuiltIn(nameOrId)) return builtIn();
  const group = view.find(nameOrId);
  return group === undefined ? undefined : event('GroupDeleted', { name: group.name });
};
