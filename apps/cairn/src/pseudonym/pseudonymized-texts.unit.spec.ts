import type { EventMetadata } from '#ledger/ledger.js';
import { mentionsOf } from '../../../events/src/index/mentions.js';
import { pseudonymizedTexts } from './pseudonymized-texts.js';

const metadata = (actor: string): EventMetadata => ({
  ...{ timeMicros: 1, actor, dialect: 'iceprod', correlationId: 'c', causationId: 'c', schemaVersion: 1 },
});

const replaced = (type: string, data: object, actor = 'bob', name = 'alice') =>
  pseudonymizedTexts(
    name,
    'person-1',
  )({
    type,
    data: JSON.stringify(data),
    metadata: JSON.stringify(metadata(actor)),
  });

/** Streams and data of events that name alice, each in its own way. */
const NAMING: readonly [type: string, stream: string, data: object][] = [
  ['UserCreated', 'user-cairn.main.x', { username: 'alice', groups: ['users'], extra: '{"a":1.0}' }],
  ['CredentialStored', 'credential-cairn.main.x', { owner: { user: 'alice' }, url: 'u', replaces: [] }],
  ['WorkloadSubmitted', 'workload-iceprod.main.x', { submitter: 'alice', username: 'alice', access: {} }],
  [
    'WorkloadSubmitted',
    'workload-iceprod.main.x',
    { access: { read_users: ['bob', 'alice'], write_users: ['alice'] } },
  ],
  ['AccessRuleSet', 'access-iceprod.main.x', { read_users: ['alice'] }],
  [
    'ConfigSet',
    'workload-iceprod.main.x',
    { config: '{}', writer: { username: 'alice', roles: [] }, account: 'alice' },
  ],
  ['RequestQueued', 'directory-iceprod.requests.x', { creator: 'alice', token: { subject: 'alice' } }],
  ['UnitsClaimed', 'work-iceprod.main.x', { units: [[1, 1]], holder: 'alice', site: 's' }],
  ['WorkerStarted', 'worker-iceprod.main.x', { worker_id: 'w', holder: 'alice' }],
  ['SiteRegistered', 'site-iceprod.main.x', { site_id: 's', username: 'alice' }],
  ['TaskSubmitted', 'work-panda.main.1', { set: { userName: 'alice' } }],
  ['CommandRegistered', 'work-panda.main.1', { by: 'alice' }],
  ['JobsCreated', 'work-panda.main.1', { units: [], jobs: [], common: { prodUserName: 'alice', prodUserID: 'alice' } }],
  ['HarvesterSeen', 'worker-panda.main.h', { harvester_id: 'h', owner: 'alice' }],
  ['UserConfigured', 'directory-panda.main.configuration', { user: { name: 'alice', flags: 'p' } }],
  ['UserRemoved', 'directory-panda.main.configuration', { name: 'alice' }],
  [
    'CacheFileStored',
    'directory-panda.main.cache',
    { path: 'p', owner: 'alice', registration: { user_name: 'alice' } },
  ],
  ['CacheFileRegistered', 'directory-panda.main.cache', { registration: { user_name: 'alice' } }],
  ['OperatorRequestMade', 'directory-panda.main.cache', { user_name: 'alice' }],
  ['UserSecretsSealed', 'credential-panda.main.x', { owner: 'alice', secrets_id: null }],
];

describe('pseudonyms in the texts of events', () => {
  it.each(NAMING)('replace the name in %s (%s)', (type, stream, data) => {
    const before = mentionsOf({ type, stream, data: { ...data }, metadata: metadata('bob') });
    expect(before.entities).toContain('person:alice');
    const texts = replaced(type, data);
    expect(texts.data).not.toContain('alice');
    const { entities } = mentionsOf({
      ...{ type, stream, metadata: metadata('bob') },
      data: JSON.parse(texts.data) as Record<string, unknown>,
    });
    expect([...entities].sort()).toEqual(
      [...before.entities].map((each) => (each === 'person:alice' ? 'person:person-1' : each)).sort(),
    );
    expect(texts.metadata).toBe(JSON.stringify(metadata('bob')));
  });

  it('replace who has made a change', () => {
    expect(replaced('UnitsMoved', { status: 'alice' }, 'alice')).toEqual({
      data: '{"status":"alice"}',
      metadata: JSON.stringify(metadata('person-1')),
    });
  });

  it('leave all other values that are the same text, longer names, and texts without the name', () => {
    const data = { status: 'alice', description: 'of alice', username: 'alice2', note: '{"username": "malice"}' };
    expect(replaced('UnitAmended', data)).toEqual({
      data: JSON.stringify(data),
      metadata: JSON.stringify(metadata('bob')),
    });
  });

  it('replace it in documents inside documents, and leave everything else of them as it was', () => {
    const inner = '{"big": 12345678901234567890, "userName":\n\t"alice", "status": "alice"}';
    const outer = `{"x": 1.0, "user" : "alice", "inner": ${JSON.stringify(inner)}}`;
    const { data } = replaced('TextStored', { name: 'parameters', text: outer });
    const text = (JSON.parse(data) as { text: string }).text;
    const expectedInner = inner.replace('"alice"', '"person-1"');
    expect(text).toBe(`{"x": 1.0, "user" : "person-1", "inner": ${JSON.stringify(expectedInner)}}`);
  });

  it('take names for what they are, not for patterns', () => {
    const name = 'a.b+c@https://issuer.example/x?y=(1)|2';
    const texts = replaced('ConfigSet', { config: JSON.stringify({ owner: name }), account: 'aXb' }, name, name);
    expect(texts.data).toBe(JSON.stringify({ config: JSON.stringify({ owner: 'person-1' }), account: 'aXb' }));
    expect(texts.metadata).toBe(JSON.stringify(metadata('person-1')));
  });
});
