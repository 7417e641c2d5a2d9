import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_CLAIM_TABLE } from './tokens/claims.js';
import { automates, Environment, EnvironmentInvalid, loadEnvironment } from './environment.js';

describe('loadEnvironment', () => {
  it('has a default for everything that embedded Cairn needs', () => {
    expect(loadEnvironment({})).toEqual(new Environment());
    expect(loadEnvironment({})).toMatchObject({
      PORT: 8080,
      HOST: '127.0.0.1',
      CAIRN_DATA_DIR: './data',
      LOG_LEVEL: 'info',
      OIDC_ISSUERS: [],
      CORS_ORIGINS: ['*'],
      DATASET_NUMBER_START: 1,
    });
  });

  it('reads every variable in its own form', () => {
    const environment = loadEnvironment({
      PORT: '0',
      NATS_URL: 'nats://user:pass@broker:4222, tls://[::1]:4222',
      EVENTSTORE_URL: 'esdb+discover://a,b:2113?tls=false',
      OIDC_ISSUERS: 'https://idp.example.org/realm, http://localhost:8090',
      OIDC_CLAIMS: '{"https://idp.example.org/realm":{},"http://localhost:8090":{}}',
      CORS_ORIGINS: 'https://a.example.org,http://localhost:3000',
      AUTH_SHARED_SECRET: 'secret',
      DATASET_NUMBER_START: '20000',
      TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,::1,loopback',
    });
    expect(environment).toBeInstanceOf(Environment);
    expect(environment).toMatchObject({
      PORT: 0,
      NATS_URL: ['nats://user:pass@broker:4222', 'tls://[::1]:4222'],
      EVENTSTORE_URL: 'esdb+discover://a,b:2113?tls=false',
      OIDC_ISSUERS: ['https://idp.example.org/realm', 'http://localhost:8090'],
      CORS_ORIGINS: ['https://a.example.org', 'http://localhost:3000'],
      AUTH_SHARED_SECRET: 'secret',
      DATASET_NUMBER_START: 20_000,
      TRUSTED_PROXIES: ['127.0.0.1', '10.0.0.0/8', '::1', 'loopback'],
    });
  });

  it('takes keys of 32 bytes only, and never shows them', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    expect(loadEnvironment({ CAIRN_SECRET_KEY: key, CAIRN_SECRET_KEYS_OLD: `${key}, ${key}` })).toMatchObject({
      CAIRN_SECRET_KEY: key,
      CAIRN_SECRET_KEYS_OLD: [key, key],
    });
    const short = Buffer.alloc(31, 7).toString('base64');
    const refusal = /^CAIRN_SECRET_KEY is wrong; expected 32 bytes in base 64/;
    expect(() => loadEnvironment({ CAIRN_SECRET_KEY: short })).toThrow(refusal);
    expect(() => loadEnvironment({ CAIRN_SECRET_KEYS_OLD: `${key},${short}` })).toThrow(
      /^CAIRN_SECRET_KEYS_OLD is wrong/,
    );
    expect(loadEnvironment({ CREDENTIALS_ACCOUNTS: 'simprod=simulation, filtering=f' })).toMatchObject({
      CREDENTIALS_ACCOUNTS: ['simprod=simulation', 'filtering=f'],
    });
    expect(() => loadEnvironment({ CREDENTIALS_ACCOUNTS: 'simprod' })).toThrow(
      'CREDENTIALS_ACCOUNTS is "simprod"; expected a comma-separated list such as simprod=simulation',
    );
    expect(loadEnvironment({ CREDENTIALS_SCOPES: 'simprod=storage.read:/,simprod=storage.modify:/sim' })).toMatchObject(
      {
        CREDENTIALS_SCOPES: ['simprod=storage.read:/', 'simprod=storage.modify:/sim'],
      },
    );
    expect(() => loadEnvironment({ CREDENTIALS_ISSUER_URL: 'https://idp.example' })).toThrow(
      /^CREDENTIALS_CLIENT_ID is/,
    );
  });

  it('reads secrets from files that others cannot open, of which an empty one is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-secrets-'));
    const fileOf = (text: string, mode = 0o600): string => {
      const file = join(folder, randomUUID());
      writeFileSync(file, text);
      chmodSync(file, mode);
      return file;
    };
    const key = Buffer.alloc(32, 7).toString('base64');
    const files = {
      AUTH_SHARED_SECRET_FILE: fileOf('hunter2\n'),
      CAIRN_SECRET_KEY_FILE: fileOf(`${key}\n`, 0o440),
      CAIRN_SECRET_KEYS_OLD_FILE: fileOf(`${key},${key}\n`),
      CREDENTIALS_CLIENT_SECRET_FILE: fileOf('\n'),
    };
    const secrets = { AUTH_SHARED_SECRET: 'hunter2', CAIRN_SECRET_KEY: key, CAIRN_SECRET_KEYS_OLD: [key, key] };
    const environment = loadEnvironment(files);
    expect(environment).toMatchObject(secrets);
    expect(environment.CREDENTIALS_CLIENT_SECRET).toBeUndefined();
    expect(() => loadEnvironment({ ...files, AUTH_SHARED_SECRET: 'x' })).toThrow(
      'AUTH_SHARED_SECRET and AUTH_SHARED_SECRET_FILE are both set',
    );
    expect(() => loadEnvironment({ AUTH_SHARED_SECRET_FILE: fileOf('x', 0o644) })).toThrow('chmod 600');
    expect(() => loadEnvironment({ CAIRN_SECRET_KEY_FILE: fileOf('hunter2') })).toThrow(
      /^CAIRN_SECRET_KEY is wrong(?!.*hunter2)/,
    );
    rmSync(folder, { recursive: true });
  });

  it('reads quotas, and refuses what is none', () => {
    const quotas = {
      QUOTA_PER_USER: 'datasets=1,jobs_per_day=none,requests=5',
      QUOTA_PER_GROUP: 'tasks=7',
      QUOTA_EXCEPTIONS: 'user:5d1f@https://idp.example:jobs=1,group:/a/b c:tasks_per_day=none',
    };
    expect(loadEnvironment(quotas)).toMatchObject({
      QUOTA_PER_USER: quotas.QUOTA_PER_USER.split(','),
      QUOTA_PER_GROUP: ['tasks=7'],
      QUOTA_EXCEPTIONS: quotas.QUOTA_EXCEPTIONS.split(','),
    });
    for (const [name, value] of [
      ['QUOTA_PER_USER', 'job=1'],
      ['QUOTA_PER_USER', 'jobs=-1'],
      ['QUOTA_PER_USER', 'jobs=1e9'],
      ['QUOTA_PER_GROUP', 'requests=1'],
      ['QUOTA_EXCEPTIONS', 'alice:jobs=1'],
      ['QUOTA_EXCEPTIONS', 'user:alice=1'],
    ] as const) {
      expect(() => loadEnvironment({ [name]: value })).toThrow(
        `${name} is "${value}"; expected a comma-separated list`,
      );
    }
  });

  it('reads what the claims of issuers grant, and refuses what is no table', () => {
    const grant = { name: 'user', claim: 'groups', pattern: '/farm/.*' };
    const table = { ...DEFAULT_CLAIM_TABLE, roles: [grant] };
    const text = JSON.stringify({ roles: [grant] });
    expect(loadEnvironment({ OIDC_CLAIMS: text }).OIDC_CLAIMS).toEqual({ only: table });
    const issuers = { OIDC_ISSUERS: 'https://a.example/, https://b.example' };
    const both = `{"https://a.example":${text},"https://b.example/":${text}}`;
    expect(loadEnvironment({ ...issuers, OIDC_CLAIMS: both }).OIDC_CLAIMS).toEqual({
      byIssuer: { 'https://a.example': table, 'https://b.example': table },
    });
    // What one issuer grants must not be what another one happens to say.
    for (const OIDC_CLAIMS of [undefined, text]) {
      expect(() => loadEnvironment({ ...issuers, OIDC_CLAIMS })).toThrow(/^OIDC_CLAIMS must say for each/);
    }
    const one = `{"https://a.example":${text}}`;
    expect(() => loadEnvironment({ ...issuers, OIDC_CLAIMS: one })).toThrow(
      'does not name the issuer https://b.example',
    );
    expect(() => loadEnvironment({ OIDC_CLAIMS: one })).toThrow('https://a.example, which is not one of OIDC_ISSUERS');
    for (const bad of ['x', '[]', '{"role":[]}', '{"roles":{}}', '{"roles":[{"name":"user"}]}']) {
      expect(() => loadEnvironment({ OIDC_CLAIMS: bad })).toThrow(/^OIDC_CLAIMS is .* expected JSON such as/);
    }
    const broken = JSON.stringify({ groups: [{ ...grant, pattern: '(' }] });
    expect(() => loadEnvironment({ OIDC_CLAIMS: broken })).toThrow(/^OIDC_CLAIMS is/);
  });

  it('reads whose names are local, and refuses strangers and names that are none', () => {
    const issuers = { OIDC_ISSUERS: 'https://a.example' };
    const local = loadEnvironment({ ...issuers, OIDC_LOCAL_NAMES: 'https://a.example/' });
    expect(local.OIDC_LOCAL_NAMES).toEqual(['https://a.example/']);
    const users = (OIDC_USERS: string) => loadEnvironment({ ...issuers, OIDC_USERS }).OIDC_USERS;
    expect(users('{"https://a.example/":{"5d1f":"alice"}}')).toEqual({ 'https://a.example': { '5d1f': 'alice' } });
    for (const name of ['', 'iceprod-system', 'a@https://a.example', 'a\\u200b']) {
      expect(() => users(`{"https://a.example":{"5d1f":"${name}"}}`)).toThrow(
        /^OIDC_USERS is .* expected JSON such as/,
      );
    }
    expect(() => users('{"https://b.example":{}}')).toThrow('OIDC_USERS names https://b.example, which is not');
    expect(() => loadEnvironment({ OIDC_LOCAL_NAMES: 'https://b.example' })).toThrow('OIDC_LOCAL_NAMES names');
  });

  it('takes an empty value as not set and leaves unknown variables alone', () => {
    expect(loadEnvironment({ PORT: '', NATS_URL: '', HOME: '/root', constructor: 'x' })).toEqual(new Environment());
  });

  it.each([
    ['PORT', '65536', 'an integer from 0 to 65535'],
    ['PORT', '-1', 'an integer from 0 to 65535'],
    ['PORT', '80.5', 'an integer from 0 to 65535'],
    ['LDAP_BASE', 'people', 'a name such as ou=people,dc=example,dc=org'],
    ['LDAP_TOKEN_SECONDS', '0', 'a whole number of seconds from 1 to 3155760000'],
    ['PORT', 'http', 'an integer from 0 to 65535'],
    ['LOG_LEVEL', 'loud', 'one of fatal, error, warn, info, debug, trace, silent'],
    ['DATASET_NUMBER_START', '-5', 'a whole number from 0 on'],
    ...['999.1.1.1', '10.0.0.0/33', '::1/129', '10.0.0.0/0', 'proxy'].map((network): [string, string, string] => [
      'TRUSTED_PROXIES',
      network,
      'a comma-separated list of addresses and networks such as 10.0.0.0/8',
    ]),
    ['CAIRN_AUTOMATION_DELAY', 'soon', 'a number of seconds from 0 to 3600'],
    [
      'CAIRN_AUTOMATION',
      'queue,rest',
      'on, off, or a comma-separated list of priority, queue, job_completion, dataset_completion, dataset_cleanup, buffer, ' +
        'log_cleanup, pilot_upkeep, actions',
    ],
  ])('names %s when it is %s, and what was expected', (name, value, expected) => {
    expect(() => loadEnvironment({ [name]: value })).toThrow(
      new EnvironmentInvalid(`${name} is "${value}"; expected ${expected}`),
    );
  });

  it.each([
    ['NATS_URL', 'user:hunter2@localhost:4222', 'a comma-separated list of URLs such as nats://127.0.0.1:4222'],
    ['NATS_URL', 'nats://user:hunter2%@localhost', 'a comma-separated list of URLs such as nats://127.0.0.1:4222'],
    ['NATS_URL', 'nats://user:hunter2@a:99999', 'a comma-separated list of URLs such as nats://127.0.0.1:4222'],
    ['EVENTSTORE_URL', 'http://admin:hunter2@localhost:2113', 'a URL such as esdb://127.0.0.1:2113?tls=false'],
    ['EVENTSTORE_URL', 'esdb://admin:hunter2@3@localhost', 'a URL such as esdb://127.0.0.1:2113?tls=false'],
    ['EVENTSTORE_URL', 'esdb://hunter2@localhost', 'a URL such as esdb://127.0.0.1:2113?tls=false'],
    ['EVENTSTORE_URL', 'esdb://admin:hunter2/3@localhost', 'a URL such as esdb://127.0.0.1:2113?tls=false'],
    ...[
      ['OIDC_ISSUERS', 'https://a.example.org,user:hunter2@idp'],
      ['OIDC_ISSUERS', 'https://user:hunter2@idp.example.org'],
      ['OIDC_LOCAL_NAMES', 'https://user:hunter2@idp.example.org'],
    ].map(([name = '', value = '']) => [name, value, 'a comma-separated list of http or https URLs without a user']),
    [
      'OIDC_USERS',
      '{"https://user:hunter2@idp.example.org":{"5d1f":"alice"}}',
      'JSON such as {"https://idp.example.org": {"5d1f-90ab": "alice"}}',
    ],
    [
      'OIDC_CLAIMS',
      '{"https://user:hunter2@idp.example.org":{}}',
      'JSON such as {"roles": [{"name": "user", "claim": "groups", "pattern": "/staff/.*"}]}',
    ],
    [
      'CREDENTIALS_URLS',
      'https://user:hunter2@data/a',
      'a comma-separated list of URLs such as https://data.example.org',
    ],
    ['CREDENTIALS_URLS', '//user:hunter2@data', 'a comma-separated list of URLs such as https://data.example.org'],
    ['TOKEN_SCOPE_PREFIXES', '//user:hunter2@data', 'a comma-separated list of URLs such as osdf:///icecube/wipac'],
    [
      'CORS_ORIGINS',
      'https://a.example.org/path',
      '* or a comma-separated list of origins such as https://example.org',
    ],
    ['CORS_ORIGINS', 'https://user:hunter2@web', '* or a comma-separated list of origins such as https://example.org'],
    [
      'TRUSTED_PROXIES',
      'http://user:hunter2@proxy',
      'a comma-separated list of addresses and networks such as 10.0.0.0/8',
    ],
    ['LDAP_URL', 'ldap://admin:hunter2@ldap', 'a URL such as ldaps://ldap.example.org'],
    ['LDAP_URL', 'cn=admin:hunter2@ldap', 'a URL such as ldaps://ldap.example.org'],
    ['PUBLIC_URL', 'https://user:hunter2@cairn', 'a URL such as https://cairn.example.org'],
    ['CREDENTIALS_ISSUER_URL', 'user:hunter2@idp', 'an http or https URL without a user'],
    ['CREDENTIALS_ISSUER_URL', 'https://user:hunter2@idp', 'an http or https URL without a user'],
  ])('does not show a %s that is wrong, as it may hold a password', (name, value, expected) => {
    expect(() => loadEnvironment({ [name]: value, LDAP_BASE: 'ou=people', CREDENTIALS_CLIENT_ID: 'cairn' })).toThrow(
      new EnvironmentInvalid(`${name} is wrong; expected ${expected}`),
    );
  });

  it.each([
    ['NATS_TLS_CERT', 'NATS_TLS_KEY'],
    ['NATS_TLS_KEY', 'NATS_TLS_CERT'],
    ['NATS_USER', 'NATS_PASSWORD_FILE'],
    ['EVENTSTORE_TLS_CERT', 'EVENTSTORE_TLS_KEY'],
    ['EVENTSTORE_PASSWORD_FILE', 'EVENTSTORE_USER'],
  ])('takes %s only together with %s', (name, other) => {
    expect(() => loadEnvironment({ [name]: 'x' })).toThrow(new RegExp(`^${other} is ""`));
    expect(loadEnvironment({ [name]: 'x', [other]: 'y' })).toMatchObject({ [name]: 'x', [other]: 'y' });
  });

  it('switches automation as a whole or by names', () => {
    const steps = (value: string) => {
      const environment = loadEnvironment({ CAIRN_AUTOMATION: value, CAIRN_AUTOMATION_DELAY: '0.1' });
      expect(environment.CAIRN_AUTOMATION_DELAY).toBe(0.1);
      return [automates(environment, 'queue'), automates(environment, 'priority')];
    };
    expect([steps(''), steps('on'), steps('off'), steps('queue, buffer'), steps('off,queue')]).toEqual([
      [true, true],
      [true, true],
      [false, false],
      [true, false],
      [false, false],
    ]);
  });

  it('names every wrong variable at once', () => {
    expect(() => loadEnvironment({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/^PORT is .*\nLOG_LEVEL is /);
  });

  it('requires the base of users in the directory when users log in there', () => {
    expect(() => loadEnvironment({ LDAP_URL: 'ldap.example.org' })).toThrow(/^LDAP_URL is wrong; expected a URL/);
    expect(() => loadEnvironment({ LDAP_URL: 'ldap://127.0.0.1:389' })).toThrow(/^LDAP_BASE is ""; expected a name/);
    expect(
      loadEnvironment({ LDAP_URL: 'ldap://127.0.0.1:389', LDAP_BASE: 'ou=people,dc=example,dc=org' }),
    ).toMatchObject({ LDAP_BASE: 'ou=people,dc=example,dc=org', LDAP_TOKEN_SECONDS: 31_622_400 });
  });
});
