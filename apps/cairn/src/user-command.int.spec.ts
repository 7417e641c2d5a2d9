import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { Accounts } from '../../auth/src/account/accounts.js';
import { Clients, hashSecret } from '../../auth/src/account/clients.js';
import { isRightPassword } from '../../auth/src/account/password.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { clientCommand } from './client-command.js';
import { runCommandLine, type CommandResult } from './testing/run-command-line.js';
import { userCommand } from './user-command.js';

describe('cairn user and cairn client', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-accounts-'));
    await SigningKey.open(folder);
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (command: 'user' | 'client', line: string, input?: string): Promise<CommandResult> =>
    runCommandLine(command === 'user' ? userCommand : clientCommand, line, { CAIRN_DATA_DIR: folder }, input);
  const inStore = async <Value>(look: (keyValueStore: SqliteKeyValueStore) => Promise<Value>): Promise<Value> => {
    const keyValueStore = new SqliteKeyValueStore(join(folder, 'key-value-store', 'auth.sqlite'));
    try {
      return await look(keyValueStore);
    } finally {
      await keyValueStore.close();
    }
  };
  const account = (username: string) => inStore((keyValueStore) => new Accounts(keyValueStore).find(username));

  it('stores accounts with the password from standard input', async () => {
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

  it('generates a password at a terminal', async () => {
    const { stdout } = await run('user', 'add bob');
    const password = /^New password: (\S+)\n$/.exec(stdout)?.[1] ?? '';
    expect(await isRightPassword(password, (await account('bob'))?.password)).toBe(true);
  });

  it('creates no first administrator when accounts exist', async () => {
    await run('user', 'add bob');
    expect(await inStore((keyValueStore) => new Accounts(keyValueStore).makeFirst('admin'))).toBeUndefined();
    expect(await account('admin')).toBeUndefined();
  });

  it('creates the first administrator only once', async () => {
    await run('user', 'list');
    const password = await inStore((keyValueStore) => new Accounts(keyValueStore).makeFirst('admin'));
    expect(await isRightPassword(password ?? '', (await account('admin'))?.password)).toBe(true);
    await run('user', 'remove admin');
    expect(await inStore((keyValueStore) => new Accounts(keyValueStore).makeFirst('admin'))).toBeUndefined();
  });

  it('stores clients with a hash of the printed secret', async () => {
    const { stdout } = await run('client', 'add grid --system');
    const grid = await inStore((keyValueStore) => new Clients(keyValueStore).find('grid'));
    expect(grid).toEqual({ clientId: 'grid', secretHash: hashSecret(stdout.trim()), redirectUris: [], isSystem: true });
    expect((await run('client', 'add web --public --redirect-uri https://web.example/')).stdout).toBe('');
    expect((await run('client', 'list')).stdout).toBe('grid\nweb\n');
    await run('client', 'remove grid');
    expect(await inStore((keyValueStore) => new Clients(keyValueStore).find('grid'))).toBeUndefined();
  });

  it.each<['user' | 'client', string, string, string]>([
    ['user', 'add', 'long enough', "missing required argument 'name'"],
    ['user', 'add alice', 'short', 'a password has'],
    ['user', 'add alice', '', 'a password has'],
    ['user', 'password nobody', 'long enough', 'there is no account nobody'],
    ['user', 'add alice bob', 'long enough', 'too many arguments'],
    ['user', 'explode', '', "unknown command 'explode'"],
    ['user', 'lst', '', 'Did you mean list?'],
    ['user', 'add alice --groop x', 'long enough', 'Did you mean --group?'],
    ['user', 'add alice --role king', 'long enough', "there is no role 'king'; known are admin, user, system"],
    ['user', 'add alice --group x', 'long enough', "there is no group 'x'; known are admin, simprod"],
    ['client', 'add x --system --public', '', 'leave out --public'],
    ['client', 'add x --redirect-uri javascript:alert(1)', '', 'It must be the address of a web page'],
    ['client', 'add', '', "missing required argument 'id'"],
  ])('refuses cairn %s %s with input "%s"', async (command, line, input, message) => {
    const { exitCode, stdout, stderr } = await run(command, line, input);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(new RegExp(`Run 'cairn ${command}( [a-z]+)? --help' to see what it takes`));
    expect(await account('alice')).toBeUndefined();
  });

  it.each(['user', 'client'] as const)(
    'refuses a missing data folder for cairn %s and does not create it',
    async (command) => {
      const nowhere = join(folder, 'nowhere');
      const answer = await runCommandLine(command === 'user' ? userCommand : clientCommand, 'list', {
        CAIRN_DATA_DIR: nowhere,
      });
      expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(nowhere) as string });
      expect(existsSync(nowhere)).toBe(false);
    },
  );
});
