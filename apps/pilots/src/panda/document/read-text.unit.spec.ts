import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './read-text.js';

const faultsOf = (document: unknown): readonly string[] => {
  const reading = readText(typeof document === 'string' ? document : JSON.stringify(document));
  return 'faults' in reading ? reading.faults : [];
};

const entryOf = (document: unknown, section: string, name = ''): unknown => {
  const reading = readText(JSON.stringify(document));
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  const entry = reading.entries.find((each) => each.section === section && each.name === name);
  return entry === undefined ? undefined : JSON.parse(entry.value);
};

const CLIENT = { client_id: 'panda', client_secret: 's', audience: 'panda' };
const PROVIDER = { oidc_config_url: 'https://iam.example.org/x', audiences: ['panda'] };

const RULE = { name: 'memory', source: 'pilotErrorCode', code: 1212, action: 'increase_memory' };

describe('the operator’s document', () => {
  it('may be empty', () => {
    expect(faultsOf('')).toEqual([]);
    expect(faultsOf('# nothing')).toEqual([]);
    expect(entryOf({}, 'queues', 'LOCAL')).toMatchObject({ name: 'LOCAL', cores: 1, maxrss: 0, site: 'LOCAL' });
    expect(entryOf({}, 'vos', 'wlcg')).toEqual({
      ...{ name: 'wlcg', issuers: ['cairn'], members: [{ group: 'wlcg', role: null }], client: null },
      ...{ production_groups: ['production'], pilot_groups: ['production', 'pilot'], auto_roles: [], robots: [] },
    });
    expect(entryOf({}, 'shares')).toHaveLength(3);
    expect(entryOf({ queues: {} }, 'queues', 'LOCAL')).toBeUndefined();
  });

  it.each<[unknown, string]>([
    ['[1]', 'the document: must be an object'],
    ['a: [', 'the document: '],
    ['queues: {A: {}, A: {}}', 'the document: Map keys must be unique'],
    [
      { quues: {} },
      'quues: is unknown here; known are queues, users, vos, storages, shares, resource_types, retry_rules',
    ],
    [{ queues: [] }, 'queues: must be an object'],
    [{ queues: { SITE_A: { maxrss: 'lots' } } }, 'queues.SITE_A.maxrss: must be an integer'],
    [{ queues: { SITE_A: { maxrss: 1.5 } } }, 'queues.SITE_A.maxrss: must be an integer'],
    [{ queues: { SITE_A: { status: 'up' } } }, 'queues.SITE_A.status: must be one of online, brokeroff, test, offline'],
    [{ queues: { SITE_A: { nickname: 'B' } } }, 'queues.SITE_A.nickname: must be "SITE_A"'],
    [{ queues: { SITE_A: { error: 'x' } } }, 'queues.SITE_A.error: must be left out'],
    [{ queues: { SITE_A: { queues: [{}] } } }, 'queues.SITE_A.queues[0].ce_endpoint: must be a text that is not empty'],
    [{ queues: { SITE_A: { queues: [3] } } }, 'queues.SITE_A.queues[0]: must be an object'],
    [{ queues: { SITE_A: { acopytools: { pr: 'mv' } } } }, 'queues.SITE_A.acopytools.pr: must be a list'],
    [{ queues: { 'a/b': {} } }, 'queues.a/b: is no name for a queue'],
    [{ queues: { schedconfig: {} } }, 'queues.schedconfig: is no name for a queue'],
    [{ queues: { SITE_A: 3 } }, 'queues.SITE_A: must be an object'],
    [{ queues: { SITE_A: { comment: 'x'.repeat(70_000) } } }, 'queues.SITE_A: must be shorter than 65536 characters'],
    [{ shares: [{ name: 'P' }] }, 'shares[0].value: must be a number that is not negative'],
    [{ shares: [{ name: 'P', value: -1 }] }, 'shares[0].value: must be a number that is not negative'],
    [{ shares: [{ name: 'P', value: 1, parent: 'Q' }] }, 'shares[0].parent: names no share: Q'],
    [{ shares: [{ name: 'P', value: 1, parent: 'P' }] }, 'shares[0].parent: makes the share its own ancestor'],
    [
      {
        shares: [
          { name: 'P', value: 1 },
          { name: 'P', value: 2 },
        ],
      },
      'shares[1]: repeats the name P',
    ],
    [{ shares: [{ name: 'P', value: 1, colour: 'x' }] }, 'shares[0].colour: is unknown here'],
    [{ resource_types: [{ mincore: 1 }] }, 'resource_types[0].resource_name: must be a text that is not empty'],
    [{ resource_types: [{ resource_name: 'S', mincore: '1' }] }, 'resource_types[0].mincore: must be an integer'],
    [
      { retry_rules: [{ ...RULE, source: 'error' }] },
      'retry_rules[0].source: must be one of transExitCode, exeErrorCode',
    ],
    [{ retry_rules: [{ ...RULE, code: 1.5 }] }, 'retry_rules[0].code: must be an integer'],
    [{ retry_rules: [{ ...RULE, action: 'again' }] }, 'retry_rules[0].action: must be one of no_retry, limit_retry'],
    [{ retry_rules: [{ ...RULE, diagnostic: '(' }] }, 'retry_rules[0].diagnostic: must be a regular expression'],
    [{ retry_rules: [{ ...RULE, action: 'limit_retry', value: 1.5 }] }, 'retry_rules[0].value: must be an integer'],
    [{ retry_rules: [{ ...RULE, action: 'limit_retry' }] }, 'retry_rules[0].value: must be an integer'],
    [{ retry_rules: [{ ...RULE, value: 101 }] }, 'retry_rules[0].value: must be at most 100'],
    [{ retry_rules: [RULE, RULE] }, 'retry_rules[1]: repeats the name memory'],
    [{ users: { 'Demo User': { flags: 'kz' } } }, 'users.Demo User.flags: must have no letters but k, p, t, a, s, g'],
    [{ users: { 'Demo User': { status: 'banned' } } }, 'users.Demo User.status: must be one of ok, disabled'],
    [{ users: { 'Demo User': { gridpref: 'k' } } }, 'users.Demo User.gridpref: is unknown here'],
    [{ vos: { wlcg: {} } }, 'vos.wlcg.issuers: must be a list'],
    [{ vos: { wlcg: { issuers: ['torc'] } } }, 'vos.wlcg.issuers[0]: must be cairn'],
    [{ vos: { wlcg: { issuers: [{ audiences: ['a'] }] } } }, 'vos.wlcg.issuers[0].oidc_config_url: must be an address'],
    [
      { vos: { wlcg: { issuers: [{ ...PROVIDER, audiences: 'a' }] } } },
      'vos.wlcg.issuers[0].audiences: must be a list',
    ],
    [{ vos: { wlcg: { issuers: ['cairn'], members: [{ role: 'x' }] } } }, 'vos.wlcg.members[0].group: must be a text'],
    [{ vos: { wlcg: { issuers: ['cairn'], client: { client_id: 'x' } } } }, 'vos.wlcg.client.audience: must be a text'],
    [{ storages: { DISK: 'x' } }, 'storages.DISK: must be an object'],
    [
      { storages: { DISK: {} }, queues: { SITE_A: { astorages: { pr: ['DISK', 'TAPE'] } } } },
      'queues.SITE_A.astorages.pr[1]: names no storage: TAPE',
    ],
  ])('tells where the fault is: %j', (document, fault) => {
    expect(faultsOf(document)).toEqual([expect.stringContaining(fault)]);
  });

  it('refuses shares that are their own ancestors', () => {
    const shares = [
      ['P', 'Q'],
      ['Q', 'P'],
      ['R', 'P'],
    ].map(([name, parent]) => ({ name, parent, value: 1 }));
    expect(faultsOf({ shares })).toEqual([
      'shares[0].parent: makes the share its own ancestor',
      'shares[1].parent: makes the share its own ancestor',
    ]);
  });

  it('tells all faults', () => {
    const queues = { A: { maxrss: 'x', status: 3 }, B: { params: [] } };
    expect(faultsOf({ queues, users: { U: { flags: 1 } } })).toEqual([
      'queues.A.status: must be one of online, brokeroff, test, offline',
      'queues.A.maxrss: must be an integer',
      'queues.B.params: must be an object',
      'users.U.flags: must be a text',
    ]);
  });

  it('fills in the defaults of a queue, and keeps keys that only others read', () => {
    const given = { site: 'CERN', corecount: null, maxrss: 16000, tier: 'T1', odd: { x: 1 }, catchall: null };
    const queue = entryOf({ queues: { SITE_A: given } }, 'queues', 'SITE_A') as { document: string };
    expect(queue).toMatchObject({ site: 'CERN', cores: 1, maxrss: 16000, type: 'unified', workflow: 'pull' });
    expect(JSON.parse(queue.document)).toMatchObject({
      ...{ nickname: 'SITE_A', name: 'SITE_A', siteid: 'SITE_A', panda_resource: 'SITE_A', atlas_site: 'CERN' },
      ...{ gstat: 'CERN', state: 'ACTIVE', status: 'online', pilot_manager: 'Harvester', corecount: 1, tier: 'T1' },
      ...{ odd: { x: 1 }, catchall: '', copytools: { mv: { setup: '' } }, maxwdir: 16336, memkillgrace: 100 },
      ...{ acopytools: { pr: ['mv'], write_lan: ['mv'] }, allow_lan: true, use_pcache: false, wnconnectivity: null },
    });
  });

  it('takes 0 and -1 cores as the contract says', () => {
    const cores = (corecount: number): unknown => {
      return (entryOf({ queues: { A: { corecount } } }, 'queues', 'A') as { cores: number }).cores;
    };
    expect([0, -1, 8].map(cores)).toEqual([1, -1, 8]);
  });

  it('knows an entry again whatever the order of its members', () => {
    const digests = ['{"users":{"U":{"flags":"k","status":"ok"}}}', 'users: {U: {status: ok, flags: k}}'].map(
      (text) => {
        const reading = readText(text);
        return 'entries' in reading ? reading.entries.find(({ name }) => name === 'U')?.digest : undefined;
      },
    );
    expect(digests[0]).toBeDefined();
    expect(digests[0]).toBe(digests[1]);
  });

  it('takes the example of the contract', () => {
    const vo = { issuers: [{ ...PROVIDER, jwt_profile: 'wlcg' }, 'cairn'], client: CLIENT };
    expect(entryOf({ vos: { wlcg: vo } }, 'vos', 'wlcg')).toMatchObject({ issuers: vo.issuers, client: CLIENT });
  });
});

describe('the example for operators', () => {
  it('has no faults', () => {
    const reading = readText(readFileSync(join('examples', 'panda', 'site.yaml'), 'utf8'));
    expect(reading).not.toHaveProperty('faults');
  });
});
