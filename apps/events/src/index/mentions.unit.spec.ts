import { someMetadata } from '#ledger/testing/new-events.js';
import { mentionsOf } from './mentions.js';

const mentioned = (stream: string, type: string, data: Readonly<Record<string, unknown>>) =>
  mentionsOf({ stream, type, data, metadata: someMetadata() });

it.each([
  ['directory-iceprod.requests.r', 'RequestQueued', { request_id: 'r', creator: 'bob', groups: ['users', 'simprod'] }],
  ['user-cairn.main.bob', 'UserGroupsAssigned', { username: 'bob', groups: ['users'] }],
  ['worker-iceprod.main.p', 'WorkerEnded', { worker_id: 'p', reason: 'expired', units: ['t1', 't2'] }],
])('names that are no ordinals are no units or groups of %s', (stream, type, data) => {
  expect(mentioned(stream, type, data)).toMatchObject({ units: [], groups: [] });
});

it('units and groups of a workload are those that its events name by ordinal', () => {
  expect(mentioned('work-iceprod.main.d', 'UnitsMoved', { units: [[1, 3]], status: 'idle' }).units).toEqual([[1, 3]]);
  expect(mentioned('work-iceprod.main.d', 'GroupsMoved', { groups: [[2, 2]], status: 'x' }).groups).toEqual([[2, 2]]);
});
