import { jest } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConnectionString } from './eventstoredb-connection.js';
import { eventStoreConnection } from './eventstoredb-settings.js';
import { openLedger } from './open-ledger.js';

describe('eventStoreConnection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-eventstore-'));
  const fileOf = (name: string, text: string, mode = 0o600): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    // The umask does not apply to this.
    chmodSync(file, mode);
    return file;
  };
  const url = 'esdb+discover://a:2113,b:2113';
  const password = fileOf('password', 'p@ss:w/ord\n');
  const pem = fileOf('pem', 'PEM');

  afterAll(() => rmSync(folder, { recursive: true }));

  it('is the URL when nothing else is set', () => {
    expect(eventStoreConnection({})).toBeUndefined();
    expect(eventStoreConnection({ EVENTSTORE_URL: url })).toBe(url);
  });

  it('adds user, password and files to the URL', () => {
    const login = { EVENTSTORE_USER: 'cairn', EVENTSTORE_PASSWORD_FILE: password };
    expect(eventStoreConnection({ EVENTSTORE_URL: `${url}?tls=true`, ...login, EVENTSTORE_TLS_CA: pem })).toBe(
      `esdb+discover://cairn:p%40ss%3Aw%2Ford@a:2113,b:2113?tls=true&tlsCAFile=${encodeURIComponent(pem)}`,
    );
    const certificate = { EVENTSTORE_TLS_CERT: pem, EVENTSTORE_TLS_KEY: pem };
    expect(eventStoreConnection({ EVENTSTORE_URL: url, ...certificate })).toBe(
      `${url}?userCertFile=${encodeURIComponent(pem)}&userKeyFile=${encodeURIComponent(pem)}`,
    );
  });

  it('refuses two users, unusable files and certificates that are not checked', () => {
    const EVENTSTORE_URL = 'esdb://admin:changeit@a:2113';
    const login = { EVENTSTORE_USER: 'cairn', EVENTSTORE_PASSWORD_FILE: password };
    expect(() => eventStoreConnection({ EVENTSTORE_URL, ...login })).toThrow('EVENTSTORE_URL names a user too');
    const open = { EVENTSTORE_USER: 'cairn', EVENTSTORE_PASSWORD_FILE: fileOf('open', 'x', 0o644) };
    expect(() => eventStoreConnection({ EVENTSTORE_URL: url, ...open })).toThrow('every user of this machine may open');
    expect(() => eventStoreConnection({ EVENTSTORE_URL: url, EVENTSTORE_TLS_CA: '/nowhere' })).toThrow(
      'EVENTSTORE_TLS_CA is "/nowhere", which cannot be read',
    );
    expect(() => eventStoreConnection({ EVENTSTORE_URL: `${EVENTSTORE_URL}?tlsVerifyCert=false` })).toThrow(
      /^EVENTSTORE_URL has tlsVerifyCert; (?!.*changeit)/,
    );
  });

  it('lets the client print no password with its warnings', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(readConnectionString('esdb://admin:change%3A%40it:2@host:2113?tls=false&colour=red')).toMatchObject({
      hosts: [{ address: 'host', port: 2113 }],
      defaultCredentials: { username: 'admin', password: 'change:@it:2' },
      tls: false,
    });
    expect(warn.mock.calls.join()).toContain('Unknown option key "colour"');
    expect(warn.mock.calls.join()).not.toContain('change');
    warn.mockRestore();
  });

  it('does not show a URL that the client cannot read', async () => {
    const opening = openLedger({ dataDir: '/nowhere', eventStoreUrl: 'esdb://admin:changeit@host:21x3:7?tls=false' });
    await expect(opening).rejects.toThrow(/^EVENTSTORE_URL cannot be read(?!.*changeit)/s);
  });
});
