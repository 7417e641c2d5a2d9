import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { Accounts } from '../../auth/src/account/accounts.js';
import { Clients, hashSecret } from '../../auth/src/account/clients.js';
import { isRightPassword } from '../../auth/src/account/password.js';
import { clientCommand, userCommand } from './account-command.js';
import { ran, type Ran } from './testing/ran.js';

describe('cairn user, cairn client', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-accounts-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (command: 'user' | 'client', line: string, input?: string): Promise<Ran> =>
    ran(command === 'user' ? userCommand : clientCommand, line, { CAIRN_DATA_DIR: folder }, input);
  const inStore = async <Value>(look: (keyValueStore: SqliteKeyValueStore) => Promise<Value>): Promise<Value> => {
    const keyValueStore = new SqliteKeyValueStore(join(folder, 'key-value-store', 'auth.sqlite'));
    try {
      return await look(keyValueStore);
    } finally {
      await keyValueStore.close();
    }
  };
  const account = (username: string) => inStore((keyValueStore) => new Accounts(keyValueStore).find(username));

  it('keeps accounts with the password of standard input', async () => {
    expect(await run('user', 'add alice --group simprod', 'correct horse\n')).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    const added = await account('alice');
    expect(added).toMatchObject({ username: 'alice', roles: ['user'], groups: ['simprod'] });
    expect(await isRightPassword('correct horse', added?.password)).toBe(true);
    expect(await run('user', 'password alice', 'battery staple')).toMatchObject({ exitCode: 0 });
    const changed = await account('alice');
    expect(changed).toMatchObject({ groups: ['simprod'] });
    expect(await isRightPassword('battery staple', changed?.password)).toBe(true);
    expect((await run('user', 'list')).stdout).toBe('alice\n');
    await run('user', 'remove alice');
    expect(await account('alice')).toBeUndefined();
  });

  it('makes a password at a terminal', async () => {
    const { stdout } = await run('user', 'add bob');
    const password = /^New password: (\S+)\n$/.exec(stdout)?.[1] ?? '';
    expect(await isRightPassword(password, (await account('bob'))?.password)).toBe(true);
  });

  it('makes no first administrator where there are accounts', async () => {
    await run('user', 'add bob');
    expect(await inStore((keyValueStore) => new Accounts(keyValueStore).makeFirst('admin'))).toBeUndefined();
    expect(await account('admin')).toBeUndefined();
  });

  it('makes the first administrator once', async () => {
    await run('user', 'list');
    const password = await inStore((keyValueStore) => new Accounts(keyValueStore).makeFirst('admin'));
    expect(await isRightPassword(password ?? '', (await account('admin'))?.password)).toBe(true);
    await run('user', 'remove admin');
    expect(await inStore((keyValueStore) => new Accounts(keyValueStore).makeFirst('admin'))).toBeUndefined();
  });

  it('keeps clients with a hash of the secret that it prints', async () => {
    const { stdout } = await run('client', 'add grid --system');
    const grid = await inStore((keyValueStore) => new Clients(keyValueStore).find('grid'));
    expect(grid).toEqual({ clientId: 'grid', secretHash: hashSecret(stdout.trim()), redirectUris: [], isSystem: true });
    expect((await run('client', 'add web --public --redirect-uri https://web.example/')).stdout).toBe('');
    expect((await run('client', 'list')).stdout).toBe('grid\nweb\n');
    await run('client', 'remove grid');
    expect(await inStore((keyValueStore) => new Clients(keyValueStore).find('grid'))).toBeUndefined();
  });

  it.each<['user' | 'client', string, string]>([
    ['user', 'add', 'long enough'],
    ['user', 'add alice', 'short'],
    ['user', 'add alice', ''],
    ['user', 'password nobody', 'long enough'],
    ['user', 'add alice bob', 'long enough'],
    ['user', 'explode', ''],
    ['user', 'add alice --unknown', 'long enough'],
    ['client', 'add x --system --public', ''],
    ['client', 'add x --redirect-uri javascript:alert(1)', ''],
    ['client', 'add', ''],
  ])('refuses %s %s with input "%s"', async (command, line, input) => {
    const { exitCode, stdout, stderr } = await run(command, line, input);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('cairn user add NAME');
    expect(await account('alice')).toBeUndefined();
  });
});
