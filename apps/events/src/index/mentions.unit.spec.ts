import type { EventMetadata } from '#ledger/ledger.js';
import { mentionsOf } from './mentions.js';

const METADATA: EventMetadata = {
  timeMicros: 1,
  ...{ actor: 'grid', dialect: 'iceprod', correlationId: 'r', causationId: 'c', schemaVersion: 1 },
};

/** What an event mentions besides its type, dialect and actor. */
const mentioned = (stream: string, type: string, data: Readonly<Record<string, unknown>>): readonly string[] => {
  const { entities, rare } = mentionsOf({ stream, type, data, metadata: METADATA });
  const dialect = stream.split(/[-.]/)[1] ?? '';
  expect([...entities]).toEqual(expect.arrayContaining([`type:${type}`, `dialect:${dialect}`, 'actor:grid']));
  expect(rare.slice(0, 2)).toEqual(['request:r', 'cause:c']);
  return [...[...entities].slice(3), ...rare.slice(2)];
};

const WORK = 'work-iceprod.main.a';
const units = [[3, 4]];

describe('mentionsOf', () => {
  it.each([
    [WORK, 'UnitsClaimed', { units, site: 'DESY', holder: 'pilot' }, 'workload:iceprod.main.a site:DESY person:pilot'],
    [WORK, 'UnitFailed', { units, site: '', worker_id: 'w' }, 'workload:iceprod.main.a worker:w'],
    [WORK, 'LogsDeleted', { logs: [] }, 'workload:iceprod.main.a workload-itself:iceprod.main.a'],
    [
      'work-iceprod.logs.2026-01-01',
      'LogStored',
      { log_id: 'l', dataset_id: 'x.y' },
      'workload:iceprod.main.x%2Ey object:log/l',
    ],
    [
      'workload-iceprod.main.a',
      'WorkloadSubmitted',
      { submitter: 'alice', username: 'bob', access: { read_users: ['carol'] } },
      'workload:iceprod.main.a workload-itself:iceprod.main.a person:bob person:alice person:carol',
    ],
    ['worker-iceprod.main.p', 'WorkerEnded', { worker_id: 'p', units: ['t1', 't2'] }, 'worker:p unit:t1 unit:t2'],
    ['site-iceprod.main.g', 'SiteRegistered', { site_id: 'g', username: 'bob' }, 'site:g person:bob'],
    ['directory-iceprod.requests.q', 'RequestQueued', { creator: 'alice', groups: ['users'] }, 'person:alice'],
    [
      'user-cairn.main.alice',
      'UserGroupsAssigned',
      { username: 'alice', groups: ['users'] },
      'person:alice object:user_group/',
    ],
    [
      'credential-cairn.main.x',
      'CredentialStored',
      { owner: { user: 'alice' }, credential_id: 'c', replaces: ['b'] },
      'person:alice object:credential/c object:credential/b',
    ],
    [
      'work-panda.main.7',
      'UnitsClaimed',
      { units, site: 'CERN', worker: { harvester_id: 'h', worker_id: 5 } },
      'workload:panda.main.7 worker:h worker:h/5 site:CERN',
    ],
    [
      'worker-panda.main.h',
      'WorkersReported',
      { harvester_id: 'h', workers: [{ worker_id: 5, set: { computingSite: 'CERN' }, jobs: [100] }] },
      'worker:h worker:h/5 site:CERN unit:100',
    ],
    [
      'work-torc.main.1',
      'ActionClaimed',
      { number: 1, worker: 'node' },
      'workload:torc.main.1 workload-itself:torc.main.1 worker:node object:action/1/1',
    ],
    ['work-torc.main.1', 'OfAnotherVersion', {}, 'workload:torc.main.1 workload-itself:torc.main.1'],
  ])('of %s, %s', (stream, type, data, expected) => {
    expect(mentioned(stream, type, data).join(' ')).toBe(expected);
  });

  it('tells ordinals in streams of work only', () => {
    const groups = ['users', 'simprod'];
    const event = { type: 'UserGroupsAssigned', data: { username: 'a', groups }, metadata: METADATA };
    expect(mentionsOf({ stream: 'user-cairn.main.a', ...event }).groups).toEqual([]);
  });

  it('tells which units and groups get their ids', () => {
    const namedBy = (stream: string, type: string, data: Readonly<Record<string, unknown>>) => [
      ...mentionsOf({ stream, type, data, metadata: METADATA }).named,
    ];
    expect(namedBy(WORK, 'UnitAdded', { units: [[4, 4]], unit_id: 't' })).toEqual([
      { kind: 'unit', ordinal: 4, id: 't' },
    ]);
    expect(namedBy(WORK, 'UnitsAdded', { units: [[4, 9]], prefix: 'p' })).toEqual([
      { kind: 'unit', ordinal: 4, prefix: 'p', first: 0, count: 6 },
    ]);
    expect(namedBy(WORK, 'GroupsAdded', { groups: [[1, 2]], ids: { prefix: 'g' } })).toEqual([
      { kind: 'group', ordinal: 1, prefix: 'g', first: 0, count: 2 },
    ]);
    const jobs = [{ panda_id: 100 }, { panda_id: 101 }];
    expect(namedBy('work-panda.main.7', 'JobsCreated', { units, jobs, site: '', common: {} })).toEqual([
      { kind: 'unit', ordinal: 3, id: '100' },
      { kind: 'unit', ordinal: 4, id: '101' },
    ]);
    const added = { units, workload_id: '1', jobs: [{ key: 'first' }, {}] };
    expect(namedBy('work-torc.main.1', 'JobsAdded', added)).toEqual([
      { kind: 'unit', ordinal: 3, id: 'jobs__1/first' },
      { kind: 'unit', ordinal: 4, id: 'jobs__1/4' },
    ]);
  });
});
