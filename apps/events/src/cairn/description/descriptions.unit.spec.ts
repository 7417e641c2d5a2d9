import type { CairnEventTypes } from '#contracts/cairn/event-types.js';
import { CAIRN_EVENT_VERSIONS } from '#contracts/cairn/event-types.js';
import { type SaidOf, type SamplesOf, tellSample } from '../../timeline/testing/samples.js';

const created = {
  type: 'UserCreated',
  data: { user_id: 'u1', username: 'bob', priority: 0.5, groups: ['users'], roles: ['user'], extra: '{"room":"1.0"}' },
};

const group = { type: 'GroupCreated', data: { group_id: 'g1', name: 'simprod', priority: 0.5, extra: '{"a":1.0}' } };
const joining = { type: 'UserJoinedGroup', data: { username: 'bob', group: 'simprod' } };
const OF_ROLE = {
  kind: 'object',
  id: 'role/auditor',
  prior: [{ type: 'RoleDefined', data: { name: 'auditor', extra: '{"a":1}' } }],
} as const;

const samples: SamplesOf<CairnEventTypes> = {
  UserCreated: {
    kind: 'person',
    data: { user_id: 'u1', username: 'bob', priority: 0.5, groups: ['users'], roles: [], extra: '{"room":1.0}' },
  },
  UserPrioritized: { kind: 'person', prior: [created], data: { username: 'bob', priority: 0.9 } },
  UserJoinedGroup: { kind: 'person', prior: [created], data: { username: 'bob', group: 'simprod' } },
  UserGroupsAssigned: { kind: 'person', prior: [created], data: { username: 'bob', groups: [] } },
  UserRolesAssigned: { kind: 'person', prior: [created], data: { username: 'bob', roles: ['admin', 'user'] } },
  UserTokensRevoked: { kind: 'person', data: { username: 'bob', issued_until_ms: 1_780_000_000_000 } },
  UserDeleted: { kind: 'person', prior: [created], data: { username: 'bob' } },
  GroupCreated: {
    kind: 'object',
    id: 'user_group/simprod',
    data: { group_id: 'g1', name: 'simprod', priority: 0.5, extra: '{}' },
  },
  GroupDescribed: {
    ...{ kind: 'object', id: 'user_group/simprod', prior: [group, joining] },
    data: { name: 'simprod', priority: 0.7, extra: '{}' },
  },
  GroupDeleted: { kind: 'object', id: 'user_group/simprod', prior: [group, joining], data: { name: 'simprod' } },
  RoleDefined: { ...OF_ROLE, data: { name: 'auditor', extra: '{}' } },
  RoleDeleted: { ...OF_ROLE, data: { name: 'auditor' } },
  CredentialStored: {
    kind: 'person',
    data: {
      ...{ credential_id: 'c2', owner: { user: 'bob' }, url: 'https://s3.example', type: 's3', key_id: 'k' },
      replaces: ['c1'],
    },
  },
  CredentialDeleted: {
    kind: 'person',
    prior: [
      {
        type: 'CredentialStored',
        data: {
          ...{ credential_id: 'c2', owner: { user: 'bob' }, url: 'https://s3.example', type: 's3', key_id: 'k' },
          replaces: [],
        },
      },
    ],
    data: { credential_id: 'c2', owner: { user: 'bob' }, url: 'https://s3.example', type: 's3', key_id: 'k' },
  },
  CheckpointSigned: {
    data: {
      ...{ number: 7, events: 1200, streams: 3, root: 'a'.repeat(64), log: 'b'.repeat(64), previous: 'c'.repeat(64) },
      ...{ time: '2026-01-31T12:00:00.000000Z', key: 'k', public_key: 'x', signature: 's' },
    },
  },
  EventsRewritten: {
    data: {
      ...{ number: 1, pseudonym: 'person-1f', seals: 'AA==', public_key: 'x', signature: 's' },
      events: [
        [3, 5],
        [9, 9],
      ],
    },
  },
  WebhookRegistered: {
    data: {
      ...{ webhook_id: 'w1', origin: 'https://hooks.example.org', description: '', filter: {}, about: [], after: '0' },
      owner: { subject: 'bob', username: 'bob', roles: ['user'], groups: [], token_issued_at_ms: 1 },
    },
  },
  WebhookPaused: { kind: 'object', id: 'webhook/w1', data: { webhook_id: 'w1', reason: 'gone' } },
  WebhookResumed: {
    data: {
      webhook_id: 'w1',
      owner: { subject: 'bob', username: 'bob', roles: ['user'], groups: [], token_issued_at_ms: 1 },
    },
  },
  WebhookDeleted: { data: { webhook_id: 'w1' } },
  BatchAbandoned: { data: { batchId: 'b', firstRevision: 3 } },
};

