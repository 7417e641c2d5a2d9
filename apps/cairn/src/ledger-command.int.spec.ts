import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDbDouble } from '#ledger/testing/eventstoredb-double.js';
import { type Certificates, makeCertificates } from '#platform/testing/certificates.js';
import { ledgerCommand } from './ledger-command.js';
import { type CommandResult, runCommandLine } from './testing/run-command-line.js';

describe('cairn ledger accounts', () => {
  const root = mkdtempSync(join(tmpdir(), 'cairn-ledger-accounts-'));
  const folder = join(root, 'users');
  const password = (file: string, text: string): string => {
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  };
  let certificates: Certificates;
  let double: EventStoreDbDouble;

  beforeAll(async () => {
    certificates = await makeCertificates();
    double = await EventStoreDbDouble.start({ tls: certificates });
    mkdirSync(folder);
    password(join(folder, 'tasks'), 'first');
    password(join(folder, 'auth'), 'second');
  });

  afterAll(async () => {
    double.stop();
    await certificates.remove();
    rmSync(root, { recursive: true });
  });

  const run = (user = 'admin'): Promise<CommandResult> =>
    runCommandLine(ledgerCommand, `accounts ${folder}`, {
      EVENTSTORE_URL: double.url,
      EVENTSTORE_TLS_CA: certificates.ca,
      EVENTSTORE_USER: user,
      EVENTSTORE_PASSWORD_FILE: password(join(root, 'admin'), 'changeit'),
      START_WAIT_SECONDS: '0',
      LOG_LEVEL: 'silent',
    });

  it('makes users who may append and read, and gives those who are there the password', async () => {
    for (const secret of ['second', 'third']) {
      password(join(folder, 'auth'), secret);
      expect(await run()).toMatchObject({ exitCode: 0, stdout: '2 users may append and read\n' });
      expect(Object.fromEntries(double.users)).toEqual({
        tasks: { password: 'first', groups: ['cairn'] },
        auth: { password: secret, groups: ['cairn'] },
      });
    }
    const lastOf = (stream: string): unknown =>
      JSON.parse(Buffer.from(double.log.streamEvents(stream, 0, Infinity).at(-1)?.data ?? []).toString());
    expect(lastOf('$settings')).toMatchObject({
      $userStreamAcl: { $r: 'cairn', $w: 'cairn', $d: '$admins', $mr: '$admins', $mw: '$admins' },
      $systemStreamAcl: { $r: '$admins', $w: '$admins' },
    });
    expect(lastOf('$$$all')).toEqual({ $acl: { $r: ['$admins', 'cairn'] } });
  });

  it('says that somebody may not do that', async () => {
    await expect(run('tasks')).rejects.toThrow(/^the accounts at EVENTSTORE_URL cannot be made: .*Access Denied/);
  });
});