const expected: SaidOf<CairnEventTypes> = {
  UserCreated: {
    says: 'alice made a record of bob.',
    changes: {
      user_id: [undefined, 'u1'],
      username: [undefined, 'bob'],
      priority: [undefined, 0.5],
      groups: [undefined, ['users']],
      roles: [undefined, []],
      room: [undefined, 1],
    },
  },
  UserPrioritized: { says: 'alice gave bob the priority 0.9.', changes: { priority: [0.5, 0.9] } },
  UserJoinedGroup: {
    says: 'alice put bob into the group simprod.',
    changes: { groups: [['users'], ['users', 'simprod']] },
  },
  UserGroupsAssigned: { says: 'alice took bob out of all groups.', changes: { groups: [['users'], []] } },
  UserRolesAssigned: {
    says: 'alice gave bob exactly the roles admin, user.',
    changes: { roles: [['user'], ['admin', 'user']] },
  },
  UserTokensRevoked: {
    says: 'alice revoked the tokens of bob that were issued until 2026-05-28T20:26:40.000Z.',
    changes: { tokens_revoked: [undefined, '2026-05-28T20:26:40.000Z'] },
  },
  UserDeleted: {
    says: 'alice deleted the record of bob.',
    changes: {
      user_id: ['u1', undefined],
      username: ['bob', undefined],
      priority: [0.5, undefined],
      groups: [['users'], undefined],
      roles: [['user'], undefined],
      room: ['1.0', undefined],
    },
  },
  GroupCreated: {
    says: 'alice created the group simprod with the priority 0.5.',
    changes: { group_id: [undefined, 'g1'], name: [undefined, 'simprod'], priority: [undefined, 0.5] },
  },
  GroupDescribed: {
    says: 'alice changed the group simprod, whose priority is 0.7.',
    changes: { a: [1, undefined], priority: [0.5, 0.7] },
  },
  GroupDeleted: {
    says: 'alice deleted the group simprod.',
    changes: {
      group_id: ['g1', undefined],
      name: ['simprod', undefined],
      priority: [0.5, undefined],
      a: [1, undefined],
    },
  },
  RoleDefined: { says: 'alice defined the role auditor.', changes: { a: [1, undefined] } },
  RoleDeleted: {
    says: 'alice deleted the role auditor.',
    changes: { name: ['auditor', undefined], a: [1, undefined] },
  },
  CredentialStored: {
    says: 'alice stored a credential (s3) of bob for https://s3.example in place of another.',
    changes: { 'credential https://s3.example': [undefined, { credential_id: 'c2', type: 's3' }] },
  },
  CredentialDeleted: {
    says: 'alice deleted a credential of bob for https://s3.example.',
    changes: { 'credential https://s3.example': [{ credential_id: 'c2', type: 's3' }, undefined] },
  },
  CheckpointSigned: {
    says: 'alice signed checkpoint 7, which covers the first 1200 events of the history, with the key k.',
  },
  EventsRewritten: {
    says: "alice replaced a person's name in 4 events of the history by the pseudonym person-1f.",
  },
  WebhookRegistered: { says: 'alice registered the webhook w1 of bob to https://hooks.example.org.' },
  WebhookPaused: {
    says: 'alice paused the webhook w1, whose target is gone.',
    changes: { paused: [undefined, true] },
  },
  WebhookResumed: { says: 'alice resumed the webhook w1 with the rights of bob.' },
  WebhookDeleted: { says: 'alice deleted the webhook w1.' },
  BatchAbandoned: { says: 'alice gave up a large change that its owner had not finished: nothing of it took effect.' },
};

const TYPES = Object.keys(CAIRN_EVENT_VERSIONS) as (keyof CairnEventTypes)[];

it.each(TYPES)('%s has a sentence, and says what it changes', (type) => {
  expect(tellSample('work-cairn.main.7', type, samples[type])).toEqual(expected[type]);
});

it('tells of a group who was, and is, in it', () => {
  const tell = (prior: readonly (typeof joining)[], groups: readonly string[]) =>
    tellSample('user-cairn.main.bob', 'UserGroupsAssigned', {
      ...{ kind: 'object', id: 'user_group/simprod', prior, data: { username: 'bob', groups } },
    });
  expect(tell([], ['users', 'simprod'])?.changes).toEqual({ 'member bob': [undefined, true] });
  expect(tell([joining], ['users'])?.changes).toEqual({ 'member bob': [true, undefined] });
  expect(tell([], ['users'])).toBeUndefined();
});
